"""Feature space: where a backbone puts the pictures, how its features spread, and what one component of them sees."""

import streamlit as st

from fsl_core.ui import comparison, glossary, indexes, screen, session, space_component, space_map, space_spectrum, tour
from fsl_core.ui.indexes import Opened
from fsl_core.ui.space_spectrum import VIEW
from fsl_core.ui.text import plain

VIEWS = {"Map": ":material/scatter_plot:", "Spectrum": ":material/monitoring:", "Component": ":material/visibility:"}
NORMALISED, CENTRED = "fsl_space_normalised", "fsl_space_centred"
SAYS = {
    "Map": "A backbone turns a picture into a list of numbers, its features. Here each picture is a point: those with "
    "similar features lie close together, and a query is answered by what lies around it.",
    "Spectrum": "In how many directions do the features differ? Ouali, Hudelot and Tami (Spatial Contrastive Learning "
    "for Few-Shot Classification, section 2.3, figures 3, 5 and E.2) find that training with cross-entropy alone keeps "
    "few of them, and that what helps with new classes is lost.",
    "Component": "A principal component is one direction w along which the features differ, and w · feature is the "
    "coordinate of a picture on it (Pearson, Philosophical Magazine 1901). The pictures at its two ends, and the "
    "places in them that push them there, say what it stands for.",
}


def controls(view: str) -> tuple[tuple[str, bool], tuple[bool, bool]]:
    """How the map is made; whether features are brought to unit length, and their mean taken away."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="fsl_space"):
        look = space_map.controls() if view == "Map" else ("", False)
        normalised = st.toggle(
            "Unit length", True, key=NORMALISED, persist_state="session",
            help="Bring each feature vector to unit length first, as SCL's classifiers do: distances then follow "
            "cosines.",
        )  # fmt: skip
        centred = view == "Map" or st.toggle(
            "Centred", True, key=CENTRED, persist_state="session",
            help="Take the mean of all pictures away first (PCA). Without, the first component mostly points at it.",
        )  # fmt: skip
    return look, (normalised, centred)


def source() -> tuple[bool, Opened | None]:
    """Whether there is something to look at, and the data set that is open, if one is asked for."""
    ready, data = indexes.source("space")
    project = session.project()
    if not ready or data or comparison.has_examples(project):
        return ready, data
    st.info(f"There is no feature space yet. {plain(project.what_is_missing() or '')}", icon=":material/scatter_plot:")
    if st.button("Go to Classify", type="primary", icon=":material/category:"):
        st.switch_page("pages/classify.py")
    return False, None


st.title("Feature space")
tour.here("spectrum", "component")
view = st.segmented_control(
    "View", list(VIEWS), format_func=lambda name: f"{VIEWS[name]} {name}", default="Map", required=True, key=VIEW,
    persist_state="session", label_visibility="collapsed",
) or "Map"  # fmt: skip
st.markdown(SAYS[view], help=glossary.explain("feature", *(() if view == "Map" else ("component",))))
tour.here("space")
look, (normalised, centred) = controls(view)
ready, data = source()
narrow = screen.is_narrow()
if ready and view == "Map":
    space_map.section(look, normalised, data, narrow)
elif ready and view == "Spectrum":
    space_spectrum.section(normalised, centred, data, narrow)
elif ready:
    space_component.section(normalised, centred, data, narrow)
