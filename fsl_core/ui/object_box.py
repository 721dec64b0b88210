"""A box that a person draws round an object of a picture, by two sliders."""

import numpy as np
import streamlit as st
from jaxtyping import Bool, Float

START = (25, 75)  # per cent of the picture, before anybody has moved a slider


def box(picture_id: str) -> Float[np.ndarray, "4"]:
    """Two sliders; top, left, bottom, right in [0, 1] of the picture."""
    across = _range("From left to right (%)", f"fsl_box_across_{picture_id[:16]}")
    down = _range("From top to bottom (%)", f"fsl_box_down_{picture_id[:16]}")
    return np.array([down[0], across[0], down[1], across[1]]) / 100


def _range(label: str, key: str) -> tuple[int, int]:
    """Two numbers, the second one larger."""
    low, high = st.slider(label, 0, 100, START, key=key, persist_state="session")
    return (low, high) if high > low else (min(low, 99), min(low, 99) + 1)


def mask_of(box: Float[np.ndarray, "4"], shape: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    """The pixels of a picture of this height and width that a box touches."""
    (top, left), (bottom, right) = np.floor(box[:2] * shape).astype(int), np.ceil(box[2:] * shape).astype(int)
    mask = np.zeros(shape, bool)
    mask[top:bottom, left:right] = True
    return mask
