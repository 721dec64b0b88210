"""The nearest images of a data set beside the query: one row for each backbone, and one neighbour large."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.panes import BETWEEN, ROW, SIDE, Pane, outline, picture, plane, targets
from fsl_core.figures.rows import Row, Tile, rows_of_pictures
from fsl_core.figures.theme import INK, PAPER, WARM, label
from fsl_core.records import Neighbours, Regions, cells

LARGE = 270  # pixels: side of the query and of the neighbour beside it


def neighbours(found: Sequence[Neighbours], narrow: bool = False) -> go.Figure:
    """The query and then its neighbours, the most similar first; ✓ = of the query's class, ✗ = of another one.

    `customdata` of a clicked point: number of the row, row of the data set (-1 = the query).

    Args:
        found: for the same query, by different backbones.
        narrow: for narrow screens, with fewer pictures in a line.
    """
    return rows_of_pictures([_row(number, one) for number, one in enumerate(found)], narrow)


def neighbour(found: Neighbours, place: int, grid: tuple[int, int], narrow: bool = False) -> go.Figure:
    """The query and one neighbour, large, with the regions that were compared framed.

    `customdata` of a clicked region of the query: "query", node of `grid`.

    Args:
        place: of the neighbour, 0 = the most similar one.
        grid: rows and columns of the backbone's feature maps.
        narrow: the neighbour below the query instead of beside it.
    """
    query = Pane("query", found.query_image, Regions(cells(*grid)), "Query")
    left, top = (0.0, 1 + ROW) if narrow else (1 + BETWEEN, 0.0)
    title = f"Neighbour {place + 1} · {found.similarity[place]:.3f}"
    other = Pane("support", found.images[place], Regions(cells(1, 1)), title, left, top)
    strokes = _frame(query, found.query_box) + _frame(other, found.boxes[place])
    hovers = [f"<b>Query {query.name(node)}</b><br>click to ask about it alone" for node in query.nodes]
    said = f"<b>{label(found.names[place])}</b><br>class {label(found.class_names[found.labels[place]])}"
    traces = [targets(query, hovers), targets(other, [said])]
    side = SIDE[True] if narrow else LARGE
    return plane([query, other], traces, strokes, side, images=[picture(query), picture(other)])


def _frame(pane: Pane, box: Float[np.ndarray, " 4"]) -> list[dict[str, Any]]:
    """The border of a region, dark below light; nothing around all of a picture."""
    if box.tolist() == [0, 0, 1, 1]:
        return []
    framed = replace(pane, regions=Regions(box[None], ("framed",)))
    return [outline(framed, 0, colour, width) for colour, width in ((INK, 7.0), (PAPER, 5.0), (WARM, 3.0))]


def _row(number: int, one: Neighbours) -> Row:
    known = one.query_label >= 0
    what = "region asked about" if one.of_region else "query"
    class_name = f"<br>{label(one.class_names[one.query_label], 14)}" if known else ""
    tiles = [Tile(one.query_image, one.query_box, f"<b>query</b>{class_name}", what.capitalize(), [number, -1])]
    for place, (row, similarity, of_class) in enumerate(
        zip(one.rows.tolist(), one.similarity.tolist(), one.labels.tolist(), strict=True)
    ):
        mark = ("✓ " if of_class == one.query_label else "✗ ") if known else ""
        tiles.append(
            Tile(
                one.images[place],
                one.boxes[place],
                f"{similarity:.3f}<br>{mark}{label(one.class_names[of_class], 14)}",
                f"<b>{label(one.names[place])}</b><br>{mark}class {label(one.class_names[of_class])}<br>"
                f"similarity {similarity:+.4f} (cosine){'<br>of the framed region' if one.of_region else ''}",
                [number, row],
            )
        )
    share = "" if one.share_alike is None else f" · {one.share_alike:.0%} of the query's class"
    return Row(f"{label(one.backbone, 40)}{share}", tiles)
