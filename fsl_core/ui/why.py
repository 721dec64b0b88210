"""What the page Why? shows of a query and a class: each panel asks for its own explanation and leads to its page."""

from dataclasses import replace
from functools import partial

import streamlit as st

from fsl_core import figures
from fsl_core.records import Flow, Saliency
from fsl_core.ui import (
    answers,
    beside,
    gallery,
    glossary,
    heat_badge,
    heat_controls,
    heat_jobs,
    match_controls,
    neighbours_controls,
    neighbours_jobs,
    papers,
    requests,
    session,
    uploads,
)
from fsl_core.ui.chart import show_clickable
from fsl_core.ui.engine import UNCHANGED, Pair
from fsl_core.ui.neighbours_jobs import Found
from fsl_core.ui.scene import CELLS
from fsl_core.ui.text import plain

NEAREST = "why nearest"  # role
EXAMPLE = "fsl_why_example"  # key of the widget that says which of the nearest examples is chosen
SHOWN = 8  # nearest examples
SIDE = 260  # of a picture of the matching in pixels
PAGES = {  # file of a page -> what one sees there
    "matching": "Which region went where, and what if one weighed more.",
    "weights": "How much each region counts, and by which rule.",
    "alignment": "How attention aligns two pictures.",
    "heat_maps": "Where the classifier looks, and whether to believe it.",
    "neighbours": "The closest pictures of a whole data set.",
    "feature_space": "How the classes lie in the space of features.",
    "influence": "What each example does to each answer.",
}


def answer(pair: Pair) -> None:
    """What was answered, and what is explained here."""
    project = session.project().in_use
    image_class, given = project.image_class(pair.class_id), project.answer
    if given is None or not project.is_current(pair.query_id, session.weights()):
        uploads.show_notices(requests.CLASSIFY)
        st.info("The answer to this picture as things are now is not there yet.", icon=":material/help:")
        if requests.pending() is None and st.button("Ask for it", icon=":material/play_arrow:"):
            requests.classify()
            st.rerun()
        return
    table = answers.scores(project, given)
    row = table.probabilities[[query.id for query in answers.answered(project, given)].index(pair.query_id)]
    first, clarity = answers.in_words(table.class_names, row)
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", key="fsl_why_answer"):
        with st.container(width=120):
            gallery.thumbnail(project.id, project.query(pair.query_id).picture, "Query")
        with st.container(gap="small"):
            st.markdown(f"**Most like {plain(first)}**, {plain(clarity)}. {_asked(first, image_class.name)}")
            st.html(answers.bars(table.class_names, row))


def _asked(first: str, asked: str) -> str:
    """What stands below, in words."""
    if first == asked:
        return "Below is what speaks for it; choose another class above to see what speaks for that."
    return f"Below is what speaks for **{plain(asked)}** all the same."


def matching(pair: Pair, narrow: bool) -> None:
    """Which regions were matched, and the score that they add up to."""
    st.markdown("**Which regions match**", help=glossary.explain("flow"))
    if session.project().settings.classifier != "deepemd":
        st.caption("The chosen classifier matches no regions; here DeepEMD matches the same features.")
    found = requests.match(pair, UNCHANGED)
    if found is not None:
        _regions(found.flow, pair, narrow)
    _way("matching", "See the matching")


@st.fragment
def _regions(flow: Flow, pair: Pair, narrow: bool) -> None:
    """The strongest flows, or those of a region, and what they add; a click runs only this again."""
    place = st.container()
    cell = match_controls.select(flow)
    said = (
        f"DeepEMD's logit = temperature · Σ flow · similarity = {flow.temperature:g} · {flow.score:.3f} = "
        f"{flow.logit:.2f}, residual {abs(flow.residual):.0e}"
    )
    with place:
        show_clickable(
            figures.matching(flow, cell, narrow, side=None if narrow else SIDE),
            f"fsl_why_bands_{narrow}_{'_'.join(map(str, pair))}", "why_matching",
            f"The query and the class's picture; bands join the regions between which most mass flows. {said}.",
            partial(match_controls.clicked, shown=flow), papers.DEEPEMD,
        )  # fmt: skip
        st.caption(f"{said} ({papers.SCORE}). Click a region to see what it adds.")
    if cell:
        with st.container(key="fsl_why_formula"):
            st.markdown(figures.flow_formula(flow, cell))


