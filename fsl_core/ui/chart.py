"""A figure on a page: with its sentence, its text for those who do not see it, and its download."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from fsl_core.ui import glossary

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "png", "scale": 2}}


def show(figure: Any, name: str, caption: str, alt: str, word: str | None = None) -> None:
    """A figure, one sentence about it, and its download; `name` is unique on the page and names the file.

    Args:
        word: of the glossary, what the figure shows.
    """
    st.plotly_chart(figure, key=f"fsl_figure_{name}", alt=alt, config=CONFIG)
    st.caption(caption, help=glossary.explain(word) if word else None)
    offer(figure, name)


def show_clickable(figure: Any, key: str, name: str, alt: str, clicked: Callable[[str], None]) -> None:
    """A figure that calls `clicked(key)` when one of its points is clicked, and its download."""
    st.plotly_chart(figure, key=key, alt=alt, config=CONFIG, on_select=lambda: clicked(key), selection_mode="points")
    offer(figure, name)


def offer(figure: Any, name: str) -> None:
    """The figure as a page that opens without this app and without a network."""
    st.download_button(
        "Download", figure.to_html, f"{name}.html", "text/html", key=f"fsl_download_{name}", on_click="ignore",
        type="tertiary", icon=":material/download:",
    )  # fmt: skip
