"""Weights: how much each region counts, and how that changes with what the picture is compared to."""

from collections.abc import Mapping, Sequence

import streamlit as st

from fsl_core import figures
from fsl_core.records import NodeWeights
from fsl_core.ui import glossary, match_controls, object_box, screen, session, tour, weight_controls, weights_jobs
from fsl_core.ui.chart import show, show_clickable
from fsl_core.ui.engine import Pair
from fsl_core.ui.text import plain, shortened
from fsl_core.ui.weight_tables import all_weights, by_rule

Weighed = Mapping[str, NodeWeights]


@st.fragment
def explore(record: NodeWeights, chosen: Pair, targets: Sequence[Pair], own: int, narrow: bool) -> Weighed:
    """What depends on the selected region; a click on another picture makes that the chosen one, on all pages.

    Returns:
        the weights by every rule, as far as they are there.
    """
    if session.pair() != chosen:
        st.rerun()
    sides = match_controls.Sides(record.query.regions, record.targets[own].regions)
    cell = weight_controls.select(record, sides, own)
    key = "_".join(str(part)[:16] for part in (*targets[own], narrow))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        show_clickable(
            figures.weight_pair(record, own, cell, narrow), f"fsl_weight_pair_{key}", "weights",
            "The query and what it is compared to, side by side; the number on a region is its weight in per cent.",
            lambda key: match_controls.clicked(key, sides),
        )  # fmt: skip
    with right, st.container(border=True, key="fsl_weight_formula"):
        weight_controls.formula(record, own, cell)
    st.subheader(
        "The same query, weighed for each image" if cell.side == "query" else "Each image, weighed for the query"
    )
    st.caption("Click a region of another picture to compare the query with that instead.")
    show_clickable(
        figures.node_weights(record, cell.side, narrow, selected=cell), f"fsl_weight_wall_{key}", "every_weight",
        "The weights of the regions for every image that the query is compared to.",
        lambda key: weight_controls.clicked_picture(key, sides, targets),
    )  # fmt: skip
    tour.here("rules")
    st.subheader("By other rules")
    st.caption(weight_controls.RULES_SAID)
    place = st.container()
    found = weights_jobs.by_other_rules(targets, record, weight_controls.settings())
    with place:
        show_clickable(
            figures.weight_rules(found, own, cell.side, narrow, cell), f"fsl_weight_rules_{key}", "rules",
            "The same picture with the weights that each rule gives to its regions.",
            lambda key: match_controls.clicked(key, sides),
        )  # fmt: skip
        by_rule(found, own, cell)
    return found


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
    """Share of the weight that falls on the object, beside what chance gives."""
    tour.here("object")
    st.subheader("Is the weight on the object?")
    record = found[weight_controls.rule()]
    if record.query.regions.names:
        st.info(weight_controls.NO_OBJECT, icon=":material/grid_on:")
        return

    def told(mask: object_box.Mask) -> None:
        object_box.shares("of the weight", record.on_object(mask)[own], record.object_share(mask))
        show(figures.on_object(found, mask, own), "on_object", "Share of the weight on the object by each rule; in "
             "brackets the smallest and the largest for all that the query is compared to.",
             "Bars of the share of the weight on the object, by rule, and a line where chance is.")  # fmt: skip

    object_box.locate(query_id, lambda: figures.query_weights(record, own, narrow), "The query with its weights.", told)


chosen = match_controls.begin("Weights", "weigh")
st.markdown(weight_controls.INTRODUCTION, help=glossary.explain("weight", "cross_reference"))
targets, own = weights_jobs.targets_of(session.project().in_use, chosen, weight_controls.options(chosen))
tour.here("weights")
record = weights_jobs.by_rule(targets, weight_controls.rule(), weight_controls.settings())
if record is not None:
    narrow = screen.is_narrow()
    found = explore(record, chosen, targets, own, narrow)
    differ(record, own, narrow)
    on_object(found, chosen.query_id, own, narrow)
else:
    tour.here("rules", "object")
