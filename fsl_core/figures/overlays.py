"""Numbers over a picture's regions: weights, contributions to the logit; and the picture rebuilt from patches."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, UInt8

from fsl_core.figures.panes import BESIDE, Pane, Side, panes, picture, plane, targets
from fsl_core.figures.theme import INK, PAPER, SIGNED, UNSIGNED, Scale, colour_bar, signed_range, unsigned_range
from fsl_core.records import Flow

MANY = 40  # regions; more numbers than these cannot be read on a picture
LEGIBLE = {False: 0.11, True: 0.16}  # sides of a picture: regions that hold a number, on wide and on narrow screens


def weights(flow: Flow, side: Side = "query", narrow: bool = False) -> go.Figure:
    """How much each region of one picture counts, in per cent of the picture's mass, over its grey pixels.

    Args:
        narrow: for narrow screens, with fewer numbers.
    """
    pane = panes(flow)[0 if side == "query" else 1]
    weight = 100 * (flow.query_weight if side == "query" else flow.support_weight)
    hovers = [
        f"<b>{pane.title} {pane.name(node)}</b><br>weight {weight[node]:.2f} % of the mass" for node in pane.nodes
    ]
    look = (UNSIGNED, unsigned_range(weight), "weight (% of the mass)", "{:.1f}")
    return _overlay(pane, weight, hovers, look, narrow)


def contributions(flow: Flow, narrow: bool = False) -> go.Figure:
    """What each query region adds to the logit (orange) or takes from it (blue), over its grey pixels.

    The title compares the sum with the classifier's logit.

    Args:
        narrow: for narrow screens, with fewer numbers.
    """
    pane, values = panes(flow)[0], flow.contributions
    hovers = [
        f"<b>Query {pane.name(node)}</b><br>contribution to the logit {values[node]:+.4f}<br>"
        f"weight {flow.query_weight[node]:.2%} of the mass"
        for node in pane.nodes
    ]
    look = (SIGNED, signed_range(values), "contribution to the logit", "{:+.2f}")
    shown = _overlay(pane, values, hovers, look, narrow)
    text = f"sum {values.sum():.3f} · logit {flow.logit:.3f} · residual {flow.residual:.0e}"
    return shown.update_layout(title={"text": text, "font": {"size": 13}, "x": 0, "xanchor": "left"}, margin={"t": 34})


def reconstruction(flow: Flow, rebuilt: UInt8[np.ndarray, "_ _ 3"]) -> go.Figure:
    """The query beside itself rebuilt from the support picture's patches, brightness by weight (DeepEMD, figure 5)."""
    query, support = panes(flow)
    copy = Pane("query", rebuilt, query.regions, "Rebuilt from the support", left=1 + BESIDE / 5)
    best = flow.plan.argmax(axis=1)
    hovers = [
        f"<b>Query {query.name(node)}</b><br>filled with support {support.name(int(best[node]))}<br>"
        f"flow {flow.plan[node, best[node]]:.2%} of the mass, similarity {flow.similarity[node, best[node]]:+.3f}<br>"
        f"weight {flow.query_weight[node]:.2%} of the mass"
        for node in query.nodes
    ]
    shown = (query, copy)
    return plane(shown, [targets(pane, hovers) for pane in shown], [], images=[picture(pane) for pane in shown])


def _overlay(
    pane: Pane,
    values: Float[np.ndarray, " nodes"],
    hovers: list[str],
    look: tuple[Scale, tuple[float, float], str, str],
    narrow: bool,
) -> go.Figure:
    """Values over the grey pixels of a pane; `look` is scale, limits, the bar's title, the numbers' format."""
    scale, (low, high), title, number = look
    x, y, z = _mosaic(pane, values)
    heat = go.Heatmap(
        z=z, x=x, y=y,
        zmin=low, zmax=high, colorscale=scale, colorbar=colour_bar(title), opacity=0.8, hoverinfo="skip",
    )  # fmt: skip
    font = {"color": PAPER, "size": 12, "shadow": f"0 0 3px {INK}, 0 0 3px {INK}, 0 0 6px {INK}"}
    notes: list[dict[str, Any]] = []
    if len(values) <= MANY:
        notes = [
            {**dict(zip("xy", pane.centre(node), strict=True)), "text": number.format(values[node]),
             "showarrow": False, "font": font}
            for node in pane.nodes if pane.sizes[node] >= LEGIBLE[narrow]
        ]  # fmt: skip
    return plane((pane,), [heat, targets(pane, hovers)], [], images=[picture(pane, grey=True)], annotations=notes)


def _mosaic(
    pane: Pane, values: Float[np.ndarray, " nodes"]
) -> tuple[Float[np.ndarray, " lines"], Float[np.ndarray, " rows"], Float[np.ndarray, "_ _"]]:
    """The plane cut along all edges of the regions: the edges in x and in y, and the value of each piece or NaN."""
    boxes = pane.regions.boxes.round(6)
    (x, left_right), (y, top_bottom) = (np.unique(boxes[:, sides], return_inverse=True) for sides in ([1, 3], [0, 2]))
    pieces = np.full((len(y) - 1, len(x) - 1), np.nan)
    for (left, right), (top, bottom), value in zip(left_right, top_bottom, values, strict=True):
        pieces[top:bottom, left:right] = value
    return x, y, pieces
