"""Accuracy by number of examples: one line for each method, in a band that is its 95 % interval."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.theme import QUIET, figure, label, tint
from fsl_core.records import ShotsCurve

# Told apart on light and dark grounds (contrast at least 3 : 1 with both), and also by dash and marker.
COLOURS = ("#2f86dc", "#d9650b", "#2e9e6b", "#c2559d", "#8a6ff0", "#a08510", "#d1495b", "#5b8a99")
DASHES = ("solid", "dash", "dot", "dashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon")
HEIGHT = 400


def shots(curves: Mapping[str, ShotsCurve], selected: int | None = None, chance: float | None = None) -> go.Figure:
    """Mean accuracy and its 95 % interval over the draws, by the number of support images per class.

    Args:
        curves: of each method, by its name for people.
        selected: number of support images that is marked.
        chance: accuracy of guessing, in [0, 1], drawn as a quiet line.
    """
    traces = [trace for row, (name, curve) in enumerate(curves.items()) for trace in _method(row, name, curve)]
    most = max(len(curve.accuracies) for curve in curves.values())
    look: dict[str, Any] = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False}
    marks = [{"type": "line", "x0": selected, "x1": selected, "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
              "line": {"color": QUIET, "width": 2}}] if selected else []  # fmt: skip
    notes = []
    if chance is not None:
        marks.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 100 * chance, "y1": 100 * chance,
                      "layer": "below", "line": {"color": QUIET, "width": 1.5, "dash": "dot"}})  # fmt: skip
        notes.append({"xref": "paper", "x": 1, "xanchor": "right", "y": 100 * chance, "yanchor": "bottom",
                      "showarrow": False, "text": f"guessing: {100 * chance:.0f} %"})  # fmt: skip
    return figure(
        traces, HEIGHT, shapes=marks, annotations=notes, showlegend=True,
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        xaxis={**look, "title": {"text": "examples per class (K)"}, "range": [0.75, most + 0.25],
               "tickmode": "linear", "tick0": 1, "dtick": 1 if most <= 10 else 2, "automargin": True},
        yaxis={**look, "title": {"text": "accuracy (%)"}, "range": [0, 103], "dtick": 20, "automargin": True},
    )  # fmt: skip


def _method(row: int, name: str, curve: ShotsCurve) -> list[Any]:
    """The band, which ends where there is one draw only, and the line over it."""
    colour, mean, half = COLOURS[row % len(COLOURS)], 100 * curve.mean, 100 * curve.interval
    drawn = np.flatnonzero(np.isfinite(half))
    low, high = np.clip(mean[drawn] - half[drawn], 0, 100), np.clip(mean[drawn] + half[drawn], 0, 100)
    across = curve.shots[drawn]
    band = go.Scatter(
        x=np.concatenate([across, across[::-1]]), y=np.concatenate([high, low[::-1]]), mode="lines", fill="toself",
        fillcolor=tint(colour, 0.14), line={"width": 0}, hoverinfo="skip", showlegend=False, legendgroup=name,
    )  # fmt: skip
    said = [
        "the only choice, so no interval" if not np.isfinite(width) else f"± {width:.1f} (95 %), {draws} draws"
        for width, draws in zip(half, curve.draws, strict=True)
    ]
    single = {"type": "data", "array": half[drawn], "thickness": 1.5, "width": 6} if len(curve.accuracies) == 1 else {}
    line = go.Scatter(
        x=curve.shots, y=mean, mode="lines+markers", name=label(name, 40), legendgroup=name, customdata=said,
        line={"color": colour, "width": 2.5, "dash": DASHES[row % len(DASHES)]},
        marker={"color": colour, "size": 9, "symbol": MARKERS[row % len(MARKERS)]},
        **({"error_y": single} if single and len(drawn) else {}),
        hovertemplate=f"<b>{label(name)}</b><br>%{{x}} per class: %{{y:.1f}} %<br>%{{customdata}}<extra></extra>",
    )  # fmt: skip
    return [band, line]