def heat_map(pair: Pair) -> None:
    """Where the classifier looks, and whether to believe it."""
    st.markdown("**Where the classifier looks**", help=glossary.explain("heat"))
    if session.project().settings.regions != CELLS:
        st.caption("The project looks at patches; this is about the whole picture.")
    found = requests.explained(heat_jobs.HEAT, partial(heat_jobs.usual_map, pair=pair), "usual", *pair)
    if found is not None:
        _places(found, pair)
        judged = heat_jobs.judged(heat_jobs.Asked(pair.query_id, pair.class_id, None, found.method), found)
        if judged is not None:
            heat_badge.badge(judged.verdict)
    _way("heat_maps", "See the heat maps")


@st.fragment
def _places(saliency: Saliency, pair: Pair) -> None:
    """The map and the formula of a place; a click runs only this again, without any model work."""
    place = st.container()
    cell = None if saliency.fault else heat_controls.cell(saliency)
    with place:
        show_clickable(
            figures.overlay(saliency, cell), f"fsl_why_map_{'_'.join(map(str, pair))}", "why_heat_map",
            f"The query, and over its grey pixels the heat map of {saliency.title} for the {saliency.target}.",
            heat_controls.clicked, heat_controls.references([saliency.method]),
        )  # fmt: skip
        click = "" if saliency.fault else " Click a place to see its number."
        made = heat_controls.references([saliency.method])
        st.caption(f"What speaks for the {plain(saliency.target)}.{click}", help=f"{made}.")
    if not saliency.fault:
        heat_controls.formula(saliency, cell)


def nearest(pair: Pair, narrow: bool) -> None:
    """The examples whose features are most like the query's."""
    st.markdown("**Which examples are nearest**", help=glossary.explain("feature_similarity"))
    work = partial(neighbours_jobs.nearest_examples, query_id=pair.query_id, count=SHOWN)
    found = requests.explained(NEAREST, work, pair.query_id)
    if found is not None:
        _examples(replace(found, record=replace(found.record, backbone=beside.titles(None)[0])), pair, narrow)
    _way("neighbours", "See the neighbours")


@st.fragment
def _examples(found: Found, pair: Pair, narrow: bool) -> None:
    """The nearest examples and the formula of one of them; a click runs only this again."""
    place = st.container()
    at = neighbours_controls.neighbour([found], "Nearest example", EXAMPLE)[1]
    with place:
        show_clickable(
            figures.neighbours([found.record], narrow), f"fsl_why_examples_{narrow}_{pair.query_id}", "why_nearest",
            "The examples that are most like the query, the nearest first, with their similarity.",
            partial(neighbours_controls.clicked_neighbour, found=[found], chosen=EXAMPLE), papers.SCL,
        )  # fmt: skip
        st.caption(
            "Those whose features point most nearly in the direction of the query's (Ouali, Hudelot, Tami, ECML PKDD "
            "2021, figure 2). Click one to see its numbers."
        )
    with st.container(key="fsl_why_similarity"):
        st.markdown(plain(found.record.formula(at)))


def _way(page: str, label: str) -> None:
    if st.button(label, key=f"fsl_way_{page}", icon=":material/arrow_forward:", width="stretch"):
        st.switch_page(f"pages/{page}.py")


def ways() -> None:
    """Links to all pages that explain, with a word on each."""
    with st.container(key="fsl_ways"):
        for page, sees in PAGES.items():
            with st.container(border=True, gap="small", key=f"fsl_ways_{page}"):
                st.page_link(f"pages/{page}.py")
                st.caption(sees)
