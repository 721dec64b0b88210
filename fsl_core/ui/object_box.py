"""Where the object of a query is: known of a drawn scene, else a box that a person draws or sets by two sliders.

A box counts on every page, for its picture.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from jaxtyping import Bool

from fsl_core import figures
from fsl_core.errors import FSLError
from fsl_core.figures import Box
from fsl_core.ui import glossary, session
from fsl_core.ui.chart import show, show_drawable
from fsl_core.ui.text import plain

BOXES = "fsl_object_boxes"  # dict[str, Box]: by id of the query; in the session's state
MARKING, ACROSS, DOWN = "fsl_object_marking", "fsl_object_across", "fsl_object_down"  # keys of the widgets
START = (0.25, 0.25, 0.75, 0.75)  # top, left, bottom, right of the box before it is moved
CELLS = 100  # of a box's mask along a side
KNOWN = "This picture is a drawn scene, so where its object is seen is known to the pixel."

Mask = Bool[np.ndarray, "height width"]


def locate(query_id: str, draw: Callable[[], Any], what: str, told: Callable[[Mask], None], source: str = "") -> None:
    """The query with its object, a way to mark that by a box, and what is told of it.

    Args:
        draw: makes the figure in which the object is shown; its picture fills the unit square.
        what: the figure shows, for those who do not see it.
        told: shows what follows from the object's mask.
        source: as in `chart.show`.
    """
    known, box = _known(query_id), _boxes().get(query_id)
    if known is not None:
        st.caption(KNOWN)
    st.session_state[MARKING] = box is not None
    st.toggle(
        "Mark the object with a box" if known is None else "Mark it with a box instead", key=MARKING,
        on_change=_switched, args=(query_id,), help="What lies in the box counts as the object, on every page.",
    )  # fmt: skip
    place = known if box is None else box
    if place is None:
        return
    left, right = st.columns(2, gap="large")
    with left:
        drawn, alt = figures.with_object(draw(), place), f"{what} The object has a line around it."
        if box is None:
            show(drawn, "object", "The line is the edge of the object.", alt, source=source)
        else:
            box_drawn = partial(_drawn, query_id=query_id)
            show_drawable(drawn, f"fsl_object_drawn_{query_id}", "object", alt, box_drawn, source)
    with right:
        if box is not None:
            _sliders(query_id, box)
        told(known if box is None and known is not None else mask_of(box or START))


def shares(what: str, share: float, area: float, hit: bool | None = None) -> None:
    """How much of something lies on the object, held against chance.

    Args:
        what: of which the share is, as in "of the weight".
        share, area: in [0, 1]; the area is what chance gives.
        hit: whether the largest value lies on the object; None = that is not asked.
    """
    numbers = st.columns(2 if hit is None else 3)
    numbers[0].metric("On the object", f"{100 * share:.1f} %", help=f"Share {what} that lies on the object.")
    numbers[1].metric("Its area", f"{100 * area:.1f} %", help="Share of the picture: what chance would give.")
    if hit is not None:
        numbers[2].metric("Pointing game", "hit" if hit else "miss", help=glossary.explain("pointing"))
    st.markdown(
        f"**{100 * share:.1f} %** {what} lies on {100 * area:.1f} % of the picture: **{share / area:.2f} times** what "
        "chance gives."
    )


def mask_of(box: Box) -> Mask:
    """The box as a mask of `CELLS` x `CELLS` cells; at least one is set."""
    mask = np.zeros((CELLS, CELLS), bool)
    rows, columns = (
        slice(min(low, CELLS - 1), max(high, low + 1)) for low, high in (_percent(box, 0), _percent(box, 1))
    )
    mask[rows, columns] = True
    return mask


def _known(query_id: str) -> Mask | None:
    from fsl_core.ui.views import object_seen

    try:
        return object_seen(session.store(), query_id, session.project().settings)
    except FSLError as error:
        st.caption(plain(str(error)))
        return None


def _boxes() -> dict[str, Box]:
    found: dict[str, Box] = st.session_state.get(BOXES, {})
    return found


def _put(query_id: str, box: Box | None) -> None:
    others = {one: other for one, other in _boxes().items() if one != query_id}
    st.session_state[BOXES] = others if box is None else {**others, query_id: box}


def _switched(query_id: str) -> None:
    _put(query_id, START if st.session_state[MARKING] else None)


def _sliders(query_id: str, box: Box) -> None:
    """The edges of the box in per cent of the picture."""
    st.caption("Draw a box in the picture, or set its edges here.")
    st.session_state.update({ACROSS: _percent(box, 1), DOWN: _percent(box, 0)})
    for label, slider in (("From left to right (%)", ACROSS), ("From top to bottom (%)", DOWN)):
        st.slider(label, 0, 100, key=slider, on_change=_slid, args=(query_id,))


def _slid(query_id: str) -> None:
    (left, right), (top, bottom) = st.session_state[ACROSS], st.session_state[DOWN]
    _put(query_id, (top / 100, left / 100, bottom / 100, right / 100))


def _drawn(key: str, query_id: str) -> None:
    """A box that was drawn in the picture; what is outside of it does not count."""
    boxes = st.session_state[key]["selection"].get("box", [])
    if boxes:
        (left, right), (top, bottom) = (np.clip(sorted(boxes[0][axis]), 0, 1).tolist() for axis in "xy")
        _put(query_id, (top, left, bottom, right))


def _percent(box: Box, axis: int) -> tuple[int, int]:
    """From where to where a box reaches, down (0) or across (1)."""
    return round(100 * box[axis]), round(100 * box[axis + 2])
