"""The nearest images of a data set beside the query: one row for each backbone."""

from collections.abc import Sequence

import plotly.graph_objects as go

from fsl_core.figures.rows import Row, Tile, rows_of_pictures
from fsl_core.figures.theme import label
from fsl_core.records import Neighbours


def neighbours(found: Sequence[Neighbours], narrow: bool = False) -> go.Figure:
    """The query and then its neighbours, the most similar first; ✓ = of the query's class, ✗ = of another one.

    `customdata` of a clicked point: number of the row, row of the data set (-1 = the query).

    Args:
        found: for the same query, by different backbones.
        narrow: for narrow screens, with fewer pictures in a line.
    """
    return rows_of_pictures([_row(number, one) for number, one in enumerate(found)], narrow)


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
