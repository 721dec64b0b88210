"""The picture of the Start page, made of the scenes that the app itself draws."""

import base64
import html

import numpy as np
import streamlit as st
from jaxtyping import UInt8

from fsl_core.ui import cached
from fsl_core.ui.store import encode_jpeg

ALT = "Five drawn scenes with their names stand for the examples; a sixth one is to be named."


@st.cache_data(show_spinner=False)
def hero() -> str:
    """HTML: one example of each class of the sample episode, and a picture to ask about."""
    episode = cached.sample(0)
    tiles = [
        _tile(image, episode.class_names[label])
        for image, label in zip(episode.support_images, episode.support_labels, strict=True)
    ]
    ask = _tile(episode.query_images[0], "Which one is this?", "fsl-ask")
    return f'<div class="fsl-hero" role="img" aria-label="{ALT}">{"".join(tiles)}{ask}</div>'


def _tile(image: UInt8[np.ndarray, "height width 3"], caption: str, style: str = "") -> str:
    source = base64.b64encode(encode_jpeg(image)).decode()
    picture = f'<img src="data:image/jpeg;base64,{source}" alt="">'
    return f'<figure class="{style}">{picture}<figcaption>{html.escape(caption)}</figcaption></figure>'
