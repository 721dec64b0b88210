"""Two backbones side by side: which other one stands beside the chosen one."""

import streamlit as st

from fsl_core.ui import cached, session

BESIDE = "fsl_beside"  # key of the box, which all pages share
NOBODY = ""


def choose(help: str) -> str | None:
    """The box "Beside": another backbone than the chosen one; None = none.

    Raises:
        WeightsError: the manifest is missing or damaged.
    """
    titles = {NOBODY: "no other backbone"} | {name: card.title for name, card in cached.cards().items()}
    titles.pop(session.backbone())
    if st.session_state.get(BESIDE, NOBODY) not in titles:
        st.session_state[BESIDE] = NOBODY
    chosen = st.selectbox(
        "Beside", list(titles), format_func=titles.__getitem__, key=BESIDE, persist_state="session", help=help
    )
    return chosen or None


def titles(*names: str | None) -> list[str]:
    """What people call these backbones; None = the chosen one.

    Raises:
        WeightsError: the manifest is missing or damaged.
    """
    return [cached.cards()[name or session.backbone()].title for name in names]
