"""Classify: put an episode together, ask, read the answers."""

import streamlit as st

from fsl_core.ui import (
    answers,
    arrange,
    capture,
    gallery,
    glossary,
    history,
    quiz,
    report,
    reproduce,
    requests,
    results,
    session,
    tour,
    uploads,
)
from fsl_core.ui.project import MAX_QUERIES, MAX_SHOTS
from fsl_core.ui.text import plain
from fsl_core.ui.toolbar import toolbar

requests.keep_up()
pending = requests.pending()
project = session.project()

st.title("Classify")
tour.here("keep")
toolbar()
tour.here("switch")
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fsl_history"):
    history.buttons(project)
    arrange.switch()
arrange.bar(project)

tour.here("examples")
st.header("1 · Examples", help=glossary.explain("support", "way", "shot"))
st.caption(f"A few pictures of each class, 1 to {MAX_SHOTS}. More examples usually mean better answers.")
gallery.class_cards(project)

st.header("2 · Pictures to ask about", help=glossary.explain("query"))
st.caption(f"Up to {MAX_QUERIES}. Where you know the true class, say so: then right and wrong answers are marked.")
uploads.query_inbox()
capture.popover(project)

missing = project.what_is_missing()
with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="fsl_go"):
    st.button(
        "Classify",
        type="primary",
        icon=":material/play_arrow:",
        on_click=requests.classify,
        disabled=missing is not None or pending is not None,
    )
    if missing:
        st.caption(plain(missing))
uploads.show_notices(requests.CLASSIFY)
if pending:
    requests.show_progress(pending, requests.CLASSIFY)

tour.here("answers")
quiz.bar(project)
results.query_cards(project)

if project.answer and answers.answered(project, project.answer):
    st.header("Summary")
    results.summary(project, project.answer)
    results.confusion(project, project.answer)
    report.button(answers.reasons(project, project.answer))
    reproduce.box()
