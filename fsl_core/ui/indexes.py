"""A data set that is chosen on a page, and its features: the fields, the opening, the index.

A page asks `chosen` for what the fields say and `opened` for the images; its jobs ask `index` for their features.
"""

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from fsl_core.data import ImageDataset, open_dataset, some_of_each
from fsl_core.ui import cached, drawing, requests, session
from fsl_core.ui.project import digest
from fsl_core.ui.scene import Scene
from fsl_core.ui.text import plain

if TYPE_CHECKING:
    from fsl_core.explain import Index

OWN, OTHERS = "This project", "A data set"
SOURCE = "fsl_pictures_of"  # key of the control that says which
CHOSEN = "fsl_dataset"  # Chosen: what is open in this session
OPEN = "open"  # role in which the session waits for a data set
SPLITS = {"test": "test classes", "val": "validation classes", "train": "training classes", "all": "all classes"}
FEW, MOST = 10, 1000  # images of each class: at first, at most


class Chosen(NamedTuple):
    """A data set that was asked for.

    Attributes:
        dataset, folder: as `drawing.source` gives them.
        split: of its classes.
        per_class: images of each class at most, drawn with `seed`.
        moment: when it was asked for, in ns: whoever asks again wants to see what has changed on disk.
    """

    dataset: str
    folder: str
    split: str
    per_class: int
    seed: int
    moment: int

    @property
    def title(self) -> str:
        """What people call it."""
        split = "" if self.dataset in ("synthetic", "folder") else f", {SPLITS[self.split]}"
        return f"{drawing.title_of(self.dataset, self.folder)}{split}"


class Opened(NamedTuple):
    """A data set that can be read."""

    chosen: Chosen
    images: ImageDataset


def source(place: str) -> tuple[bool, Opened | None]:
    """The fields that say whose pictures: this project's or those of a data set, which all pages that ask share.

    Returns:
        Whether there are pictures, and the data set; None = this project.

    Args:
        place: begins the fields' keys.
    """
    whose = st.segmented_control(
        "Pictures", [OWN, OTHERS], default=OWN, required=True, key=SOURCE, persist_state="session"
    )
    if whose != OTHERS:
        return True, None
    asked = chosen(place)
    if asked is None:
        st.info("Choose a data set and open it.", icon=":material/folder_open:")
        return False, None
    data = opened(asked)
    if data:
        images, classes = len(data.images), len(data.images.class_names)
        st.caption(f"Open: {plain(asked.title)}, {images} images of {classes} classes.")
    return data is not None, data


def chosen(place: str) -> Chosen | None:
    """The fields that choose a data set, and what was asked for with them last; None = nothing.

    Args:
        place: begins the fields' keys.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", key="fsl_dataset_fields"):
        dataset, folder = drawing.source(place)
        split = "all"
        if dataset not in ("synthetic", "folder"):
            split = st.selectbox("Its", list(SPLITS), format_func=SPLITS.__getitem__, key=f"{place}_split")
        per_class = st.number_input(
            "Images of each class, at most", 1, MOST, FEW, key=f"{place}_images",
            help="Drawn with the seed of the sidebar. About 10 images a second go through a small backbone on a CPU.",
        )  # fmt: skip
        seed = session.project().settings.seed
        st.button(
            "Open the data set", icon=":material/folder_open:", key=f"{place}_open", on_click=_ask,
            args=(dataset, folder, split, per_class, seed), disabled=bool(drawing.missing(dataset, folder)),
            help=drawing.missing(dataset, folder) or None,
        )  # fmt: skip
    found: Chosen | None = st.session_state.get(CHOSEN)
    return found


def _ask(dataset: str, folder: str, split: str, per_class: int, seed: int) -> None:
    st.session_state[CHOSEN] = Chosen(dataset, folder, split, per_class, seed, time.time_ns())


def opened(asked: Chosen) -> Opened | None:
    """The images of a data set; None = see `requests.awaited`."""
    images: ImageDataset | None = requests.awaited(
        digest(OPEN, *asked), OPEN,
        lambda ticket: drawing.waiting_for(ticket, asked.dataset, asked.folder, lambda: read(asked)),
        queue=cached.drawing_queue(),
    )  # fmt: skip
    return None if images is None else Opened(asked, images)


def read(asked: Chosen) -> ImageDataset:
    """The images themselves.

    Raises:
        FSLError: the data set is not there.
    """
    whole = open_dataset(asked.dataset, asked.folder or None, asked.split)
    return some_of_each(whole, asked.per_class, np.random.default_rng(asked.seed))


def index(scene: Scene, data: Opened) -> "Index":
    """The features of a data set by a scene's backbone; from memory or disk where they are known. For jobs only."""
    from fsl_core.explain import index_of

    backbone, done = scene.backbone, 0
    title, total = data.chosen.title, len(data.images)
    scene.ticket.report(0.0, f"Looking for known features of {title}")

    def advance(count: int) -> None:
        nonlocal done
        done += count
        scene.ticket.report(0.9 * done / total, f"Looking at {title}: image {done} of {total}")

    key = digest(*data.chosen, backbone.digest, str(backbone.device), asdict(backbone.spec))
    return cached.index(key, lambda: index_of(backbone, data.images, title, advance))
