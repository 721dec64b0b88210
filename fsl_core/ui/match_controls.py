"""What the Matching page is asked: which query, which class or picture, which region."""

from typing import Any

import streamlit as st

from fsl_core.figures import Cell
from fsl_core.records import Flow, Regions
from fsl_core.ui import glossary, quiz, session
from fsl_core.ui.engine import Pair

SIDE = "fsl_side"  # key of the widget that says in which picture a region is selected
KEYS = ROW, COLUMN, REGION = "fsl_row", "fsl_column", "fsl_region"  # and of those that hold the region
COUNTS = "fsl_counts"  # side, and for each of these keys how many numbers it can have: when the page was last drawn


def choose() -> Pair:
    """The query and the class or picture to show: the one arrived with, else the first query and its answer."""
    project, current = session.project().in_use, session.pair()
    queries = {query.id: query.picture.name for query in project.queries}
    classes = {image_class.id: image_class for image_class in project.classes}
    boxes = st.columns(3)
    query_id = pick(boxes[0], "Query", queries, current.query_id if current else None, glossary.explain("query"))
    answer, class_id = project.answer, current.class_id if current else None
    told = not quiz.is_hidden(project, project.query(query_id))
    if class_id is None and answer and query_id in answer.query_ids and told:
        row = answer.probabilities[answer.query_ids.index(query_id)]
        class_id = answer.class_ids[row.index(max(row))]
    class_id = pick(boxes[1], "Class", {key: one.name for key, one in classes.items()}, class_id)
    pictures = {picture.id: picture.name for picture in classes[class_id].pictures}
    several = {"": f"mean of all {len(pictures)} examples"} | pictures
    whole = several if len(pictures) > 1 else {"": "its only example"}
    same_class = current is not None and current.class_id == class_id
    example = current.picture_id if current and same_class else None
    picture_id = pick(boxes[2], "Example", whole, example, glossary.explain("support"))
    session.choose_pair(query_id, class_id, picture_id or None)
    return Pair(query_id, class_id, picture_id or None)


def pick(box: Any, label: str, names: dict[str, str], current: str | None, help: str | None = None) -> str:
    """A select box over ids that shows their names; repeated names get a number, as Streamlit goes by what is shown."""
    ids, shown = list(names), list(names.values())
    titles = {
        key: name if shown.count(name) == 1 else f"{name} ({shown[: row + 1].count(name)})"
        for row, (key, name) in enumerate(names.items())
    }
    row = ids.index(current) if current in ids else 0
    chosen: str = box.selectbox(label, ids, row, format_func=titles.__getitem__, help=help)
    return chosen


def clicked(key: str, flow: Flow) -> None:
    """Carry a click on a region over to the number fields; a second click on it takes the selection back."""
    points = st.session_state[key]["selection"]["points"]
    side, node = points[0]["customdata"] if points else ("query", None)
    grid = _regions(flow, side).grid
    row, column = (None, None) if node is None or grid is None else divmod(node, grid[1])
    st.session_state.update({SIDE: side, ROW: row, COLUMN: column, REGION: None if grid else node})


def select(flow: Flow) -> Cell | None:
    """The selected region, by number fields for those who do not click."""
    fields = st.container(horizontal=True, vertical_alignment="bottom")
    st.session_state.setdefault(SIDE, "query")
    side = fields.segmented_control("Region of", ["query", "support"], required=True, key=SIDE)
    regions = _regions(flow, side)
    _forget_what_is_gone(side, regions)
    if regions.grid:
        row = _number(fields, "Row", ROW, regions.grid[0], "From the top, starting at 0.")
        column = _number(fields, "Column", COLUMN, regions.grid[1], "From the left, from 0.")
        node = None if row is None or column is None else row * regions.grid[1] + column
    else:
        numbering = f"From 0 ({regions.name(0)}) to {len(regions) - 1} ({regions.name(len(regions) - 1)})."
        node = _number(fields, "Region", REGION, len(regions), numbering)
    if any(st.session_state.get(key) is not None for key in KEYS):
        fields.button("Clear", on_click=st.session_state.update, args=[dict.fromkeys(KEYS)])
    if node is None:
        return None
    if not regions.grid:
        st.caption(f"{side.capitalize()} region {node} is {regions.name(node)}.")
    return Cell("support" if side == "support" else "query", node)


def _regions(flow: Flow, side: str) -> Regions:
    return flow.support_regions if side == "support" else flow.query_regions


def _forget_what_is_gone(side: str, regions: Regions) -> None:
    """Empty the fields whose number another picture, side or backbone left behind where there is no such region."""
    counts = dict(zip(KEYS, (*regions.grid, 0) if regions.grid else (0, 0, len(regions)), strict=True))
    if st.session_state.get(COUNTS) != (side, counts):
        st.session_state[COUNTS] = side, counts
        gone = [key for key, count in counts.items() if (st.session_state.get(key) or 0) >= count]
        st.session_state.update(dict.fromkeys(gone))


def _number(box: Any, label: str, key: str, count: int, help: str) -> int | None:
    """A number field for 0 to `count` - 1; None while it is empty or, with a sentence that says so, outside of that."""
    number: int | None = box.number_input(label, value=None, step=1, key=key, help=help, width=130)
    if number is None or 0 <= number < count:
        return number
    st.warning(
        f"{label} {number} does not exist here: choose a number from 0 to {count - 1}."
        if count > 1
        else f"{label} {number} does not exist here: there is only {label.lower()} 0."
    )
    return None
