"""Which region of which picture the Alignment page asks about, in backbones whose grids may differ."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import streamlit as st

from fsl_core import figures
from fsl_core.figures import Cell
from fsl_core.records import Alignment, Regions, Side
from fsl_core.ui import beside, session
from fsl_core.ui.alignment_jobs import AGGREGATIONS
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import COLUMN, ROW, SIDE, select
from fsl_core.ui.options import choice_title
from fsl_core.ui.scene import CELLS
from fsl_core.ui.text import plain

AGGREGATION = "fsl_aggregation"  # key of the box
PLACE = "fsl_place"  # Place | None: what is selected, in the session's state; absent = nothing ever was
GRID = "fsl_place_grid"  # tuple[int, int]: the grid that the number fields counted last


class Place(NamedTuple):
    """A place in one of the two pictures; `y` and `x` in [0, 1]."""

    side: Side
    y: float
    x: float


def options() -> tuple[str, str | None]:
    """How the similarities become one, and the backbone that stands beside the chosen one, if any."""
    left, right, _ = st.columns(3)
    aggregation = left.selectbox(
        "Aggregation", AGGREGATIONS, format_func=choice_title, key=AGGREGATION, persist_state="session",
        help="How the similarities of all positions become one score; the paper takes the mean (equation 6).",
    )  # fmt: skip
    with right:
        other = beside.choose("Another backbone looks at the same two pictures, at the place that you select.")
    return aggregation, other


def one_example(chosen: Pair) -> Pair:
    """The pair with one support picture; where none is chosen, the class's first one. What is special is said."""
    project = session.project()
    pictures, said = project.in_use.image_class(chosen.class_id).pictures, ""
    if not chosen.picture_id and len(pictures) > 1:
        said = (
            f"Shown is the first of {len(pictures)} examples, {plain(pictures[0].name)}, as two pictures are aligned "
        )
        said += "and not a mean; choose another one above. "
    if project.settings.regions != CELLS:
        said += "The project looks at patches, but alignment is of whole pictures, so these are shown."
    if said:
        st.caption(said)
    return chosen._replace(picture_id=chosen.picture_id or pictures[0].id)


def on_click(first: Alignment, record: Alignment) -> Callable[[str], None]:
    """Carries a click on a figure of `record` over to the number fields, which count the regions of `first`."""
    return partial(_clicked, first=first, record=record)


def _clicked(key: str, first: Alignment, record: Alignment) -> None:
    points = st.session_state[key]["selection"]["points"]
    side: Side
    side, node = points[0]["customdata"] if points else ("query", None)
    place = None if node is None else Place(side, *_middle(_regions(record, side), node))
    st.session_state[PLACE] = place
    _fill_in(first, place)


def _fill_in(first: Alignment, place: Place | None) -> None:
    """Put a place into the number fields."""
    row = column = None
    if place:
        regions = _regions(first, place.side)
        row, column = divmod(_node(regions, place), (regions.grid or (1, 1))[1])
        st.session_state[SIDE] = place.side
    st.session_state.update({ROW: row, COLUMN: column})


def choose(first: Alignment) -> Place | None:
    """The selected place, by clicks or number fields; where nothing was selected yet, the best aligned region's.

    Where a click lies in the selected region it is the place of the click, else the middle of the region. It outlives
    the number fields, which Streamlit forgets while they are not shown, and backbones with other grids.
    """
    grid, before = first.query_regions.grid, st.session_state.get(GRID)
    best = Place("query", *_middle(first.query_regions, int(first.query.cosine.argmax())))
    place: Place | None = st.session_state.get(PLACE, best)
    if ROW not in st.session_state or grid != before:
        _fill_in(first, place)
    st.session_state[GRID] = grid
    cell = select(first)
    if cell is None:
        place = None
    elif place is None or cell_at(first, place) != cell:
        place = Place(cell.side, *_middle(_regions(first, cell.side), cell.node))
    st.session_state[PLACE] = place
    return place


def cell_at(record: Alignment, place: Place | None) -> Cell | None:
    """The region of a record that a place lies in."""
    return Cell(place.side, _node(_regions(record, place.side), place)) if place else None


def brightest(records: Sequence[Alignment], place: Place | None) -> float | None:
    """What full brightness stands for where several backbones show the same on grids of one size; None = each its own.

    Shares of 25 regions and of 100, or shares and cosines, are not to be compared.
    """
    kinds = {(record.attends, record.query.attention.shape) for record in records}
    if place is None or len(records) < 2 or len(kinds) > 1:
        return None
    cells = [cell_at(record, place) for record in records]
    return max(
        float(figures.looked_at(record, cell).max()) for record, cell in zip(records, cells, strict=True) if cell
    )


def side() -> Side:
    """The picture whose direction is asked about."""
    return "support" if st.session_state.get(SIDE) == "support" else "query"


def _regions(record: Alignment, side: Side) -> Regions:
    return record.query_regions if side == "query" else record.support_regions


def _middle(regions: Regions, node: int) -> tuple[float, float]:
    top, left, bottom, right = regions.boxes[node].tolist()
    return (top + bottom) / 2, (left + right) / 2


def _node(regions: Regions, place: Place) -> int:
    """The region whose middle is nearest: in a grid, the one that the place lies in."""
    middles = regions.boxes.reshape(-1, 2, 2).mean(axis=1)
    return int(np.square(middles - (place.y, place.x)).sum(axis=1).argmin())
