"""What the Matching page is asked: which query, which class or picture, which region."""

from typing import Any

import streamlit as st

from fsl_core.figures import Cell
from fsl_core.records import Flow
from fsl_core.ui import glossary, quiz, session
from fsl_core.ui.engine import Pair

SIDE, ROW, COLUMN = "fsl_side", "fsl_row", "fsl_column"  # keys of the widgets that hold the selected region


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


def clicked(key: str) -> None:
    """Carry a click on a region over to the number fields; a second click on it takes the selection back."""
    points = st.session_state[key]["selection"]["points"]
    side, row, column = points[0]["customdata"] if points else ("query", None, None)
    st.session_state.update({SIDE: side, ROW: row, COLUMN: column})


def select(flow: Flow) -> Cell | None:
    """The selected region, by number fields for those who do not click."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state.setdefault(SIDE, "query")
        side = st.segmented_control("Region of", ["query", "support"], required=True, key=SIDE)
        rows, columns = flow.query_grid if side == "query" else flow.support_grid
        for key, count in ((ROW, rows), (COLUMN, columns)):
            if (st.session_state.get(key) or 0) >= count:  # another backbone or side has fewer regions
                st.session_state[key] = None
        row = st.number_input("Row", 0, rows - 1, None, key=ROW, help="From the top, starting at 0.", width=130)
        column = st.number_input("Column", 0, columns - 1, None, key=COLUMN, help="From the left, from 0.", width=130)
        if row is not None:
            st.button("Clear", on_click=st.session_state.update, args=[{ROW: None, COLUMN: None}])
    if row is None or column is None:
        return None
    return Cell("support" if side == "support" else "query", row * columns + column)
