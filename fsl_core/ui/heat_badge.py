"""Whether to believe a heat map: the verdict as a badge, what it rests on, and how much of the map is on the object."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from fsl_core import figures
from fsl_core.records import Belief, Saliency, Verdict
from fsl_core.ui import object_box, papers
from fsl_core.ui.chart import show
from fsl_core.ui.heat_jobs import Judgement
from fsl_core.ui.text import plain

LOOKS: dict[str, tuple[Literal["green", "orange", "red", "gray"], str]] = {  # of a verdict's word: colour and icon
    "believable": ("green", ":material/verified:"),
    "no better than chance": ("orange", ":material/casino:"),
    "worse than chance": ("red", ":material/dangerous:"),
    "does not depend on the weights": ("red", ":material/warning:"),
    "cannot be told": ("gray", ":material/help:"),
    "no map": ("gray", ":material/block:"),
}
SIGNS = {"green": "✓", "orange": "≈", "red": "✗", "gray": "?"}  # before the word in figures


def badge(verdict: Verdict) -> None:
    """The verdict's word as a badge, and its sentence beside it."""
    colour, icon = LOOKS[verdict.word]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="fsl_verdict"):
        st.badge(verdict.word, icon=icon, color=colour)
        st.markdown(plain(verdict.sentence))


def marked(word: str) -> str:
    """A verdict's word for figures, which have no badges."""
    return f"{SIGNS[LOOKS[word][0]]} {word}"


def details(belief: Belief, narrow: bool) -> None:
    """The curves and the numbers behind a verdict."""
    show(
        figures.belief(belief, narrow), "belief",
        "Deletion blurs the picture cell by cell, what the map marks most first; insertion brings it back in that "
        "order. The band holds random orders.",
        "Curves of the probability while the picture is taken away and put back, with the band of random orders.",
        "deletion", papers.DELETION,
    )  # fmt: skip
    orders = len(belief.random)
    turned = ", turned around as the map shows what speaks against" if belief.sign == "negative" else ""
    st.markdown(
        f"- **Gain** = insertion area − deletion area = {belief.insertion_area:.3f} − {belief.deletion_area:.3f} = "
        f"**{belief.gain:+.3f}**{turned}: more than {belief.beaten * orders:g} of {orders} random orders have; "
        f"theirs are 0 ± {belief.spread:.3f} *(Petsiuk et al.: RISE, BMVC 2018; here with the blurred picture in place "
        "of grey)*."
    )
    if belief.agreement is not None:
        st.markdown(
            f"- **Agreement with random weights** = {belief.agreement:+.2f}, the rank correlation with the same "
            "method's map on a network that has forgotten all it learnt: near 0 the map depends on what was learnt, "
            "near 1 it does not *(Adebayo et al.: Sanity Checks for Saliency Maps, NeurIPS 2018)*."
        )


def on_object(saliency: Saliency, belief: Belief, mask: object_box.Mask) -> None:
    """How much of a map lies on the object."""
    from fsl_core.explain import located

    found = located(belief, saliency, mask)
    area, share, hit = found.area, found.share, found.pointing
    if area is None or share is None:
        st.markdown("Nothing on the map speaks for the target, so it neither hits nor misses the object.")
        return
    object_box.shares("of what the map marks", share, area, hit)
    st.caption(
        "This says whether the model looks at the object, not whether the map is right *(pointing game: Zhang et al., "
        "Top-down Neural Attention by Excitation Backprop, ECCV 2016)*."
    )


def table(judgements: Sequence[Judgement], titles: Sequence[str]) -> None:
    """The numbers of several methods, one a row."""
    rows = [
        {
            "method": title,
            "verdict": one.verdict.word,
            "gain": one.belief.gain if one.belief else None,
            "better than random orders (%)": 100 * one.belief.beaten if one.belief else None,
            "agreement with random weights": one.belief.agreement if one.belief else None,
        }
        for title, one in zip(titles, judgements, strict=True)
    ]
    st.dataframe(
        rows, hide_index=True, alt="Table: verdict, gain and agreement of every method.",
        column_config={
            "method": st.column_config.TextColumn(width="medium"),
            "verdict": st.column_config.TextColumn(width="medium"),
            "gain": st.column_config.NumberColumn(format="%+.3f"),
            "better than random orders (%)": st.column_config.NumberColumn(format="%.0f"),
            "agreement with random weights": st.column_config.NumberColumn(format="%+.2f"),
        },
    )  # fmt: skip
