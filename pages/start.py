"""Start: what this is, what there is to go on with, and the ways in."""

import streamlit as st

from fsl_core.ui import browser, hero, requests, session, shelf, toolbar, tour, uploads
from fsl_core.ui.samples import DEFAULT, THEMES
from fsl_core.ui.text import plain, shortened

browser.remember()
listed = shelf.projects()
words, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
with words:
    st.title("See why a picture looks like another")
    st.markdown(
        "Show a few examples of each kind, then ask about a new picture. "
        "Few-Shot Lens names it after your examples, without any training. "
        "Then it shows which region of one picture was matched to which region of the other."
    )
    with st.container(key="fsl_beginnings"):
        if listed and st.button(
            f"Continue “{plain(shortened(listed[0].title))}”", type="primary", icon=":material/history:"
        ):
            shelf.open_project(listed[0].id)
        tried = st.button(
            "Try the sample episode", type="secondary" if listed else "primary", icon=":material/play_arrow:"
        )
        own = st.button("Use my own pictures", icon=":material/add_photo_alternate:")
        with st.popover("Open a saved project", icon=":material/folder_zip:", type="tertiary"):
            uploads.episode_inbox()
    if browser.is_shared():
        st.caption("Your pictures stay on the computer that runs this app: nothing is sent anywhere else.")
    else:
        st.caption("Your pictures stay on this computer: nothing is sent anywhere.")
    uploads.show_notices(toolbar.TOOLBAR)
    if any(notice.kind == session.BAD for notice in session.notices(uploads.EPISODE)):  # else it is told on Classify
        uploads.show_notices(uploads.EPISODE)
with picture:
    st.html(hero.hero())

shelf.shelf(listed)

chosen = DEFAULT if tried else None
st.header("Sample sets")
st.caption("Drawn scenes of five kinds, with pictures to ask about. One of those belongs to none of the five.")
with st.container(key="fsl_themes"):
    for name, theme in THEMES.items():
        with st.container(border=True, gap="small", key=f"fsl_theme_{name}"):
            st.html(hero.strip(name))
            if st.button(theme.title, key=f"fsl_try_{name}", type="tertiary"):
                chosen = name
            st.html(f'<p class="fsl-when">{", ".join(theme.classes)}</p>')

if chosen or own:
    if chosen:
        tour.welcome()
        toolbar.start_sample(chosen)
    else:
        toolbar.start_empty()
    if session.notices(toolbar.TOOLBAR):  # it could not be saved
        st.rerun()
    if chosen:
        requests.classify()
    st.switch_page("pages/classify.py")
