"""What one principal component sees: the images at its two ends, and where in them and in the query it sees it."""

import streamlit as st

from fsl_core import figures
from fsl_core.records import ComponentMap, Regions
from fsl_core.ui import glossary, match_controls, papers, requests, session
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.indexes import Opened
from fsl_core.ui.space_jobs import COMPONENTS, Seen, see
from fsl_core.ui.space_spectrum import COMPONENT
from fsl_core.ui.space_spectrum import clicked as chosen_by_click

FIELD, QUERY, IMAGE = "fsl_component_number", "fsl_component_query", "fsl_component_image"  # keys of widgets
ROW, COLUMN = "fsl_component_row", "fsl_component_column"


def section(normalised: bool, centred: bool, data: Opened | None, narrow: bool) -> None:
    """The whole view: which component and query, the ends, the maps."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="fsl_component_fields"):
        st.session_state[FIELD] = _number()
        st.number_input("Component", 1, COMPONENTS, key=FIELD, width=160, on_change=_typed,
                        help=glossary.explain("component"))  # fmt: skip
        query = _query()
    number = _number() - 1
    seen: Seen | None = requests.explained(
        "component", lambda scene: see(scene, number, normalised, centred, data, query),
        number, normalised, centred, data.chosen if data else None, query, patient=data is not None,
    )  # fmt: skip
    if seen is None:
        return
    if seen.ends.number < number:
        st.caption(f"These pictures spread along {len(seen.shares)} components only, so the last one is shown.")
    explore(seen, (number, query), narrow)


def _number() -> int:
    """The chosen component, from 1; the spectrum may have chosen one that is not looked at here."""
    return min(max(int(st.session_state.get(COMPONENT, 1)), 1), COMPONENTS)


def _query() -> str | None:
    """The query that all pages speak of, which can be changed here; None = there is none."""
    project, pair = session.project().in_use, session.pair()
    if not project.queries or not project.classes:
        return None
    titles = match_controls.told_apart({query.id: query.picture.name for query in project.queries})
    st.session_state[QUERY] = pair.query_id if pair else project.queries[0].id  # in every run: as `match_controls.pick`
    st.selectbox("Query", list(titles), key=QUERY, format_func=titles.__getitem__, on_change=_picked,
                 help=glossary.explain("query"))  # fmt: skip
    found: str = st.session_state[QUERY]
    return found


def _picked() -> None:
    pair, classes = session.pair(), session.project().in_use.classes
    session.choose_pair(st.session_state[QUERY], pair.class_id if pair else classes[0].id)


def _typed() -> None:
    st.session_state[COMPONENT] = st.session_state[FIELD]


@st.fragment
def explore(seen: Seen, asked: tuple[int, str | None], narrow: bool) -> None:
    """The shares, the ends, and two maps whose cells can be clicked; a click runs only this again, but for a bar.

    Args:
        asked: the component, from 0, and the query.
    """
    if _number() - 1 != asked[0]:  # a bar was clicked
        st.rerun()
    left, right = st.columns([3, 7], gap="large")
    with left:
        alt = "Bars: share of the variance along each of the first components."
        shares = figures.shares(seen.shares, seen.ends.number)
        show_clickable(shares, f"fsl_shares_{asked[0]}", "shares", alt, chosen_by_click, papers.PCA)
        st.caption("How much of what differs between the pictures lies along each component. Click one to look at it.")
    with right:
        key = f"fsl_ends_{seen.ends.number}_{len(seen.maps)}_{narrow}"
        alt = "The images with the highest and the lowest coordinates, each with its map below it."
        show_clickable(figures.component(seen.ends, narrow, seen.maps), key, "ends", alt, _clicked_image, papers.PCA)
        st.caption(
            "What the pictures of one end have in common, and those of the other end have not, is what this component "
            "sees; which end is called high is a convention. Click a picture to see its map large."
        )
    maps(seen, asked)


def maps(seen: Seen, asked: tuple[int, str | None]) -> None:
    """The map on the chosen picture of the ends and on the query, with their formulas."""
    fields = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with fields:
        place = _image(seen)
    grid = Regions(seen.maps[0].boxes).grid or (len(seen.maps[0].values), 1)
    node = _cell(fields, grid)
    shown = [(seen.ends.names[place], seen.maps[place])] + ([("Your query", seen.query)] if seen.query else [])
    limit = max(float(abs(one.values).max()) for _, one in shown)
    for number, (box, (title, one)) in enumerate(zip(st.columns(2, gap="large"), shown, strict=False)):
        with box:
            figure = figures.component_map(one, title, node, limit)
            alt = f"Map of component {one.number + 1} on {title}: orange is high, blue is low."
            show_clickable(figure, f"fsl_see_{number}_{place}_{asked}", f"component_{number}", alt,
                           lambda key: _clicked_cell(key, grid), papers.PCA)  # fmt: skip
            say(one, node)


def say(found: ComponentMap, node: int | None) -> None:
    """How the cells make the coordinate, with the numbers of the selected cell."""
    text = found.formula()
    st.markdown(f"{text[0].upper()}{text[1:]}.")
    if node is not None:
        text = found.formula_of(node)
        st.markdown(f"{text[0].upper()}{text[1:]}.")
    else:
        st.caption("Click a cell to see what it adds.")


def _image(seen: Seen) -> int:
    """Place of the image that is shown large; at first the one with the highest coordinate."""
    names = dict(enumerate(f"{name} ({at:+.3f})" for name, at in
                           zip(seen.ends.names, seen.ends.coordinates.tolist(), strict=True)))  # fmt: skip
    rows = {int(row): place for place, row in enumerate(seen.ends.rows)}
    chosen = rows.get(st.session_state.get(IMAGE, -1), len(rows) - 1)
    st.session_state[f"{IMAGE}_place"] = chosen
    st.selectbox(
        "Picture", list(names), key=f"{IMAGE}_place", format_func=names.__getitem__, width=420,
        on_change=lambda: st.session_state.update({IMAGE: int(seen.ends.rows[st.session_state[f"{IMAGE}_place"]])}),
    )  # fmt: skip
    return chosen


def _clicked_image(key: str) -> None:
    points = st.session_state[key]["selection"]["points"]
    if points:
        st.session_state[IMAGE] = points[0]["customdata"][0]


def _clicked_cell(key: str, grid: tuple[int, int]) -> None:
    """Carry a click on a cell over to the number fields; a second click takes it back."""
    points = st.session_state[key]["selection"]["points"]
    row, column = divmod(points[0]["customdata"][1], grid[1]) if points else (None, None)
    st.session_state.update({ROW: row, COLUMN: column})


def _cell(box: st.delta_generator.DeltaGenerator, grid: tuple[int, int]) -> int | None:
    """The selected cell of both maps, by number fields for those who do not click; None = none."""
    for key, count in zip((ROW, COLUMN), grid, strict=True):
        if (st.session_state.get(key) or 0) >= count:
            st.session_state[key] = None
    row = box.number_input("Row", 0, grid[0] - 1, value=None, key=ROW, help="From the top, starting at 0.", width=130)
    column = box.number_input("Column", 0, grid[1] - 1, value=None, key=COLUMN, width=130,
                              help="From the left, starting at 0.")  # fmt: skip
    return None if row is None or column is None else int(row * grid[1] + column)
