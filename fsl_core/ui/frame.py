"""What a page needs of app.py, which draws the frame around it."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def require_frame() -> None:
    """Run a page inside app.py even when a link to it is the first thing that a fresh server is asked for.

    Until app.py has called `st.navigation` once, Streamlit takes the folder pages/ for pages of their own.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
