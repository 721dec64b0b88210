"""Heat maps: which places of a query speak for a class, by several methods, and whether to believe them."""

import streamlit as st

from fsl_core import figures
from fsl_core.records import Saliency
from fsl_core.ui import (
    glossary,
    heat_badge,
    heat_controls,
    heat_jobs,
    heat_methods,
    object_box,
    papers,
    screen,
    tour,
)
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.heat_jobs import Judgement
from fsl_core.ui.match_controls import begin
from fsl_core.ui.text import plain


@st.fragment
def explore(saliency: Saliency, key: str, narrow: bool) -> None:
    """The map and the formula of a cell; a click runs only this again, without any model work."""
    place = st.container()
    cell = None if saliency.fault else heat_controls.cell(saliency)
    alt = f"The query, and over its grey pixels the heat map of {saliency.title} for the {saliency.target}."
    with place:
        show_clickable(
            figures.saliency(saliency, cell, narrow), key, "heat_map", alt, heat_controls.clicked,
            heat_controls.references([saliency.method]),
        )  # fmt: skip
    if saliency.fault:
        st.warning(plain(saliency.fault), icon=":material/blur_off:")
        st.caption("Choose another sign, the difference to another class, another layer or another method.")
        return
    fine = " So fine a map shows its largest values in one colour." if figures.is_fine(saliency) else ""
    place.caption(
        "Orange speaks for the target, blue against it. Click a place, in the picture or in the map, to see its number."
        + fine
        if saliency.sign == "all" and saliency.signed
        else "The stronger the orange, the more a place counts. Click one to see its number." + fine
    )
    heat_controls.formula(saliency, cell)


@st.fragment
def believe(judgement: Judgement, query_id: str, narrow: bool) -> None:
    """The verdict on the map, what it rests on, and what of the map lies on the object."""
    heat_badge.badge(judgement.verdict)
    if judgement.saliency and judgement.belief:
        with st.expander("What the verdict rests on", icon=":material/query_stats:"):
            heat_badge.details(judgement.belief, narrow)
        saliency, belief = judgement.saliency, judgement.belief
        st.subheader("Is the map on the object?")
        object_box.locate(
            query_id, lambda: figures.overlay(saliency, None, narrow), "The heat map over the grey picture.",
            lambda mask: heat_badge.on_object(saliency, belief, mask),
            f"{heat_controls.references([saliency.method])}; {papers.POINTING}",
        )  # fmt: skip


chosen = begin("Heat maps", "explain", down_to="class")
st.markdown(
    "A heat map marks the places of the query that speak for the class. It is a claim about the model, and it can be "
    "wrong, so each map is put to the test."
)
each = heat_controls.choose(chosen)
tour.here("heat")
saliency = heat_jobs.heat_map(each[0]) if each else None
if saliency:
    narrow = screen.is_narrow()
    st.markdown(f"**{plain(saliency.target)}** = {saliency.score:.4f}", help=glossary.explain("logit"))
    explore(saliency, f"fsl_heat_map_{'_'.join(map(str, each[0][:4]))}", narrow)
    tour.here("believe")
    st.header("Can I believe it?")
    judgement = heat_jobs.judged(each[0], saliency)
    if judgement:
        believe(judgement, chosen.query_id, narrow)
        heat_methods.compare(each, narrow)
    else:
        tour.here("all_methods")
else:
    tour.here("believe", "all_methods")
