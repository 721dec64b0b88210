"""Start: what this is, and the two ways in."""

import streamlit as st

from fsl_core.ui import requests, session, toolbar, uploads
from fsl_core.ui.hero import hero

words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
with words:
    st.title("See why a picture looks like another")
    st.markdown(
        "Show a few examples of each kind, then ask about a new picture. "
        "Few-Shot Lens names it after your examples, without any training. "
        "Then it shows which region of one picture was matched to which region of the other."
    )
    sample = st.button("Try the sample episode", type="primary", icon=":material/play_arrow:")
    own = st.button("Use my own pictures", icon=":material/add_photo_alternate:")
    resume = session.has_project() and st.button("Go on with my project", icon=":material/history:")
    st.caption("Your pictures stay on this computer: nothing is sent anywhere.")
    uploads.show_notices(toolbar.TOOLBAR)
with picture:
    st.html(hero())

if sample:
    toolbar.start_sample()
    requests.classify()
elif own:
    toolbar.start_empty()
if sample or own or resume:
    st.switch_page("pages/classify.py")
