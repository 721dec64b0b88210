"""Text that people typed, made safe for places where Streamlit reads Markdown."""

import re

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>:$&^=])")


def plain(text: str) -> str:
    """Markdown that shows exactly this text, on one line."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def shortened(text: str, length: int = 28) -> str:
    """The text with its middle left out where it is longer than `length`; the end of a file name says most."""
    return text if len(text) <= length else f"{text[: length // 2 - 1]}…{text[-(length // 2) :]}"


def rounding(residual: float) -> str:
    """The size of a residual: "0", or its power of ten."""
    return f"{abs(residual):.0e}" if residual else "0"
