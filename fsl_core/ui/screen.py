"""What only the browser knows or can do: its width, to begin a page at its top, to look again after a while."""

from typing import Any

import streamlit as st
from streamlit.components.v2 import component

NARROW = 760  # pixels; as in style.css
WIDTH, TOP, AGAIN = "fsl_screen_width", "fsl_screen_top", "fsl_screen_again"

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
_ASK_AGAIN = """
if (window.fslActed === undefined) {
  window.fslActed = -Infinity;
  for (const kind of ["click", "keydown", "popstate"])
    addEventListener(kind, () => { window.fslActed = performance.now(); }, { capture: true });
}
export default function ({ data, parentElement, setTriggerValue }) {
  let due = performance.now() + 1000 * data.seconds;
  const timer = setInterval(() => {
    const now = performance.now();
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    if (now < due || now < window.fslActed + 1000 || (state && state !== "notRunning")) return;
    due = now + 1000 * data.seconds;
    setTriggerValue("time", true);
  }, 100);
  clearInterval(parentElement.fslTimer);  // of an earlier run, which may be told only after this one to end its own
  parentElement.fslTimer = timer;
  return () => clearInterval(timer);
}
"""  # what the person asks is sent at once, but takes a while to show in the state


@st.cache_resource(show_spinner=False)
def mounted(name: str, javascript: str) -> Any:
    """A component that only runs a script in the browser, to be called with `key` and `data`."""
    return component(name, js=javascript)


def is_narrow() -> bool:
    """Whether the window is at most `NARROW` pixels wide; the app runs again when that changes (`tell_width`).

    Until the browser has told, the first guess is what it says of itself: a phone or not.
    """
    told = st.session_state.get(WIDTH, {}).get("narrow")
    return "Mobi" in st.context.headers.get("User-Agent", "") if told is None else bool(told)


def tell_width() -> None:
    """Have the browser tell whether the window is narrow, now and when that changes."""
    data = {"narrow": NARROW, "told": is_narrow()}
    mounted(WIDTH, _TELL_WIDTH)(key=WIDTH, data=data, on_narrow_change=lambda: None)


def look_again(name: str, seconds: float) -> None:
    """Run the fragment that calls this again, every so many seconds, while nothing else is asked of the app.

    Streamlit's own `run_every` asks at any time, in the name of the page that the browser still shows. Where that falls
    between a click on another page and the answer to it, the click is lost, or the new page loses its elements.
    """
    mounted(AGAIN, _ASK_AGAIN)(key=f"{AGAIN}_{name}", data={"seconds": seconds}, on_time_change=lambda: None)


def begin_at_top(page: str) -> None:
    """Scroll to the top when another page is shown than before; Streamlit keeps the place of the page that was left."""
    mounted(TOP, _GO_TO_TOP)(key=TOP, data={"page": page})
