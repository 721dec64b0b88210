"""All methods of heat maps side by side, each with its verdict."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.ui import heat_badge, heat_controls, heat_jobs, tour
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.heat_jobs import Asked, Judgement
from fsl_core.ui.text import plain

COMPARED = "fsl_heat_compared"  # Asked: the question that all methods were asked; in the session's state


def compare(each: Sequence[Asked], narrow: bool) -> None:
    """All methods side by side, once the person has asked for them."""
    tour.here("all_methods")
    st.header("All methods side by side")
    question = each[0]._replace(method="", options=())
    if st.session_state.get(COMPARED) != question:
        st.markdown("Every method answers the same question in its own way; where they disagree, believe none blindly.")
        st.button(
            f"Compare all {len(each)} methods", icon=":material/grid_view:", key="fsl_heat_compare",
            on_click=st.session_state.__setitem__, args=(COMPARED, question),
        )  # fmt: skip
        return
    place = st.container()
    done = heat_jobs.compared(each)
    with place:
        _lay_out(each, done, narrow)


def _lay_out(each: Sequence[Asked], done: Sequence[Judgement], narrow: bool) -> None:
    """The maps that are there, and their numbers."""
    from fsl_core.explain import ATTRIBUTIONS

    titles = [ATTRIBUTIONS[asked.method].title for asked in each]
    shown = [
        (asked.method, figures.Judged(one.saliency, heat_badge.marked(one.verdict.word)))
        for asked, one in zip(each, done, strict=False)
        if one.saliency
    ]
    if shown:
        names, maps = zip(*shown, strict=True)
        show_clickable(
            figures.saliencies(maps, narrow), f"fsl_heat_all_{'_'.join(names)}", "heat_maps",
            "Heat maps of the query by several methods, each with its verdict.",
            partial(heat_controls.pick_method, names=names), heat_controls.references(names),
        )  # fmt: skip
        st.caption("Each on a colour scale of its own; with the options chosen for it. Click a map to see it large.")
    for title, one in zip(titles, done, strict=False):
        if one.saliency is None:
            st.caption(f"{title}: {plain(one.verdict.sentence)}")
    if done:
        heat_badge.table(done, titles[: len(done)])
