"""What the Weights page is asked and says: by which rule, compared to what, which region."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from fsl_core import figures
from fsl_core.figures import Cell
from fsl_core.records import NodeWeights
from fsl_core.records.matching import Side
from fsl_core.ui import match_controls, session, uploads
from fsl_core.ui.engine import Pair
from fsl_core.ui.fields import choose_regions, number_patches
from fsl_core.ui.match_controls import SIDE, Sides
from fsl_core.ui.options import options_of

PLACE = "weights"  # of messages
SHOWN = ("weights", "pyramid")  # options of DeepEMD that weights depend on
EACH, OTHER = "fsl_weights_each", "fsl_weights_other"  # keys of widgets
EVERY_EXAMPLE = "fsl_every_example"  # bool: whether the query is compared to examples; in the session's state
CLASSES, EXAMPLES = "every class", "every example"
INTRODUCTION = (
    "Before DeepEMD moves any mass, each region gets a **weight**: the more it looks like the other image as a whole, "
    "the more it counts. So one picture is weighed differently for each image it is compared to: the "
    "*cross-reference mechanism* of DeepEMD (Zhang, Cai, Lin, Shen, CVPR 2020, section 3.4, equation 8)."
)
RULES_SAID = (
    "DeepEMD's Table 2 compares these rules. Equal weights ask nothing, k-means and mean shift weigh a region by the "
    "size of its cluster in its own picture; only cross-reference weights look at the other image."
)
NO_OBJECT = (
    "Where the object is says nothing of patches, or of a pyramid's levels, which overlap: choose feature map cells "
    "and no pyramid to measure the share of the weight on an object."
)
EQUATION = r"$s_i = \max\{u_i^{\top} \bar{v},\; 0\}$ with $\bar{v} = \frac{1}{HW} \sum_j v_j$"


def options(chosen: Pair) -> bool:
    """What the weights depend on, side by side; whether the query is compared to every example, not to every class."""
    uploads.show_notices(PLACE)
    project = session.project().in_use
    examples = chosen.picture_id is not None or st.session_state.get(EVERY_EXAMPLE, False)
    several = any(len(one.pictures) > 1 for one in project.classes)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="fsl_match_options"):
        with st.spinner("Getting the classifiers ready …"):
            from fsl_core.classifiers import DeepEMD
        choose_regions(PLACE)
        options_of("deepemd", DeepEMD, PLACE, SHOWN)
        if several:
            st.session_state[EACH] = EXAMPLES if examples else CLASSES
            st.segmented_control(
                "Compare the query with",
                [CLASSES, EXAMPLES],
                key=EACH,
                required=True,
                on_change=_compare,
                args=(chosen,),
            )
    number_patches(PLACE)
    if project.settings.classifier != "deepemd":
        st.info("The chosen classifier gives its regions no weights; this page weighs the same features with DeepEMD.")
    return several and examples


def _compare(chosen: Pair) -> None:
    """Every example or every class; of a class as a whole no example is chosen."""
    examples = st.session_state[EACH] == EXAMPLES
    st.session_state[EVERY_EXAMPLE] = examples
    if not examples:
        session.choose_pair(chosen.query_id, chosen.class_id)


def settings() -> dict[str, Any]:
    """DeepEMD's options in the project."""
    return dict(session.project().settings.options.get("deepemd", {}))


def rule() -> str:
    """By which rule the regions are weighed."""
    chosen: str = settings().get("weights", "cross_reference")
    return chosen


def select(record: NodeWeights, regions: Sides, target: int) -> Cell:
    """The selected region, else the heaviest one of the side that is selected."""
    cell = match_controls.select(regions)
    if cell is not None:
        return cell
    side: Side = "support" if st.session_state[SIDE] == "support" else "query"
    return Cell(side, int(record.of(side)[target].argmax()))


def clicked_picture(key: str, regions: Sides, targets: Sequence[Pair]) -> None:
    """Carry over a click on a region of one of several pictures: the region, and which picture it was."""
    match_controls.clicked(key, regions)
    points = st.session_state[key]["selection"]["points"]
    if points:
        session.choose_pair(*targets[points[0]["customdata"][2]])


def formula(record: NodeWeights, target: int, cell: Cell) -> None:
    """The weight of a region with its numbers, its place among all, and by how much the sums miss 1."""
    weights = record.of(cell.side)[target]
    name = record.picture(cell.side, target).regions.name(cell.node)
    place = int((weights > weights[cell.node]).sum()) + 1
    word = "region " if record.query.regions.grid else ""
    st.markdown(f"**{cell.side.capitalize()} {word}{name}**, place {place} of {len(weights)}")
    if record.rule == "cross_reference":
        st.markdown(
            EQUATION, help="u: this region. v: the regions of the other image, H · W of them. The published code adds "
            "a floor of 0.00101, so that no region weighs nothing."
        )  # fmt: skip
    st.markdown(figures.weights_formula(record, target, cell.node, cell.side))
    with st.container(horizontal=True, gap="medium"):
        st.metric("Weight", f"{100 * weights[cell.node]:.2f} %", width="content")
        st.metric("Equal share ×", f"{weights[cell.node] * len(weights):.2f}", width="content")
    st.caption(f"The weights of a picture sum to 1, here with a residual of {record.residual:.0e}.")


def other(record: NodeWeights, own: int) -> int:
    """The row of a second image to compare with, at first the one for which the weights differ the most."""
    rows = sorted((row for row in range(len(record.targets)) if row != own), key=lambda row: -record.apart[own, row])
    names = {row: f"{record.targets[row].name} ({100 * record.apart[own, row]:.1f} % elsewhere)" for row in rows}
    key = f"{OTHER}_{own}_{len(rows)}"
    chosen: int = st.selectbox("Difference from", rows, format_func=names.__getitem__, key=key)
    return chosen
