"""How DeepEMD matches, set on the Matching page: the same regions and, for DeepEMD, options as in the sidebar."""

from dataclasses import replace

import streamlit as st

from fsl_core.types import params
from fsl_core.ui import session, uploads
from fsl_core.ui.engine import Pair
from fsl_core.ui.fields import choose_regions, number_patches
from fsl_core.ui.options import options_of

PLACE = "matching"  # of messages
VISIBLE = ("solver", "weights", "temperature")
SHOTS = {  # what is shown of a class of several examples, by the option of this name
    "mean": "A class of several examples is the mean of their feature maps; behind it lies the mean of their pixels.",
    "structured": "A class of several examples is a map that was learnt from them, its structured prototype; behind it "
    "lies the mean of their pixels.",
    "nearest": "Each example answers for itself and the best one counts; shown here is the mean of all, so choose an "
    "example to see its own match.",
    "fused": "Each example answers for itself and their logits are averaged; shown here is the mean of all, so choose "
    "an example to see its own match.",
}


def options() -> None:
    """The most used options side by side, the others behind a button."""
    uploads.show_notices(PLACE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="fsl_match_options"):
        with st.spinner("Getting the classifiers ready …"):
            from fsl_core.classifiers import DeepEMD
        choose_regions(PLACE)
        options_of("deepemd", DeepEMD, PLACE, VISIBLE)
        with st.popover("More options", icon=":material/tune:"):
            number_patches(PLACE)
            options_of("deepemd", DeepEMD, PLACE, tuple(name for name in params(DeepEMD) if name not in VISIBLE))
            changed = bool(session.project().settings.options.get("deepemd"))
            st.button("Back to the defaults", on_click=_forget, disabled=not changed, icon=":material/restart_alt:")


def _forget() -> None:
    session.try_edit(
        PLACE,
        lambda project: replace(
            project, settings=replace(project.settings, options={**project.settings.options, "deepemd": {}})
        ),
    )


def explain_what_is_shown(chosen: Pair) -> None:
    """What stands for the class, and whether the answers on Classify come from another method."""
    project = session.project()
    if project.settings.classifier != "deepemd":
        st.info("The chosen classifier matches no regions; this page matches the same features with DeepEMD.")
    examples = project.in_use.image_class(chosen.class_id).pictures
    if chosen.picture_id is None and len(examples) > 1:
        st.caption(SHOTS[project.settings.options.get("deepemd", {}).get("shots", "mean")])
