"""What was measured while runs trained, epoch by epoch: one line for each run."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.shots import COLOURS, DASHES, MARKERS
from fsl_core.figures.theme import figure, label, tint
from fsl_core.records import TrainingCurves

HEIGHT = 300
FEW = 15  # epochs; with more of them only the lines are drawn, no markers
AXES = {  # measure -> what its axis says, factor, format of a number with its unit
    "loss": ("loss", 1, ".3f", ""),
    "accuracy": ("training accuracy (%)", 100, ".1f", " %"),
    "val_1shot": ("1-shot accuracy (%)", 100, ".1f", " %"),
    "val_5shot": ("5-shot accuracy (%)", 100, ".1f", " %"),
    "davies_bouldin": ("Davies-Bouldin index", 1, ".2f", ""),
    "images_per_second": ("images per second", 1, ".0f", " images/s"),
}


def training(runs: Mapping[str, TrainingCurves], measure: str) -> go.Figure:
    """One measure of several runs by epoch.

    Args:
        runs: by name; the place of a run in this order decides how its line looks.
        measure: a field of the curves, a key of `AXES`.
    """
    title, factor, form, unit = AXES[measure]
    traces: list[Any] = []
    for row, (name, curves) in enumerate(runs.items()):
        values = factor * getattr(curves, measure)
        lone = len(values) <= FEW
        traces.append(go.Scatter(
            x=curves.epoch, y=np.where(np.isfinite(values), values, None), name=label(name, 40), showlegend=True,
            mode="lines+markers" if lone else "lines",
            line={"color": COLOURS[row % len(COLOURS)], "width": 2.5, "dash": DASHES[row % len(DASHES)]},
            marker={"color": COLOURS[row % len(COLOURS)], "size": 7, "symbol": MARKERS[row % len(MARKERS)]},
            hovertemplate=f"<b>{label(name)}</b><br>epoch %{{x}}: %{{y:{form}}}{unit}<extra></extra>",
        ))  # fmt: skip
    look: dict[str, Any] = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False, "automargin": True}
    most = max((float(curves.epoch[-1]) for curves in runs.values() if len(curves.epoch)), default=1.0)
    return figure(
        traces, HEIGHT, showlegend=True, margin={"l": 8, "r": 12, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "xanchor": "left", "x": 0},
        xaxis={**look, "title": {"text": "epoch"}, "rangemode": "tozero", **({"dtick": 1} if most <= FEW else {})},
        yaxis={**look, "title": {"text": title}},
    )  # fmt: skip
