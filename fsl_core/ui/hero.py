"""The pictures of the Start page: the sample sets, small."""

import html

import numpy as np
import streamlit as st
from jaxtyping import UInt8

from fsl_core.data import Episode
from fsl_core.images import encode_jpeg, thumbnail
from fsl_core.ui import cached
from fsl_core.ui.samples import DEFAULT

ALT = "Five drawn scenes with their names stand for the examples; a sixth one is to be named."
TILE = 128  # pixels
TILES = 4


@st.cache_data(show_spinner=False)
def hero() -> str:
    """HTML: one example of each class of the default sample set, and a picture to ask about."""
    episode = cached.sample(DEFAULT)
    tiles = [
        _tile(image, episode.class_names[label])
        for image, label in zip(episode.support_images, episode.support_labels, strict=True)
    ]
    ask = _tile(_known_query(episode), "Which one is this?", "fsl-ask")
    return f'<div class="fsl-hero" role="img" aria-label="{ALT}">{"".join(tiles)}{ask}</div>'


@st.cache_data(show_spinner=False)
def strip(theme: str) -> str:
    """HTML: four small pictures of a sample set, each of another class."""
    episode = cached.sample(theme)
    first = [episode.support_labels.index(label) for label in range(TILES)]
    tiles = [
        f'<img src="{_source(thumbnail(episode.support_images[row], TILE))}" '
        f'alt="{html.escape(episode.class_names[label])}">'
        for label, row in enumerate(first)
    ]
    return f'<div class="fsl-strip">{"".join(tiles)}</div>'


def _known_query(episode: Episode) -> UInt8[np.ndarray, "height width 3"]:
    labels = episode.query_labels or ()
    return next(image for image, label in zip(episode.query_images, labels, strict=True) if label >= 0)


def _tile(image: UInt8[np.ndarray, "height width 3"], caption: str, style: str = "") -> str:
    picture = f'<img src="{_source(image)}" alt="">'
    return f'<figure class="{style}">{picture}<figcaption>{html.escape(caption)}</figcaption></figure>'


def _source(image: UInt8[np.ndarray, "height width 3"]) -> str:
    return cached.data_url(encode_jpeg(image))
