"""Every cached call. Keys are flat strings and digests; entries are bounded; what is cached is never changed."""

import base64
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from fsl_core.data import open_dataset, sample_episode, shuffled
from fsl_core.data.episode import Episode
from fsl_core.images import decode, encode_jpeg
from fsl_core.images import thumbnail as smaller
from fsl_core.manifest import Card, read_cards
from fsl_core.train.config import read_about, recipes
from fsl_core.ui import bundle, samples
from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Queue
from fsl_core.ui.project import Project
from fsl_core.ui.recents import Summary, summarise
from fsl_core.ui.store import Store, projects_folder

if TYPE_CHECKING:
    from fsl_core.explain import Index

EASIEST = "demo_synthetic"  # recipe
ICON = 96  # pixels of the pictures that the pointer brings up


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The one inference queue of this server."""
    return Queue()


@st.cache_resource(show_spinner=False)
def drawing_queue() -> Queue:
    """The queue for what waits for disks and networks, so that it holds up no answer."""
    return Queue(kept=2, patience=600)


@st.cache_resource(show_spinner=False)
def planning_queue() -> Queue:
    """The queue for plans of training runs, each of which takes a process of its own."""
    return Queue(kept=8, patience=30)


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Backbones and feature maps; for jobs of the queue only."""
    return Engine()


@st.cache_resource(show_spinner=False)
def benches() -> OrderedDict[tuple[Any, ...], Any]:
    """What heat maps were put to the test with, the latest last; for jobs of the queue only."""
    return OrderedDict()


@st.cache_data(show_spinner=False, ttl=60)
def cards() -> dict[str, Card]:
    """The backbones that ship, the default one first, then those of the user's own.

    Raises:
        WeightsError: the manifest is missing or damaged.
    """
    return read_cards()


@st.cache_data(show_spinner=False)
def abouts() -> dict[str, str]:
    """What each recipe says of itself, by its name; first the one that needs no data."""
    found = {name: read_about(path) for name, path in recipes().items()}
    return {EASIEST: found.pop(EASIEST)} | found


def warm_up() -> None:
    """Have the worker import torch and load the default backbone; to be called after the first paint."""
    name = next(iter(cards()))
    queue().submit(f"warm-up {name}", lambda ticket: engine().warm_up(ticket, name))


@st.cache_data(show_spinner=False, max_entries=2000)
def thumbnail(project_id: str, image_id: str) -> bytes:
    """A JPEG of at most 256 pixels of a picture of a project."""
    return Store(projects_folder() / project_id).thumbnail(image_id)


@st.cache_data(show_spinner=False, max_entries=2000)
def icon(project_id: str, image_id: str) -> str:
    """The data URL of a JPEG of at most `ICON` pixels of a picture of a project."""
    return data_url(encode_jpeg(smaller(decode(thumbnail(project_id, image_id)), ICON)))


def data_url(jpeg: bytes) -> str:
    """A JPEG as an address that holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


@st.cache_resource(show_spinner=False, max_entries=2)
def index(key: str, _make: Callable[[], "Index"]) -> "Index":
    """The features of a data set, which may fill gigabytes; made where `key` is new."""
    return _make()


@st.cache_data(show_spinner=False, max_entries=2000)
def summary(project_id: str, changed: int) -> Summary | None:
    """A project in short; `changed` is the time of its last change in ns. None = it is damaged or gone."""
    return summarise(project_id, changed)


@st.cache_resource(show_spinner="Packing the project …", max_entries=2)
def packed(project_id: str, revision: int, figures: int, _project: Project) -> bytes:
    """The .zip of a project in one of its revisions; `figures` is the time of the last change of those put aside.

    Raises:
        EpisodeError: a picture is not on disk any more, or there is more than a .zip may hold.
    """
    return bundle.pack(_project, Store(projects_folder() / project_id))


@st.cache_resource(show_spinner="Packing the episode …", max_entries=2)
def packed_episode(project_id: str, revision: int, _project: Project) -> bytes:
    """The .zip of what is switched on, as an episode on disk; raises what `packed` raises."""
    return bundle.pack_episode(_project, Store(projects_folder() / project_id))


def forget_projects() -> None:
    """Keep nothing in memory of projects that were deleted."""
    for function in (thumbnail, icon, summary, packed, packed_episode):
        function.clear()


@st.cache_resource(show_spinner=False, max_entries=8)
def sample(theme: str) -> Episode:
    """The episode of a sample set; raises what `samples.load` raises."""
    return samples.load(theme)


def draw(dataset: str, folder: str | None, size: tuple[int, int, int], seed: int) -> Episode:
    """An episode of a data set.

    Args:
        folder: of the data on this computer; None = from the Hub.
        size: way, shot, and query images per class.

    Raises:
        FSLError: the data set is not there, or too small for the episode.
    """
    way, shot, query = size
    split = "all" if dataset == "folder" else "test"
    images = open_dataset(dataset, folder or None, split)
    generator = np.random.default_rng(seed)
    return shuffled(sample_episode(images, way=way, shot=shot, query=query, generator=generator), generator)
