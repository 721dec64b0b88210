"""Every cached call. Keys are flat strings and digests; entries are bounded; what is cached is never changed."""

from dataclasses import replace

import numpy as np
import streamlit as st

from fsl_core.data import open_dataset, sample_episode
from fsl_core.data.episode import Episode
from fsl_core.manifest import Card, read_manifest
from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Queue
from fsl_core.ui.store import Store, projects_folder

SAMPLE_WAY, SAMPLE_SHOT, SAMPLE_QUERY = 5, 1, 2


@st.cache_resource(show_spinner=False)
def queue() -> Queue:
    """The one inference queue of this server."""
    return Queue()


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """Backbones and feature maps; for jobs of the queue only."""
    return Engine()


@st.cache_data(show_spinner=False, ttl=60)
def cards() -> dict[str, Card]:
    """The backbones that ship, the default one first.

    Raises:
        WeightsError: the manifest is missing or damaged.
    """
    return read_manifest()


def warm_up() -> None:
    """Have the worker import torch and load the default backbone; to be called after the first paint."""
    name = next(iter(cards()))
    queue().submit(f"warm-up {name}", lambda ticket: engine().warm_up(ticket, name))


@st.cache_data(show_spinner=False, max_entries=2000)
def thumbnail(project_id: str, image_id: str) -> bytes:
    """A JPEG of at most 256 pixels of a picture of a project."""
    return Store(projects_folder() / project_id).thumbnail(image_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def sample(seed: int) -> Episode:
    """The synthetic episode that the app opens on."""
    drawn = draw("synthetic", None, (SAMPLE_WAY, SAMPLE_SHOT, SAMPLE_QUERY), seed)
    names = tuple(f"picture {number}.png" for number in range(1, len(drawn.query_images) + 1))
    return replace(drawn, query_names=names)


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


def shuffled(episode: Episode, generator: np.random.Generator) -> Episode:
    """The episode with its queries in random order, so that the order does not give their classes away."""
    order = generator.permutation(len(episode.query_images)).tolist()
    return replace(
        episode,
        query_images=tuple(episode.query_images[index] for index in order),
        query_labels=episode.query_labels and tuple(episode.query_labels[index] for index in order),
        query_names=tuple(episode.query_names[index] for index in order),
    )
