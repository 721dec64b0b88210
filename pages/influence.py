"""Influence: what each example does to each answer, by leaving it out."""

import streamlit as st

from fsl_core import figures
from fsl_core.records import Influence
from fsl_core.ui import glossary, history, influence_card, influence_jobs, requests, screen, session, tour, uploads
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import begin
from fsl_core.ui.project import Project


@st.fragment
def explore(record: Influence, project: Project, chosen: Pair, narrow: bool) -> None:
    """Bars for the chosen query, the chosen example beside them, all queries below; a click chooses what is clicked.

    Args:
        project: what is in use of it, as the record speaks of it.
    """
    if session.pair() != chosen or session.project().in_use.classes != project.classes:
        st.rerun()
    measure = influence_card.measure()
    choice = influence_card.choose(record, project, chosen, measure)
    key = "_".join(str(part)[:16] for part in (*chosen, measure, narrow))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader("Examples, the strongest first")
        bars = figures.influence_bars(
            record, choice.query, measure, influence_card.thumbnails(project), choice.image, narrow
        )
        show_clickable(
            bars, f"fsl_influence_bars_{key}", "influence", influence_card.in_words(record, choice, measure),
            lambda key: influence_card.clicked(key, project, choice.query),
        )  # fmt: skip
        st.caption(influence_card.BARS_SAID)
    with right:
        tour.here("without")
        influence_card.card(record, choice, project)
    tour.here("matrix")
    st.subheader("Every example, every query")
    shown = influence_card.shown(record, project, narrow)
    show_clickable(
        figures.influence_matrix(record, measure, shown, (choice.image, choice.query), narrow),
        f"fsl_influence_matrix_{key}", "influence_matrix",
        "Matrix of influences: examples in rows, queries in columns, a cross where the answer changes.",
        lambda key: influence_card.clicked(key, project, choice.query),
    )  # fmt: skip
    st.caption(
        "A cross: without the example the query gets another answer. Click a cell to see its two pictures above."
    )


chosen = begin("Influence", "weigh up")
st.markdown(influence_card.INTRODUCTION, help=glossary.explain("influence", "support"))
project = session.project()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fsl_history"):
    history.buttons(project)
uploads.show_notices(uploads.CLASSES)
tour.here("influence")
record = requests.explained("influence", influence_jobs.influence)
if record is not None:
    influence_card.overview(record, project)
    explore(record, project.in_use, chosen, screen.is_narrow())
else:
    tour.here("without", "matrix")
