"""Where the object is, over any picture, and how much of a query's weight falls on it."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Bool, Float

from fsl_core.figures.layers import LEGIBLE, Layer, Look, overlay
from fsl_core.figures.node_weights import TITLES
from fsl_core.figures.panes import Pane
from fsl_core.figures.theme import INK, PAPER, QUIET, UNSIGNED, WARM, figure, unsigned_range
from fsl_core.records import NodeWeights

BAR = 44  # pixels
FINEST = 160  # places along a side that the line around a mask goes by
LINES = ((INK, 6), (PAPER, 4), (WARM, 2))  # around the object: colour and width, so that it is seen on any picture

Box = tuple[float, float, float, float]  # top, left, bottom, right, in [0, 1] of the picture
Place = Box | Bool[np.ndarray, "height width"]


def query_weights(record: NodeWeights, target: int, narrow: bool = False) -> go.Figure:
    """The query alone, with its weights for one image.

    Args:
        target: row of the image.
        narrow: for narrow screens, with fewer numbers.
    """
    pane = Pane("query", record.query.image, record.query.regions, "Query")
    weight = 100 * record.query_weight[target]
    hovers = [f"<b>Query {pane.name(node)}</b><br>weight {weight[node]:.2f} % of the mass" for node in pane.nodes]
    look = Look(UNSIGNED, unsigned_range(weight), "weight (% of the mass)", "{:.1f}")
    return overlay([Layer(pane, weight, hovers)], look, LEGIBLE[narrow])


def with_object(drawn: go.Figure, place: Place) -> go.Figure:
    """A figure of one picture with a line around the object; where that is a box, another one can be drawn.

    Args:
        drawn: its picture fills the unit square; it is changed.
        place: a box, or the object's mask of the picture, at any size.
    """
    lines = [{"color": colour, "width": width} for colour, width in LINES]
    if isinstance(place, np.ndarray):
        step = -(-max(place.shape) // FINEST)
        thinned = place[step // 2 :: step, step // 2 :: step].astype(np.uint8)
        y, x = (((np.arange(-1, count + 1) + 0.5) / count).clip(0, 1) for count in thinned.shape)
        level = {"coloring": "none", "start": 0.5, "end": 0.5, "size": 1}
        edged = np.pad(thinned, 1)  # so that the line closes where the object reaches the edge of the picture
        for line in lines:
            drawn.add_contour(z=edged, x=x, y=y, contours=level, line=line, showscale=False, hoverinfo="skip")
        return drawn
    top, left, bottom, right = place
    for line in lines:
        drawn.add_shape(type="rect", x0=left, x1=right, y0=top, y1=bottom, line=line)
    return drawn.update_layout(dragmode="select", newselection={"line": {"color": PAPER, "width": 2}})


def on_object(records: Mapping[str, NodeWeights], mask: Bool[np.ndarray, "height width"], target: int = 0) -> go.Figure:
    """Share of the query's weight that falls on an object by each rule, beside what chance gives (the line).

    A bar is the share for one image that the query is compared to; in brackets stand the smallest and the largest one
    for any of them, where they differ.

    Args:
        mask: of the query's picture, as it is shown.
        target: row of the image.
    """
    chance = 100 * next(iter(records.values())).object_share(mask)
    shares = [100 * record.on_object(mask) for record in records.values()]
    bars = go.Bar(
        x=[each[target] for each in shares], y=list(range(len(shares))), orientation="h", marker={"color": WARM},
        hovertext=[f"{TITLES[rule]}: {each[target]:.1f} % of the weight<br>from {each.min():.1f} to {each.max():.1f} % "
                   f"for other images<br>chance gives {chance:.1f} %"
                   for rule, each in zip(records, shares, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        text=[_text(each, target) for each in shares], textposition="auto", insidetextanchor="start",
        insidetextfont={"color": INK}, constraintext="none",
    )  # fmt: skip
    end = 1.1 * max(chance, *(each.max() for each in shares)) or 1.0
    line = {"type": "line", "x0": chance, "x1": chance, "yref": "paper", "y0": 0, "y1": 1}
    return figure(
        [bars], 90 + BAR * len(shares), shapes=[{**line, "line": {"color": QUIET, "width": 2, "dash": "dash"}}],
        annotations=[{"x": chance, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False,
                      "text": f"chance {chance:.1f} %"}],
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        xaxis={"title": {"text": "on the object (% of the weight)"}, "range": [0, end], "zeroline": False,
               "automargin": True},
        yaxis={"tickmode": "array", "tickvals": list(range(len(shares))),
               "ticktext": [TITLES[rule] for rule in records], "autorange": "reversed", "automargin": True,
               "showgrid": False},
    )  # fmt: skip


def _text(shares: Float[np.ndarray, " n_target"], target: int) -> str:
    least, most = (f"{value:.1f}" for value in (shares.min(), shares.max()))
    return f"{shares[target]:.1f} %" + (f" ({least} to {most})" if least != most else "")
