"""Matching: which regions of a query went to which regions of a class, and how that adds up to the logit."""

from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.records import Flow
from fsl_core.ui import glossary, match_options, papers, requests, screen, tour, what_if
from fsl_core.ui.chart import show, show_clickable
from fsl_core.ui.engine import Match, Pair
from fsl_core.ui.flow_table import flow_table
from fsl_core.ui.match_controls import begin, clicked, how_many, select
from fsl_core.ui.options import choice_title
from fsl_core.ui.two_solvers import two_solvers

TILES = "Every tile is a region of its own, and parts of the picture are in several of them. "


def say(match: Match) -> None:
    """The formula with its numbers."""
    flow = match.flow
    st.markdown(
        f"**logit** = temperature · Σ flow · similarity = {flow.temperature:g} · {flow.score:.4f} = "
        f"**{flow.contributions.sum():.4f}**; the classifier says {flow.logit:.4f}, residual {abs(flow.residual):.0e} "
        f"({papers.SCORE})",
        help=glossary.explain("logit", "temperature", "flow", "similarity"),
    )
    numbers = st.columns(4)
    was = match.what_if.before if match.what_if.emphasis else None
    scored, counted = (f"{flow.score - was.score:+.3f}", f"{flow.logit - was.logit:+.3f}") if was else (None, None)
    numbers[0].metric("Score", f"{flow.score:.3f}", scored, help="Flow-weighted mean similarity, at most 1.")
    numbers[1].metric("Logit", f"{flow.logit:.3f}", counted, help=glossary.explain("logit"))
    numbers[2].metric("Solver", choice_title(match.solver))
    numbers[3].metric("Time", f"{1000 * match.seconds:.0f} ms", help="What it took to match the query to all classes.")


def every_pair(flow: Flow, cell: figures.Cell | None) -> None:
    """The plan and the similarity as matrices; the row of the selected query region is marked."""
    row = cell.node if cell and cell.side == "query" else None
    left, right = st.columns(2)
    with left:
        show(figures.plan_heatmap(flow, row), "plan", "The plan: how much of the mass flows from each query region to "
             "each support region.", "Heat map of the transport plan, query by support regions.", "flow")  # fmt: skip
    with right:
        show(figures.similarity_heatmap(flow, row), "similarity", "How alike the regions are: orange is alike, blue is "
             "opposite.", "Heat map of the similarity of query and support regions.", "similarity")  # fmt: skip


@st.fragment
def explore(match: Match, chosen: Pair, narrow: bool) -> None:
    """What depends on the selected region; a click runs only this again, without any model work."""
    changed = match.what_if.emphasis
    if what_if.emphasis(chosen) != changed:
        st.rerun()
    place = st.container()
    cell, flow = select(match.flow), match.flow
    alt = "Query and support picture side by side; bands join the regions between which mass flows."
    alt += f" Changed: {what_if.listed(flow, changed)}." if changed else ""
    key = f"fsl_bands_{'narrow' if narrow else 'wide'}_{'_'.join(map(str, chosen))}"
    with place:
        every, take = how_many(flow, cell), partial(clicked, shown=flow)
        show_clickable(figures.matching(flow, cell, narrow, every, changed), key, "matching", alt, take)
    place.caption(
        f"{'' if flow.query_regions.grid else TILES}Bright regions carry much weight. Click a region of either picture "
        "to see where its mass goes; click it again to see the strongest flows."
    )
    what_if.card(match.what_if, chosen, cell)
    tour.here("formula")
    with st.container(key="fsl_formula"):
        say(match)
    by_flow, by_pair = st.tabs(["Flow by flow", "Every pair of regions"], key="fsl_matching_detail", on_change="rerun")
    if by_flow.open:  # what is not looked at is not drawn: a click has to be answered at once
        with by_flow:
            flow_table(flow, cell)
    else:
        with by_pair:
            every_pair(flow, cell)


chosen = begin("Matching", "match")
match_options.options()
match_options.explain_what_is_shown(chosen)
tour.here("regions")
match = requests.match(chosen, what_if.emphasis(chosen))
if match is None:
    what_if.way_back(chosen)
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
    if match.what_if.emphasis:
        show(figures.plan_difference(match.flow, match.what_if.before), "changed_plan", "What changed in the plan: "
             "more flow (orange) or less (blue) than before.",
             "Heat map of the change of the transport plan.")  # fmt: skip
    two_solvers(match.flow)
