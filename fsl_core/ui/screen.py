"""What only the browser knows or can do: how wide its window is, and to begin a page at its top."""

from typing import Any

import streamlit as st
from streamlit.components.v2 import component

NARROW = 760  # pixels; as in style.css
WIDTH, TOP = "fsl_screen_width", "fsl_screen_top"

_TELL_WIDTH = """
export default function ({ data, setStateValue }) {
  const query = window.matchMedia(`(max-width: ${data.narrow}px)`);
  const tell = () => { if (query.matches !== data.told) setStateValue("narrow", query.matches); };
  tell();
  query.addEventListener("change", tell);
  return () => query.removeEventListener("change", tell);
}
"""
_GO_TO_TOP = """
let shown = null;
export default function ({ data }) {
  if (shown !== null && shown !== data.page) {
    document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  }
  shown = data.page;
}
"""


@st.cache_resource(show_spinner=False)
def mounted(name: str, javascript: str) -> Any:
    """A component that only runs a script in the browser, to be called with `key` and `data`."""
    return component(name, js=javascript)


def is_narrow() -> bool:
    """Whether the window is at most `NARROW` pixels wide; the page, or the fragment, runs again when that changes.

    Until the browser has told, the first guess is what it says of itself: a phone or not.
    """
    told = st.session_state.get(WIDTH, {}).get("narrow")
    narrow = "Mobi" in st.context.headers.get("User-Agent", "") if told is None else bool(told)
    mounted(WIDTH, _TELL_WIDTH)(key=WIDTH, data={"narrow": NARROW, "told": narrow}, on_narrow_change=lambda: None)
    return narrow


def begin_at_top(page: str) -> None:
    """Scroll to the top when another page is shown than before; Streamlit keeps the place of the page that was left."""
    mounted(TOP, _GO_TO_TOP)(key=TOP, data={"page": page})
