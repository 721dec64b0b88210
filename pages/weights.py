"""Weights: how much each region counts, and how that changes with what the picture is compared to."""

from collections.abc import Mapping, Sequence

import streamlit as st

from fsl_core import figures
from fsl_core.records import NodeWeights
from fsl_core.ui import glossary, object_box, requests, screen, session, tour, weight_controls, weights_jobs
from fsl_core.ui.chart import show, show_clickable
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import begin, clicked
from fsl_core.ui.text import plain, shortened
from fsl_core.ui.weight_tables import all_weights, by_rule

Weighed = Mapping[str, NodeWeights]


@st.fragment
def explore(found: Weighed, chosen: Pair, targets: Sequence[Pair], own: int, narrow: bool) -> None:
    """What depends on the selected region; a click on another picture makes that the chosen one, on all pages."""
    if session.pair() != chosen:
        st.rerun()
    record, sides = found[weight_controls.rule()], weight_controls.sides(found, own)
    cell = weight_controls.select(record, sides, own)
    key = "_".join(str(part)[:16] for part in (*targets[own], narrow))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        show_clickable(
            figures.weight_pair(record, own, cell, narrow), f"fsl_weight_pair_{key}", "weights",
            "The query and what it is compared to, side by side; the number on a region is its weight in per cent.",
            lambda key: clicked(key, sides),
        )  # fmt: skip
    with right, st.container(border=True, key="fsl_weight_formula"):
        weight_controls.formula(record, own, cell)
    st.subheader("By other rules")
    st.caption(weight_controls.RULES_SAID)
    show_clickable(
        figures.weight_rules(found, own, cell.side, narrow, cell), f"fsl_weight_rules_{key}", "rules",
        "The same picture with the weights that each of four rules gives to its regions.",
        lambda key: clicked(key, sides),
    )  # fmt: skip
    by_rule(found, own, cell)
    st.subheader(
        "The same query, weighed for each image" if cell.side == "query" else "Each image, weighed for the query"
    )
    st.caption("Click a region of another picture to compare the query with that instead.")
    show_clickable(
        figures.node_weights(record, cell.side, narrow, selected=cell), f"fsl_weight_wall_{key}", "every_weight",
        "The weights of the regions for every image that the query is compared to.",
        lambda key: weight_controls.clicked_picture(key, sides, targets),
    )  # fmt: skip


@st.fragment
def differ(record: NodeWeights, own: int, narrow: bool) -> None:
    """How the weights of the query depend on what it is compared to."""
    st.subheader("How much depends on the other image")
    if len(record.targets) == 1:
        st.info("There is one image alone to compare the query with; add another example to see a difference.")
        return
    other = weight_controls.other(record, own)
    names = [plain(shortened(record.targets[row].name)) for row in (own, other)]
    left, right = st.columns(2, gap="medium")
    with left:
        show(figures.weight_difference(record, (own, other), None, narrow), "difference",
             f"Orange regions count more for {names[0]}, blue ones more for {names[1]}.",
             "The query; the colour of a region says for which of two images it weighs more.")  # fmt: skip
    with right:
        show(figures.weight_spread(record, narrow), "spread", "The largest minus the smallest weight of each region.",
             "The query; the colour of a region is the spread of its weight.")  # fmt: skip
    show(figures.weight_matrix(record, own, narrow=narrow), "matrix", "All weights of the query: a row for each image, "
         "a column for each region.", "Matrix of the weights, images by query regions.", "weight")  # fmt: skip
    all_weights(record)


@st.fragment
def on_object(found: Weighed, query_id: str, own: int, narrow: bool) -> None:
    """Share of the weight that falls on a box, beside what chance gives."""
    st.subheader("Is the weight on the object?")
    record = found[weight_controls.rule()]
    if record.query.regions.names:
        st.info(weight_controls.NO_BOX, icon=":material/grid_on:")
        return
    st.caption("Mark the object in the query with a box. If the weights knew nothing of it, its share of the weight "
               "would be its share of the area.")  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        box = object_box.box(query_id)
        show(figures.marked_box(record, own, box, narrow), "marked", "The box, over the weights of the query.",
             "The query with its weights and a box.")  # fmt: skip
    with right:
        mask = object_box.mask_of(box, record.query.image.shape[:2])
        st.markdown(weight_controls.share_in_words(record, mask, own))
        show(figures.on_object(found, mask, own), "on_object", "Share of the weight in the box by each rule; in "
             "brackets the smallest and the largest for all that the query is compared to.",
             "Bars of the share of the weight in the box, by rule, and a line where chance is.")  # fmt: skip


chosen = begin("Weights", "weigh", ("weights",))
st.markdown(weight_controls.INTRODUCTION, help=glossary.explain("weight", "cross_reference"))
targets, own = weights_jobs.targets_of(session.project().in_use, chosen, weight_controls.options(chosen))
tour.here("weights")
found = requests.explained(
    "weights", lambda scene: weights_jobs.weigh(scene, targets), targets, weight_controls.settings()
)
if found is not None:
    narrow = screen.is_narrow()
    explore(found, chosen, targets, own, narrow)
    differ(found[weight_controls.rule()], own, narrow)
    on_object(found, chosen.query_id, own, narrow)
