"""Matching: which regions of a query went to which regions of a class, and how that adds up to the logit."""

from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.ui import glossary, quiz, requests, screen, session, text, tour
from fsl_core.ui.chart import show, show_clickable
from fsl_core.ui.engine import Match, Pair
from fsl_core.ui.match_controls import choose, clicked, select

TILES = "Every tile is a region of its own, and parts of the picture are in several of them. "


def say(match: Match, cell: figures.Cell | None) -> None:
    """The formula with its numbers, and the flows behind it as a table."""
    flow = match.flow
    st.markdown(
        f"**logit** = temperature · Σ flow · similarity = {flow.temperature:g} · {flow.score:.4f} = "
        f"**{flow.contributions.sum():.4f}**; the classifier says {flow.logit:.4f}, residual {abs(flow.residual):.0e}",
        help=glossary.explain("logit", "temperature", "flow", "similarity"),
    )
    numbers = st.columns(4)
    numbers[0].metric("Score", f"{flow.score:.3f}", help="Flow-weighted mean similarity, at most 1.")
    numbers[1].metric("Logit", f"{flow.logit:.3f}", help=glossary.explain("logit"))
    numbers[2].metric("Solver", match.solver)
    numbers[3].metric("Time", f"{1000 * match.seconds:.0f} ms", help="Weights, similarities and plan of this pair.")
    pairs = figures.flows_of(flow, cell) if cell else figures.strongest(flow)[::-1]
    rows = [
        {
            "query region": flow.query_regions.name(query),
            "support region": flow.support_regions.name(support),
            "flow (% of the mass)": 100 * flow.plan[query, support],
            "similarity": flow.similarity[query, support],
            "adds to the logit": flow.flow_contributions[query, support],
        }
        for query, support in pairs
    ]
    what = "All flows of the selected region" if cell else "The strongest flows"
    st.dataframe(rows, hide_index=True, alt=f"Table: {what.lower()} with mass, similarity and part of the logit.")
    naming = "regions are (row, column), counted from 0" if flow.query_regions.grid else "all numbers count from 0"
    st.caption(f"{what}, largest first; {naming}.")


@st.fragment
def explore(match: Match, chosen: Pair, narrow: bool) -> None:
    """What depends on the selected region; a click runs only this again, without any model work."""
    place = st.container()
    cell, flow = select(match.flow), match.flow
    alt = "Query and support picture side by side; bands join the regions between which mass flows."
    key = f"fsl_bands_{'narrow' if narrow else 'wide'}_{'_'.join(map(str, chosen))}"
    with place:
        show_clickable(figures.matching(flow, cell, narrow), key, "matching", alt, partial(clicked, flow=flow))
    place.caption(
        f"{'' if flow.query_regions.grid else TILES}Bright regions carry much weight. Click a region of either picture "
        "to see where its mass goes; click it again to see the strongest flows."
    )
    tour.here("formula")
    with st.container(key="fsl_formula"):
        say(match, cell)
    row = cell.node if cell and cell.side == "query" else None
    left, right = st.columns(2)
    with left:
        show(figures.plan_heatmap(flow, row), "plan", "The plan: how much of the mass flows from each query region to "
             "each support region.", "Heat map of the transport plan, query by support regions.", "flow")  # fmt: skip
    with right:
        show(figures.similarity_heatmap(flow, row), "similarity", "How alike the regions are: orange is alike, blue is "
             "opposite.", "Heat map of the similarity of query and support regions.", "similarity")  # fmt: skip


st.title("Matching")
missing = session.project().what_is_missing()
if missing:
    tour.here("regions", "formula")
    st.info(f"There is nothing to match yet. {text.plain(missing)}", icon=":material/hub:")
    if st.button("Go to Classify", type="primary", icon=":material/category:"):
        st.switch_page("pages/classify.py")
    st.stop()
chosen = choose()
if quiz.is_hidden(session.project(), session.project().query(chosen.query_id)):
    st.info("Quiz: guess this picture on Classify first; then its matching is shown here.", icon=":material/quiz:")
    st.stop()
if session.project().settings.classifier != "deepemd":
    st.info("The chosen classifier matches no regions; this page matches the same features with DeepEMD.")
if chosen.picture_id is None and len(session.project().image_class(chosen.class_id).pictures) > 1:
    st.caption(
        "A class of several examples is the mean of their feature maps; behind it lies the mean of their pixels."
    )
tour.here("regions")
match = requests.match(chosen)
if match is None:
    tour.here("formula")
else:
    narrow = screen.is_narrow()
    explore(match, chosen, narrow)
    show(
        figures.reconstruction(match.flow, match.reconstruction),
        "reconstruction",
        "The query rebuilt from its best matching support patches, each as bright as its region is heavy.",
        "The query beside its reconstruction.",
    )
    left, right = st.columns(2)
    with left:
        show(figures.contributions(match.flow, narrow), "contributions", "What each region adds to the logit (orange) "
             "or takes from it (blue).", "Heat map of the contributions over the query.")  # fmt: skip
    with right:
        show(figures.weights(match.flow, narrow=narrow), "weights", "How much each region of the query counts.",
             "Heat map of the weights over the query.", "weight")  # fmt: skip
