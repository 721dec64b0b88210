"""Neighbours: the pictures that a backbone takes to be most like a query, in the project or in a data set."""

from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.ui import beside, glossary, indexes, neighbours_controls, screen, session, tour
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.match_controls import begin
from fsl_core.ui.neighbours_jobs import Asked, Found
from fsl_core.ui.scene import CELLS
from fsl_core.ui.text import plain

UNMARKED = "Right and wrong are not marked: the query's true class is unknown, or not among the classes here. "


@st.fragment
def explore(found: list[Found], asked: Asked, narrow: bool) -> None:
    """What depends on the chosen neighbour; another region of the query is asked about on the queue."""
    if neighbours_controls.place() != asked.at:
        st.rerun()
    records = [one.record for one in found]
    key = f"{'narrow' if narrow else 'wide'}_{asked.query_id}_{len(found)}"
    show_clickable(
        figures.neighbours(records, narrow), f"fsl_rows_{key}", "neighbours",
        "The query and its nearest pictures in a row for each backbone, with similarity and class.",
        partial(neighbours_controls.clicked_neighbour, found=found),
    )  # fmt: skip
    st.caption(
        f"{UNMARKED if records[0].query_label < 0 else '✓ is of the query’s class, ✗ of another one. '}"
        f"{records[0].searched} pictures were compared. Click one to see it large.",
        help=glossary.explain("feature_similarity"),
    )
    tour.here("large")
    left, right = st.columns([3, 2], gap="large")
    with right:
        neighbours_controls.region(found[0].grid)
        number, place = neighbours_controls.neighbour(found)
        record = records[number]
        st.metric("Similarity", f"{record.similarity[place]:.4f}", help=glossary.explain("feature_similarity"))
        with st.container(key="fsl_neighbour_formula"):
            st.markdown(plain(record.formula(place)))
        st.caption(f"By {plain(record.backbone)}: {plain(record.names[place])}.")
    with left:
        grid = found[number].grid
        show_clickable(
            figures.neighbour(record, place, grid, narrow), f"fsl_large_{number}_{key}", "neighbour",
            "The query and the chosen neighbour, large, with the regions framed that were compared.",
            partial(neighbours_controls.clicked_region, grid=grid),
        )  # fmt: skip
        st.caption("Click a region of the query to find what is most like it alone; click it again for the whole.")


chosen = begin("Neighbours", "look up", down_to="query")
st.markdown(
    "Which pictures does a backbone take to be **most alike**? Those whose features point most nearly in the direction "
    "of the query's (Ouali, Hudelot, Tami, ECML PKDD 2021, figure 2 and appendix E.1)."
)
tour.here("data_set")
ready, data = indexes.source("neighbours")
how_many, other_box = st.columns([1, 2])
with how_many:
    count = neighbours_controls.count()
with other_box:
    other = beside.choose("Another backbone looks for neighbours of the same query in the same pictures.")
if session.project().settings.regions != CELLS:
    st.caption("The project looks at patches; here whole pictures and the regions of their feature maps are compared.")
tour.here("neighbours")
if ready:
    backbones = [None, other] if other else [None]
    asked = Asked(chosen.query_id, count, neighbours_controls.place())
    found = neighbours_controls.find(data, asked, backbones)
    if found is None:
        tour.here("large")
        neighbours_controls.way_back()
    else:
        explore(found, asked, screen.is_narrow())
else:
    tour.here("large")
