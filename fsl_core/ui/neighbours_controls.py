"""What the Neighbours page is asked: for which region, which neighbour to show large; and the asking."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from fsl_core.ui import beside, requests
from fsl_core.ui.indexes import Opened
from fsl_core.ui.neighbours_jobs import Asked, Found, nearest_in, nearest_own
from fsl_core.ui.scene import Scene

PLACE = "fsl_neighbours_place"  # tuple[float, float]: the place in the query that is asked about; None = all of it
CHOSEN, REGION, COUNT = "fsl_neighbour", "fsl_neighbours_region", "fsl_neighbours_count"  # keys of widgets
MOST, USUAL = 24, 8  # neighbours
ALL = -1  # instead of a region


def find(data: Opened | None, asked: Asked, backbones: Sequence[str | None]) -> list[Found] | None:
    """The neighbours in a data set or (None) in the project, by each backbone; None = see `requests.awaited`."""
    found = [_nearest(data, asked, name, number) for number, name in enumerate(backbones)]
    named = [
        replace(one, record=replace(one.record, backbone=title))
        for one, title in zip(found, beside.titles(*backbones), strict=True)
        if one is not None
    ]
    return named if len(named) == len(found) else None


def _nearest(data: Opened | None, asked: Asked, name: str | None, number: int) -> Found | None:
    def work(scene: Scene) -> Found:
        return nearest_own(scene, asked) if data is None else nearest_in(scene, data, asked)

    where = data.chosen if data else None
    return requests.explained(f"neighbours {number}", work, where, *asked, backbone=name, patient=data is not None)


def count() -> int:
    """How many neighbours to show."""
    chosen: int | None = st.number_input("Neighbours", 1, MOST, USUAL, key=COUNT, persist_state="session")
    return chosen or USUAL


def place() -> tuple[float, float] | None:
    """The place in the query whose region is asked about; None = all of the query."""
    found: tuple[float, float] | None = st.session_state.get(PLACE)
    return found


def way_back() -> None:
    """Where there is no answer about a region: a button that asks about the whole picture."""
    if place():
        st.button("Ask about the whole picture", on_click=_ask, args=(None,), icon=":material/crop_free:")


def region(grid: tuple[int, int]) -> None:
    """The region asked about, for those who do not click."""
    rows, columns = grid
    now = ALL if (at := place()) is None else int(at[0] * rows) * columns + int(at[1] * columns)
    st.session_state[REGION] = now  # in every run: it may have been clicked
    st.selectbox(
        "Asked about", [ALL, *range(rows * columns)], key=REGION,
        format_func=lambda node: "the whole picture" if node == ALL else f"region {divmod(node, columns)}",
        on_change=lambda: _ask_node(st.session_state[REGION], grid), help="Row and column, counted from 0.",
    )  # fmt: skip


def clicked_region(key: str, grid: tuple[int, int]) -> None:
    """Carry a click on the large query over; a second click on a region asks about the whole picture again."""
    points = st.session_state[key]["selection"]["points"]
    side, node = points[0]["customdata"] if points else ("query", ALL)
    if side == "query":
        _ask_node(node, grid)


def _ask_node(node: int, grid: tuple[int, int]) -> None:
    rows, columns = grid
    row, column = divmod(node, columns)
    _ask(None if node == ALL else ((row + 0.5) / rows, (column + 0.5) / columns))


def _ask(at: tuple[float, float] | None) -> None:
    st.session_state[PLACE] = at


def neighbour(found: Sequence[Found], label: str = "Shown large", key: str = CHOSEN) -> tuple[int, int]:
    """The chosen neighbour: number of the backbone, place among its neighbours; by name for the keyboard."""
    names = {
        (number, at): f"{one.record.backbone + ': ' if len(found) > 1 else ''}{at + 1}. {name}"
        for number, one in enumerate(found)
        for at, name in enumerate(one.record.names)
    }
    if st.session_state.get(key) not in names:
        st.session_state[key] = 0, 0
    chosen: tuple[int, int] = st.selectbox(label, list(names), format_func=names.__getitem__, key=key)
    return chosen


def clicked_neighbour(key: str, found: Sequence[Found], chosen: str = CHOSEN) -> None:
    """Choose the clicked neighbour; `chosen` is the key of the box that names it."""
    points = st.session_state[key]["selection"]["points"]
    number, row = points[0]["customdata"] if points else (0, ALL)
    rows = found[number].record.rows.tolist()
    if row in rows:
        st.session_state[chosen] = number, rows.index(row)
