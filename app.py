"""Few-Shot Lens: the frame around the pages. Start it with `streamlit run app.py`."""

from pathlib import Path

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import cached, glossary, requests, screen, session, tour, uploads
from fsl_core.ui.sidebar import sidebar
from fsl_core.ui.text import plain

LOOK, WHY = Path(__file__).parent / "fsl_core" / "ui", "See why"

st.set_page_config(page_title="Few-Shot Lens", page_icon=str(LOOK / "icon.svg"), layout="wide")
st.html(LOOK / "style.css")
st.logo(str(LOOK / "logo.svg"), size="large")

classify_page = st.Page("pages/classify.py", title="Classify", icon=":material/category:")
sections = {
    "": [
        st.Page("pages/start.py", title="Start", icon=":material/home:", default=True),
        classify_page,
        st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("pages/training.py", title="Training", icon=":material/model_training:"),
    ],
    WHY: [
        st.Page("pages/why.py", title="Why?", icon=":material/lightbulb:"),
        st.Page("pages/matching.py", title="Matching", icon=":material/hub:"),
        st.Page("pages/weights.py", title="Weights", icon=":material/balance:"),
        st.Page("pages/alignment.py", title="Alignment", icon=":material/compare:"),
        st.Page("pages/heat_maps.py", title="Heat maps", icon=":material/local_fire_department:"),
        st.Page("pages/neighbours.py", title="Neighbours", icon=":material/photo_library:"),
        st.Page("pages/feature_space.py", title="Feature space", icon=":material/scatter_plot:"),
        st.Page("pages/influence.py", title="Influence", icon=":material/exposure:"),
        st.Page("pages/transport.py", title="Transport", icon=":material/local_shipping:"),
    ],
}
page = st.navigation([*sections[""], *sections[WHY]] if screen.is_narrow() else sections, position="top", expanded=True)

try:
    if session.has_project():
        requests.pending()
    if st.session_state.get(session.PAGE) != page.title:
        requests.leave()
    st.session_state[session.PAGE] = page.title
    screen.begin_at_top(page.title)
    screen.tell_width()
    tour.follow(page.url_path)
    with st.container(horizontal=True, width="content", gap="small", key="fsl_help"):
        glossary.popover()
        tour.button(page.url_path)
    notices = st.container()
    page.run()
    if session.has_project():
        with notices:
            uploads.show_notices("project")
        sidebar(on_classify=page == classify_page)
    cached.warm_up()
except FSLError as error:
    st.error(plain(str(error)), icon=":material/error:")
