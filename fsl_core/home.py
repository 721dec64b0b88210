"""The folder of this user: projects, and weights of their own."""

import os
from pathlib import Path

HOME_VARIABLE = "FEW_SHOT_LENS_HOME"


def home() -> Path:
    """`$FEW_SHOT_LENS_HOME`, by default `~/.few-shot-lens`; it need not exist yet."""
    return Path(os.environ.get(HOME_VARIABLE) or Path.home() / ".few-shot-lens")
