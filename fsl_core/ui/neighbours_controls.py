"""What the Neighbours page is asked: where to look, for which region, which neighbour to show large; and the asking."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from fsl_core.data.datasets import SOURCES, SPLIT_NAMES
from fsl_core.ui import beside, cached, drawing, requests, session
from fsl_core.ui.indexes import Opened
from fsl_core.ui.neighbours_jobs import (
    MOST_OF_EACH,
    OWN,
    OWN_TITLE,
    Asked,
    Found,
    Source,
    build_index,
    nearest_in,
    nearest_own,
    open_source,
)
from fsl_core.ui.project import digest
from fsl_core.ui.scene import Scene

SOURCE = "fsl_neighbours_source"  # Source: the data set that was asked for last, in the session's state
PLACE = "fsl_neighbours_place"  # tuple[float, float]: the place in the query that is asked about; None = all of it
CHOSEN, REGION, COUNT = "fsl_neighbour", "fsl_neighbours_region", "fsl_neighbours_count"  # keys of widgets
MOST, USUAL = 24, 8  # neighbours
ALL = -1  # instead of a region


def source() -> Source | None:
    """The fields that say where to look; None = a data set that the person has not asked for yet."""
    dataset, folder = drawing.source("neighbours", {OWN: OWN_TITLE})
    if dataset == OWN:
        return Source()
    split = "all"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if dataset in SOURCES:
            split = st.selectbox(
                "Split", SPLIT_NAMES, SPLIT_NAMES.index("test"), key="neighbours_split", width=160,
                persist_state="session", help="Which of the data set's classes.",
            )  # fmt: skip
        each = st.number_input(
            "Images of each class", 1, MOST_OF_EACH, 10, key="neighbours_each", width=180, persist_state="session",
            help="At most so many, drawn by the project's seed.",
        )  # fmt: skip
        wanted = Source(dataset, folder, split, each)
        if st.session_state.get(SOURCE) == wanted:
            return wanted
        lacking = drawing.missing(dataset, folder)
        st.button("Look there", type="primary", icon=":material/search:", disabled=bool(lacking), help=lacking or None,
                  on_click=st.session_state.update, args=[{SOURCE: wanted}])  # fmt: skip
    st.caption("Each image goes through the backbone once; then the features are kept on this computer's disk.")
    return None


def find(source: Source, asked: Asked, backbones: Sequence[str | None]) -> list[Found] | None:
    """The neighbours by each backbone; None = see `requests.awaited`."""
    opened = None
    if source.dataset != OWN:
        seed = session.project().settings.seed
        opened = requests.awaited(
            digest("open", *source, seed), "open", lambda ticket: open_source(ticket, source, seed),
            queue=cached.drawing_queue(),
        )  # fmt: skip
        if opened is None or not all(_index(opened, name, number) for number, name in enumerate(backbones)):
            return None
    found = [_nearest(opened, asked, name, number) for number, name in enumerate(backbones)]
    named = [
        replace(one, record=replace(one.record, backbone=title))
        for one, title in zip(found, beside.titles(*backbones), strict=True)
        if one is not None
    ]
    return named if len(named) == len(found) else None


def _index(opened: Opened, name: str | None, number: int) -> bool:
    """Whether the index is there."""
    project, store, engine = session.project().in_use, session.store(), cached.engine()
    backbone, indexes = name or session.backbone(), cached.indexes()
    key = digest("index", opened.digest, cached.cards()[backbone].sha256, project.settings.fit, project.settings.device)
    count = requests.awaited(
        key, f"index {number}",
        lambda ticket: build_index(Scene(ticket, engine, store, project, backbone), indexes, opened), patient=True,
    )  # fmt: skip
    return count is not None


def _nearest(opened: Opened | None, asked: Asked, name: str | None, number: int) -> Found | None:
    indexes = cached.indexes()

    def work(scene: Scene) -> Found:
        return nearest_own(scene, asked) if opened is None else nearest_in(scene, indexes, opened, asked)

    where = opened.digest if opened else OWN
    return requests.explained(f"neighbours {number}", work, where, *asked, backbone=name)


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


def neighbour(found: Sequence[Found]) -> tuple[int, int]:
    """The neighbour to show large: number of the backbone, place among its neighbours; by name for the keyboard."""
    names = {
        (number, at): f"{one.record.backbone + ': ' if len(found) > 1 else ''}{at + 1}. {name}"
        for number, one in enumerate(found)
        for at, name in enumerate(one.record.names)
    }
    if st.session_state.get(CHOSEN) not in names:
        st.session_state[CHOSEN] = 0, 0
    chosen: tuple[int, int] = st.selectbox("Shown large", list(names), format_func=names.__getitem__, key=CHOSEN)
    return chosen


def clicked_neighbour(key: str, found: Sequence[Found]) -> None:
    """Show the clicked neighbour large."""
    points = st.session_state[key]["selection"]["points"]
    number, row = points[0]["customdata"] if points else (0, ALL)
    rows = found[number].record.rows.tolist()
    if row in rows:
        st.session_state[CHOSEN] = number, rows.index(row)
