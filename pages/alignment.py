"""Alignment: where each region of one picture looks in the other, and how alike the two then are."""

import streamlit as st

from fsl_core import figures
from fsl_core.ui import alignment_controls, alignment_view, beside, glossary, requests, screen, tour
from fsl_core.ui.alignment_jobs import AlignedPair, align_pair
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import begin

SMALL = {False: 220, True: 165}  # pixels: side of a picture where two backbones are shown, on wide and narrow screens
EACH = "fsl_each_direction"  # key of the toggle


@st.fragment
def explore(pairs: list[AlignedPair], titles: list[str], chosen: Pair, narrow: bool) -> None:
    """What depends on the selected place; a click runs only this again, without any model work."""
    records, above = [pair.record for pair in pairs], st.container()
    place = alignment_controls.choose(records[0])
    pixels, side = SMALL[narrow] if len(pairs) > 1 else None, alignment_controls.side()
    narrow = narrow and len(pairs) == 1  # both pictures of a pair stay beside one another where there are two pairs
    shown = [
        alignment_view.Shown(number, titles[number], pair, alignment_controls.cell_at(pair.record, place), pixels)
        for number, pair in enumerate(pairs)
    ]
    most = alignment_controls.brightest(records, place)
    key = f"{'narrow' if narrow else 'wide'}_{len(pairs)}_{'_'.join(map(str, chosen))}"
    for one, column in zip(shown, above.columns(len(pairs), gap="medium"), strict=True):
        with column:
            alignment_view.pictures(one, records[0], most, key, narrow)
    above.caption("Click a region of either picture: the other one is as bright as it is looked at from there.",
                  help=glossary.explain("attention"))  # fmt: skip
    tour.here("score")
    for one, column in zip(shown, st.columns(len(pairs), gap="medium"), strict=True):
        with column:
            alignment_view.say(one)
    st.header("What the score is made of")
    each = st.toggle(
        "Each direction by itself", key=EACH, persist_state="session",
        help="The cosines of each picture with the other one aligned to it, instead of their sum.",
    )  # fmt: skip
    bound = figures.largest_similarity(*records, directions=each)
    for one, column in zip(shown, st.columns(len(pairs), gap="medium"), strict=True):
        with column:
            alignment_view.made_of(one, each, bound, narrow)
    tour.here("rebuilt")
    st.header(f"The {side} rebuilt from the other picture")
    for one, column in zip(shown, st.columns(len(pairs), gap="medium"), strict=True):
        with column:
            alignment_view.rebuilt(one, side)


asked = begin("Alignment", "align")
st.markdown(
    "Each region of one picture asks where its counterparts in the other one are, gathers what it finds there, and is "
    "compared with it: the **attention alignment** of Spatial Contrastive Learning (Ouali, Hudelot, Tami, ECML PKDD "
    "2021, section 3.2, equations 3 to 6)."
)
aggregation, other = alignment_controls.options()
chosen = alignment_controls.one_example(asked)
tour.here("attention")
backbones = [None, other] if other else [None]
found = [
    requests.explained(
        f"align {number}", lambda scene: align_pair(scene, chosen, aggregation), *chosen, aggregation, backbone=name
    )
    for number, name in enumerate(backbones)
]
pairs = [pair for pair in found if pair is not None]
if len(pairs) == len(found):
    explore(pairs, beside.titles(*backbones), chosen, screen.is_narrow())
else:
    tour.here("score", "rebuilt")
