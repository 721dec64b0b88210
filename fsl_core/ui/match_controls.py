"""What a page that explains a query is asked: which query, which class or picture, which region."""

from typing import Any, Literal, NamedTuple

import streamlit as st

from fsl_core import figures
from fsl_core.figures import Cell
from fsl_core.figures.panes import Pictures
from fsl_core.records import Flow, Regions
from fsl_core.ui import glossary, quiz, session, text, tour
from fsl_core.ui.engine import Pair

QUERY, CLASS, EXAMPLE = "fsl_query", "fsl_class", "fsl_example"  # keys of the select boxes
SIDE = "fsl_side"  # key of the widget that says in which picture a region is selected
KEYS = ROW, COLUMN, REGION = "fsl_row", "fsl_column", "fsl_region"  # and of those that hold the region
COUNTS = "fsl_counts"  # side, and for each of these keys how many numbers it can have: when the page was last drawn
EVERY = "fsl_every_flow"  # key of the toggle

Level = Literal["query", "class", "example"]


class Sides(NamedTuple):
    """The regions of a query and of what it is compared to."""

    query_regions: Regions
    support_regions: Regions


def begin(title: str, verb: str, down_to: Level = "example") -> Pair:
    """The head of a page that explains one query: its title and what is chosen; the page ends here if nothing can be.

    Args:
        verb: what the page does, as in "There is nothing to match yet."
        down_to: what can be chosen here; a page may be about no class, or about a class as a whole. The pair keeps the
            rest.
    """
    st.title(title)
    project = session.project()
    missing = project.what_is_missing()
    if missing:
        tour.here()
        st.info(f"There is nothing to {verb} yet. {text.plain(missing)}", icon=":material/hub:")
        if st.button("Go to Classify", type="primary", icon=":material/category:"):
            st.switch_page("pages/classify.py")
        st.stop()
    chosen = choose(down_to)
    if quiz.is_hidden(project, project.query(chosen.query_id)):
        tour.here()
        st.info("Quiz: guess this picture on Classify first; then it is explained here.", icon=":material/quiz:")
        st.stop()
    return chosen


def choose(down_to: Level = "example") -> Pair:
    """The query and the class or picture to show: the one arrived with, else the first query and its answer."""
    project, current = session.project().in_use, session.pair()
    queries = {query.id: query.picture.name for query in project.queries}
    classes = {image_class.id: image_class for image_class in project.classes}
    boxes = st.columns(2 if down_to == "class" else 3)
    query_id = current.query_id if current else next(iter(queries))
    answer, class_id = project.answer, current.class_id if current else next(iter(classes))
    told = not quiz.is_hidden(project, project.query(query_id))
    if current is None and answer and query_id in answer.query_ids and told:
        best = answer.chosen(query_id)
        class_id = best if best in classes else class_id
    pick(boxes[0], "Query", QUERY, queries, query_id, glossary.explain("query"))
    if down_to == "query":
        chosen = Pair(query_id, class_id, current.picture_id if current else None)
        session.choose_pair(*chosen)
        return chosen
    pick(boxes[1], "Class", CLASS, {key: one.name for key, one in classes.items()}, class_id)
    pictures = {picture.id: picture.name for picture in classes[class_id].pictures}
    several = {"": f"mean of all {len(pictures)} examples"} | pictures
    whole = several if len(pictures) > 1 else {"": "its only example"}
    example = current.picture_id if current and current.picture_id in whole else None
    if down_to == "example":
        pick(boxes[2], "Example", EXAMPLE, whole, example or "", glossary.explain("support"))
    session.choose_pair(query_id, class_id, example)
    return Pair(query_id, class_id, example)


def pick(box: Any, label: str, key: str, names: dict[str, str], current: str, help: str | None = None) -> None:
    """A select box over ids that shows their names; repeated names get a number, as Streamlit goes by what is shown."""
    titles = told_apart(names)
    st.session_state[key] = current  # in every run: the pair may have been chosen elsewhere
    box.selectbox(label, list(names), key=key, format_func=titles.__getitem__, help=help, on_change=_picked)


def told_apart(names: dict[str, str]) -> dict[str, str]:
    """Names by id, where a name that several have is followed by a number."""
    shown = list(names.values())
    return {
        one: name if shown.count(name) == 1 else f"{name} ({shown[: row + 1].count(name)})"
        for row, (one, name) in enumerate(names.items())
    }


def _picked() -> None:
    """What the select boxes say becomes the pair; an example belongs to its class only."""
    state, current = st.session_state, session.pair()
    if CLASS not in state:
        if current:
            session.choose_pair(state[QUERY], current.class_id, current.picture_id)
        return
    kept = current is not None and current.class_id == state[CLASS]
    example = state.get(EXAMPLE, current and current.picture_id) if kept else None
    session.choose_pair(state[QUERY], state[CLASS], example or None)


def clicked(key: str, shown: Pictures | Sides) -> None:
    """Carry a click on a region over to the number fields; a second click on it takes the selection back."""
    points = st.session_state[key]["selection"]["points"]
    side, node = points[0]["customdata"][:2] if points else ("query", None)
    grid = _regions(shown, side).grid
    row, column = (None, None) if node is None or grid is None else divmod(node, grid[1])
    st.session_state.update({SIDE: side, ROW: row, COLUMN: column, REGION: None if grid else node})


def select(shown: Pictures | Sides) -> Cell | None:
    """The selected region, by number fields for those who do not click."""
    fields = st.container(horizontal=True, vertical_alignment="bottom")
    st.session_state.setdefault(SIDE, "query")
    side = fields.segmented_control("Region of", ["query", "support"], required=True, key=SIDE) or "query"
    regions = _regions(shown, side)
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


def _regions(shown: Pictures | Sides, side: str) -> Regions:
    return shown.support_regions if side == "support" else shown.query_regions


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


def how_many(flow: Flow, cell: Cell | None) -> bool:
    """Whether all flows are to be drawn, not only the largest of each region; of a selected region all are."""
    count = len(figures.largest(flow.plan))
    return st.toggle(
        "All flows", key=EVERY, persist_state="session", disabled=cell is not None,
        help=f"Not only the largest of each region: {count} flows, which carry 99.5 % of the mass.",
    )  # fmt: skip
