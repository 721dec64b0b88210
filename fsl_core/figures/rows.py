"""Rows of small pictures with a line of text below each; every one can be pointed at and clicked."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, UInt8

from fsl_core.figures.panes import Pane, outline, picture
from fsl_core.figures.theme import INK, PAPER, WARM, figure
from fsl_core.records import Regions, cells

GAP = 0.08  # between two pictures, in sides of a picture
TEXT = {False: 0.34, True: 0.45}  # below a picture, by `narrow`; a card on a phone leaves a picture 70 pixels
HEADING = 0.3  # above a row
SIDE = {False: 112, True: 96}  # of a picture in pixels
ACROSS = {False: 9, True: 4}  # pictures in a line


class Tile(NamedTuple):
    """One picture of a row.

    Attributes:
        box: top, left, bottom, right of what is framed, in [0, 1] of the picture; all of it = no frame.
        caption: one or two short lines, safe for plotly.
        hover: the same in full.
        key: `customdata` of the point over it.
    """

    image: UInt8[np.ndarray, "_ _ 3"]
    box: Float[np.ndarray, " 4"]
    caption: str
    hover: str
    key: list[Any]


class Row(NamedTuple):
    """Pictures that belong together, and what they are."""

    heading: str
    tiles: Sequence[Tile]


def rows_of_pictures(rows: Sequence[Row], narrow: bool = False) -> go.Figure:
    """All rows below one another; a row that is too long goes on in the next line."""
    images: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    shown: list[tuple[float, float, Tile]] = []
    across, top = ACROSS[narrow], 0.0
    for row in rows:
        heading = {"x": 0, "y": top + HEADING - 0.05, "text": f"<b>{row.heading}</b>", "yanchor": "bottom"}
        notes.append({**heading, "xanchor": "left", "showarrow": False})
        top += HEADING
        for place, tile in enumerate(row.tiles):
            line, column = divmod(place, across)
            left, above = column * (1 + GAP), top + line * (1 + TEXT[narrow] + GAP)
            images.append(picture(Pane("support", tile.image, Regions(cells(1, 1)), "", left, above)))
            shapes += _frame(tile, left, above)
            notes.append({"x": left + 0.5, "y": above + 1.02, "text": tile.caption, "yanchor": "top",
                          "showarrow": False, "font": {"size": 11}})  # fmt: skip
            shown.append((left + 0.5, above + 0.5, tile))
        top += -(-len(row.tiles) // across) * (1 + TEXT[narrow] + GAP)
    longest = min(across, max(len(row.tiles) for row in rows))
    axis = {"visible": False, "fixedrange": True}
    return figure(
        [_targets(shown, SIDE[narrow])], round(SIDE[narrow] * top), images=images, shapes=shapes, annotations=notes,
        xaxis={**axis, "range": [-0.01, longest * (1 + GAP) - GAP + 0.01], "constrain": "domain"},
        yaxis={**axis, "range": [top, 0], "scaleanchor": "x", "scaleratio": 1, "constrain": "domain"},
        hoverdistance=-1, margin={"l": 0, "r": 0, "t": 0, "b": 0}, clickmode="event+select",
    )  # fmt: skip


def _frame(tile: Tile, left: float, above: float) -> list[dict[str, Any]]:
    """The border of what is framed, dark below light so that it shows on any picture."""
    if tile.box.tolist() == [0, 0, 1, 1]:
        return []
    pane = Pane("support", tile.image, Regions(tile.box[None], ("framed",)), "", left, above)
    return [outline(pane, 0, colour, width) for colour, width in ((INK, 6.0), (PAPER, 4.0), (WARM, 2.0))]


def _targets(shown: Sequence[tuple[float, float, Tile]], side: int) -> go.Scatter:
    """Invisible squares over the pictures."""
    unseen = {"marker": {"opacity": 0.01}}
    return go.Scatter(
        x=[x for x, _, _ in shown], y=[y for _, y, _ in shown], mode="markers",
        customdata=[tile.key for _, _, tile in shown], hovertext=[tile.hover for _, _, tile in shown],
        hovertemplate="%{hovertext}<extra></extra>", selected=unseen, unselected=unseen,
        marker={"symbol": "square", "size": round(0.8 * side), "opacity": 0.01, "color": PAPER},
    )  # fmt: skip
