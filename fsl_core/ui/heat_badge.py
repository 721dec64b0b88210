"""Whether to believe a heat map: the verdict as a badge, and what it rests on."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import streamlit as st

from fsl_core import figures
from fsl_core.records import Belief, Saliency, Verdict
from fsl_core.ui import glossary
from fsl_core.ui.chart import CONFIG, show
from fsl_core.ui.heat_jobs import Judgement
from fsl_core.ui.text import plain

MARKS = "fsl_heat_marks"  # dict[str, Box]: where the object is, by id of the query; in the session's state
MARKING, ACROSS, DOWN = "fsl_heat_marking", "fsl_heat_across", "fsl_heat_down"  # keys of the widgets
START = (0.25, 0.25, 0.75, 0.75)  # top, left, bottom, right of the box before it is moved
LOOKS: dict[str, tuple[Literal["green", "orange", "red", "gray"], str]] = {  # of a verdict's word: colour and icon
    "believable": ("green", ":material/verified:"),
    "no better than chance": ("orange", ":material/casino:"),
    "worse than chance": ("red", ":material/dangerous:"),
    "does not depend on the weights": ("red", ":material/warning:"),
    "cannot be told": ("gray", ":material/help:"),
    "no map": ("gray", ":material/block:"),
}
RISE = "Petsiuk, Das, Saenko: RISE: Randomized Input Sampling for Explanation of Black-box Models, BMVC 2018"
SIGNS = {"green": "✓", "orange": "≈", "red": "✗", "gray": "?"}  # before the word in figures


def badge(verdict: Verdict) -> None:
    """The verdict's word as a badge, and its sentence beside it."""
    colour, icon = LOOKS[verdict.word]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
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
        "deletion", RISE,
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


def mark(saliency: Saliency, belief: Belief, query_id: str, narrow: bool) -> None:
    """The box around the object that the person draws or sets by sliders, and what of the map lies in it."""
    from fsl_core.explain import located

    if not st.toggle("Mark the object", key=MARKING, help="To see how much of the map lies on it."):
        return
    box: figures.Box = st.session_state.setdefault(MARKS, {}).get(query_id, START)
    left, right = st.columns(2, gap="large")
    with left:
        key = f"fsl_heat_box_{query_id}"
        st.plotly_chart(
            figures.marked(saliency, box, narrow), key=key, config=CONFIG, selection_mode="box",
            on_select=lambda: _drawn(key, query_id),
            alt="The heat map over the grey picture, with a box around what was marked as the object.",
        )  # fmt: skip
    with right:
        st.session_state.update({ACROSS: _percent(box[1], box[3]), DOWN: _percent(box[0], box[2])})
        for label, slider in (("From left to right (%)", ACROSS), ("From top to bottom (%)", DOWN)):
            st.slider(label, 0, 100, key=slider, on_change=_slid, args=(query_id,))
        _on_object(located(belief, saliency, mask_of(box)))


def _on_object(belief: Belief) -> None:
    """How much of a map lies on the object."""
    area, share, hit = belief.area, belief.share, belief.pointing
    if area is None or share is None:
        st.markdown("Nothing on the map speaks for the target, so it neither hits nor misses the object.")
        return
    numbers = st.columns(3)
    numbers[0].metric("On the object", f"{share:.0%}", help="Share of the map's positive part that lies in the box.")
    numbers[1].metric("Its area", f"{area:.0%}", help="Share of the picture: what a map that knows nothing would have.")
    numbers[2].metric("Pointing game", "hit" if hit else "miss", help=glossary.explain("pointing"))
    st.markdown(
        f"{share:.0%} of what the map marks lies on {area:.0%} of the picture, **{share / area:.1f} times** as much as "
        f"of a map that knows nothing. Its maximum lies {'on' if hit else 'off'} the object *(Zhang et al.: Top-down "
        "Neural Attention by Excitation Backprop, ECCV 2016)*."
    )
    st.caption("This says whether the model looks at the object, not whether the map is right.")


def mask_of(box: figures.Box) -> np.ndarray:
    """The box as a mask of 100 x 100 cells; at least one is set."""
    mask = np.zeros((100, 100), bool)
    (left, right), (top, bottom) = _percent(box[1], box[3]), _percent(box[0], box[2])
    mask[min(top, 99) : max(bottom, top + 1), min(left, 99) : max(right, left + 1)] = True
    return mask


def _percent(low: float, high: float) -> tuple[int, int]:
    return round(100 * low), round(100 * high)


def _drawn(key: str, query_id: str) -> None:
    """A box that was drawn in the picture; what is outside of it does not count."""
    boxes = st.session_state[key]["selection"].get("box", [])
    if boxes:
        (left, right), (top, bottom) = (np.clip(sorted(boxes[0][axis]), 0, 1).tolist() for axis in "xy")
        st.session_state[MARKS] = {**st.session_state[MARKS], query_id: (top, left, bottom, right)}


def _slid(query_id: str) -> None:
    (left, right), (top, bottom) = st.session_state[ACROSS], st.session_state[DOWN]
    box = (top / 100, left / 100, bottom / 100, right / 100)
    st.session_state[MARKS] = {**st.session_state[MARKS], query_id: box}


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
