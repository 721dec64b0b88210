"""Numbers over the regions of grey pictures, on one colour scale."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.panes import Pane, picture, plane, targets
from fsl_core.figures.theme import INK, PAPER, Scale, colour_bar

MANY = 40  # regions; more numbers than these cannot be read on a picture
LEGIBLE = {False: 0.11, True: 0.16}  # sides of a picture: regions that hold a number, on wide and on narrow screens


class Layer(NamedTuple):
    """What lies over one picture: a value for each region, and what the region says when pointed at."""

    pane: Pane
    values: Float[np.ndarray, " nodes"]
    hovers: Sequence[str]


class Look(NamedTuple):
    """How values become colours and numbers: scale, its limits, title of the colour bar, format of the numbers."""

    scale: Scale
    limits: tuple[float, float]
    title: str
    number: str


def overlay(
    layers: Sequence[Layer],
    look: Look,
    legible: float,
    side: int | None = None,
    shapes: Sequence[dict[str, Any]] = (),
) -> go.Figure:
    """Values over the grey pixels of some pictures, all in one look.

    Args:
        legible: sides of a picture: regions that hold a number.
        side: of a picture in pixels, as in `plane`.
        shapes: to be drawn over them.
    """
    heats = [_heat(layer, look, first=place == 0) for place, layer in enumerate(layers)]
    shown = [layer.pane for layer in layers]
    return plane(
        shown, heats + [targets(layer.pane, layer.hovers) for layer in layers], list(shapes), side,
        images=[picture(pane, grey=True) for pane in shown],
        annotations=[note for layer in layers for note in _numbers(layer, look.number, legible)],
    )  # fmt: skip


def _heat(layer: Layer, look: Look, first: bool) -> go.Heatmap:
    x, y, z = _mosaic(layer.pane, layer.values)
    low, high = look.limits
    return go.Heatmap(
        z=z, x=x, y=y, zmin=low, zmax=high, colorscale=look.scale, opacity=0.8, hoverinfo="skip",
        **({"colorbar": colour_bar(look.title)} if first else {"showscale": False}),
    )  # fmt: skip


def _numbers(layer: Layer, number: str, legible: float) -> list[dict[str, Any]]:
    pane, values = layer.pane, layer.values
    if len(values) > MANY:
        return []
    font = {"color": PAPER, "size": 12, "shadow": f"0 0 3px {INK}, 0 0 3px {INK}, 0 0 6px {INK}"}
    return [
        {**dict(zip("xy", pane.centre(node), strict=True)), "text": number.format(values[node]), "showarrow": False,
         "font": font}
        for node in pane.nodes if pane.sizes[node] >= legible
    ]  # fmt: skip


def _mosaic(
    pane: Pane, values: Float[np.ndarray, " nodes"]
) -> tuple[Float[np.ndarray, " lines"], Float[np.ndarray, " rows"], Float[np.ndarray, "_ _"]]:
    """The plane cut along all edges of the regions: the edges in x and in y, and the value of each piece or NaN."""
    boxes = (pane.regions.boxes + [pane.top, pane.left, pane.top, pane.left]).round(6)
    (x, left_right), (y, top_bottom) = (np.unique(boxes[:, sides], return_inverse=True) for sides in ([1, 3], [0, 2]))
    pieces = np.full((len(y) - 1, len(x) - 1), np.nan)
    for (left, right), (top, bottom), value in zip(left_right, top_bottom, values, strict=True):
        pieces[top:bottom, left:right] = value
    return x, y, pieces
