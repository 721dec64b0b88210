"""The curves that say whether a heat map can be believed."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.theme import COOL, QUIET, WARM, figure, label, tint
from fsl_core.records import Belief

HEIGHT = {False: 300, True: 560}  # of the curves: beside, below each other


def belief(record: Belief, narrow: bool = False) -> go.Figure:
    """Deletion and insertion curves in the band of random orders (mean and two standard deviations), with their areas.

    Args:
        narrow: for narrow screens, one below the other.
    """
    halves = (
        ("Deletion", "taken away", record.deletion, record.random, record.deletion_area),
        ("Insertion", "put back", record.insertion, record.random_insertion, record.insertion_area),
    )
    spans = [(0.0, 1.0), (0.0, 1.0)] if narrow else [(0.0, 0.46), (0.54, 1.0)]
    heights = [(0.62, 0.93), (0.0, 0.31)] if narrow else [(0.0, 0.9), (0.0, 0.9)]
    traces: list[Any] = []
    layout: dict[str, Any] = {"annotations": []}
    grid = {"showgrid": True, "gridcolor": tint("#808a9c", 0.18), "zeroline": False, "fixedrange": True}
    for row, (name, done, curve, random, area) in enumerate(halves):
        axis, number = ("", "2")[row], ("x", "x2")[row]
        traces += _curves(record, f"{done}", curve, random, (number, f"y{axis}"), row == 0)
        layout[f"xaxis{axis}"] = {
            **grid, "domain": spans[row], "anchor": f"y{axis}", "range": [-1, 101], "dtick": 25,
            "title": {"text": f"picture {done} (%)", "standoff": 4},
        }  # fmt: skip
        layout[f"yaxis{axis}"] = {
            **grid, "domain": heights[row], "anchor": number, "range": [-3, 103], "dtick": 25,
            "title": {"text": "probability (%)" if narrow or not row else ""}, "automargin": True,
        }  # fmt: skip
        layout["annotations"].append({
            "xref": "paper", "yref": "paper", "x": spans[row][0], "y": heights[row][1], "xanchor": "left",
            "yanchor": "bottom", "showarrow": False,
            "text": f"<b>{name}</b>: area {area:.2f}, random {record.random_area:.2f}",
        })  # fmt: skip
    legend = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "xanchor": "right", "x": 1}
    margin = {"l": 8, "r": 12, "t": 26, "b": 8}
    return figure(traces, HEIGHT[narrow], showlegend=True, legend=legend, margin=margin, **layout)


def _curves(
    record: Belief,
    done: str,
    curve: Float[np.ndarray, " points"],
    random: Float[np.ndarray, "orders points"],
    axes: tuple[str, str],
    named: bool,
) -> list[Any]:
    """The band and the mean of random orders, and the map's own curve."""
    x, place = 100 * record.shares, {"xaxis": axes[0], "yaxis": axes[1]}
    mean, deviation = 100 * random.mean(axis=0), 100 * random.std(axis=0, ddof=1)
    low, high = np.clip(mean - 2 * deviation, 0, 100), np.clip(mean + 2 * deviation, 0, 100)
    hover = f"%{{x:.0f}} % {done}: %{{y:.1f}} %<extra></extra>"
    band = go.Scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), mode="lines", fill="toself",
        fillcolor=tint(COOL, 0.16), line={"width": 0}, hoverinfo="skip", showlegend=False, **place,
    )  # fmt: skip
    middle = go.Scatter(
        x=x, y=mean, mode="lines", name="random orders", showlegend=named,
        line={"color": COOL, "width": 2, "dash": "dot"},
        hovertemplate="<b>Random orders</b><br>" + hover, **place,
    )  # fmt: skip
    own = go.Scatter(
        x=x, y=100 * curve, mode="lines+markers", name=label(record.title, 40), showlegend=named,
        line={"color": WARM, "width": 2.5}, marker={"color": WARM, "size": 7, "line": {"color": QUIET, "width": 1}},
        hovertemplate=f"<b>{label(record.title)}</b><br>" + hover, **place,
    )  # fmt: skip
    return [band, middle, own]
