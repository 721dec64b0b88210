"""A figure on a page: its sentence, its text for those who do not see it, its downloads, its way into the report."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from fsl_core.ui import glossary, kept, standalone

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "png", "scale": 2}}
BUTTONS = '<button type="button" data-format="png">PNG</button><button type="button" data-format="svg">SVG</button>'
LOOK = """
:host { display: block; }
button { font: inherit; color: inherit; background: none; margin-right: 0.5rem; padding: 0.3rem 0.9rem;
  border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 8px; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color); }
"""
# Plotly itself is out of reach of a page's scripts; its camera button is not, and writes what its options say.
TAKE = """
export default function ({ data, parentElement }) {
  for (const button of parentElement.querySelectorAll("button")) {
    button.onclick = () => {
      const plot = document.querySelector(`.st-key-fsl_chart_${data.name} .js-plotly-plot`);
      const camera = plot?.querySelector('.modebar-btn[data-title^="Download plot"]');
      if (!camera) return;
      const usual = plot._context.toImageButtonOptions;
      plot._context.toImageButtonOptions = { ...usual, format: button.dataset.format, filename: data.name };
      camera.click();
      plot._context.toImageButtonOptions = usual;
    };
  }
}
"""


def show(figure: Any, name: str, caption: str, alt: str, word: str | None = None, source: str = "") -> None:
    """A figure, one sentence about it, and what can be done with it; `name` is unique on the page and names the files.

    Args:
        word: of the glossary, what the figure shows.
        source: the publication that the report cites; "" = that of the page (`papers.OF_PAGES`).
    """
    with st.container(key=f"fsl_chart_{name}"):
        st.plotly_chart(figure, key=f"fsl_figure_{name}", alt=alt, config=CONFIG)
        st.caption(caption, help=glossary.explain(word) if word else None)
        _actions(figure, name, caption, alt, source)


def show_clickable(
    figure: Any, key: str, name: str, alt: str, clicked: Callable[[str], None], source: str = ""
) -> None:
    """A figure that calls `clicked(key)` when one of its points is clicked, and what can be done with it."""
    with st.container(key=f"fsl_chart_{name}"):
        st.plotly_chart(
            figure, key=key, alt=alt, config=CONFIG, on_select=lambda: clicked(key), selection_mode="points"
        )
        _actions(figure, name, alt, alt, source)


def show_drawable(figure: Any, key: str, name: str, alt: str, drawn: Callable[[str], None], source: str = "") -> None:
    """A figure that calls `drawn(key)` when a box is drawn in it, and what can be done with it."""
    with st.container(key=f"fsl_chart_{name}"):
        st.plotly_chart(figure, key=key, alt=alt, config=CONFIG, on_select=lambda: drawn(key), selection_mode="box")
        _actions(figure, name, alt, alt, source)


def _actions(figure: Any, name: str, caption: str, alt: str, source: str) -> None:
    with st.container(horizontal=True, gap="small"):
        with st.popover("Download", type="tertiary", icon=":material/download:", key=f"fsl_downloads_{name}"):
            _pictures()(key=f"fsl_pictures_{name}", data={"name": name})
            st.download_button(
                "Interactive page", lambda: standalone.page(figure, name, caption, alt), f"{name}.html", "text/html",
                key=f"fsl_download_{name}", on_click="ignore", icon=":material/html:",
            )  # fmt: skip
        kept.button(figure, name, caption, alt, source)


@st.cache_resource(show_spinner=False)
def _pictures() -> Any:
    return component("fsl_pictures", html=BUTTONS, css=LOOK, js=TAKE)
