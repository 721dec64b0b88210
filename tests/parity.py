"""Outputs of published implementations: whole files of `../shared/parity` where it is there, slices in `tests/data`."""

from pathlib import Path

import numpy as np
import pytest

DATA = Path(__file__).parent / "data"
SHARED = Path(__file__).parents[2] / "shared" / "parity"
SOURCES = ("slices", "whole")


def parity(name: str, source: str) -> dict[str, np.ndarray]:
    """The arrays of one parity file; skips the test where the whole file is asked for and not there."""
    path = DATA / f"{name}_slices.npz" if source == "slices" else SHARED / f"{name}.npz"
    if source == "whole" and not path.exists():
        pytest.skip(f"needs {path.name} of ../shared/parity")
    with np.load(path, allow_pickle=False) as file:
        return dict(file)
