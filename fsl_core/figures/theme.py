"""The one look of all figures: transparent, readable on light and dark, two colour scales, no colour alone.

Both scales go from transparent to a full colour, so that "nothing" is the page itself in either theme. Orange and blue
are told apart by every common kind of colour vision; text keeps the page's font and colour unless it lies on a picture.
"""

import textwrap
from html import escape
from typing import Any

import numpy as np
import pandas  # noqa: F401  plotly looks into it, also while another thread has imported half of it
import plotly.graph_objects as go
from jaxtyping import Float

WARM = "#f07c12"  # positive, more, chosen
COOL = "#2f86dc"  # negative
QUIET = "rgba(128, 138, 156, 0.55)"  # what is not in question
INK = "#10131a"  # shade over pictures, text on WARM
PAPER = "#ffffff"  # lines and text over pictures
FAINT = 0.06  # opacity of the smallest value

Scale = list[tuple[float, str]]


def tint(colour: str, opacity: float) -> str:
    """A hexadecimal colour with an opacity in [0, 1], as plotly reads it."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:.3f})"


UNSIGNED: Scale = [(0.0, tint(WARM, FAINT)), (1.0, tint(WARM, 1.0))]
SIGNED: Scale = [(0.0, tint(COOL, 1.0)), (0.5, tint(COOL, FAINT)), (0.5, tint(WARM, FAINT)), (1.0, tint(WARM, 1.0))]


def unsigned_range(values: Float[np.ndarray, "..."]) -> tuple[float, float]:
    """Limits of the unsigned scale: from 0 to the largest value (1 where all are 0)."""
    return 0.0, float(np.nanmax(values, initial=0.0)) or 1.0


def signed_range(values: Float[np.ndarray, "..."], least: float = 0.0) -> tuple[float, float]:
    """Limits of the signed scale: symmetric about 0, as wide as the largest magnitude or `least` (1 if all are 0)."""
    limit = max(float(np.nanmax(np.abs(values), initial=0.0)), least) or 1.0
    return -limit, limit


def figure(traces: list[Any], height: int, **layout: Any) -> go.Figure:
    """An empty frame in the one look, with the traces in it; `layout` adds to the look or overrides it."""
    look: dict[str, Any] = {
        "height": height,
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
        "hoverlabel": {"align": "left"},
        "dragmode": False,
        "showlegend": False,
        "bargap": 0.35,
        "modebar": {"bgcolor": "rgba(0, 0, 0, 0)"},
    }
    return go.Figure(traces, {**look, **layout})


def colour_bar(title: str) -> dict[str, Any]:
    """A thin colour bar that says what is shown, with its unit."""
    return {"title": {"text": title, "side": "right"}, "thickness": 10, "len": 0.9, "outlinewidth": 0, "xpad": 6}


def percent(probability: float) -> str:
    """A probability for people: whole per cent, never "100 %" or "0 %"."""
    if probability >= 0.995:
        return "> 99 %"
    return "< 1 %" if probability < 0.01 else f"{probability:.0%}".replace("%", " %")


def wrapped(text: str, length: int) -> str:
    """A text in lines of at most `length` characters, safe as `label` makes it."""
    return "<br>".join(escape(line, quote=False) for line in textwrap.wrap(text, length))


def label(name: str, length: int = 200) -> str:
    """A name that came from a user, made safe for plotly's pseudo-HTML; its middle is left out beyond `length`."""
    short = name if len(name) <= length else f"{name[: length - length // 2 - 1]}…{name[-(length // 2) :]}"
    return escape(short, quote=False)
