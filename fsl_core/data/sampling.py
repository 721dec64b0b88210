"""Drawing episodes from a labelled data set."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from fsl_core.data.datasets import ImageDataset
from fsl_core.data.episode import Episode
from fsl_core.errors import EpisodeError


class EpisodeIndices(NamedTuple):
    """Which images of a data set make an episode; labels are 0 .. way - 1 in the order of `classes`."""

    classes: Int[np.ndarray, " way"]
    support: Int[np.ndarray, " n_support"]
    support_labels: Int[np.ndarray, " n_support"]
    query: Int[np.ndarray, " n_query"]
    query_labels: Int[np.ndarray, " n_query"]


def sample_indices(
    labels: Int[np.ndarray, " n_images"], *, way: int, shot: int, query: int, generator: np.random.Generator
) -> EpisodeIndices:
    """Draw `way` classes, then `shot` support and `query` query images of each, all without replacement.

    Rows are grouped by class. Only classes with at least `shot + query` images take part.

    Raises:
        EpisodeError: fewer than `way` classes are large enough.
    """
    names, counts = np.unique(labels, return_counts=True)
    large = names[counts >= shot + query]
    if way < 2 or shot < 1 or query < 0:
        raise EpisodeError(f"An episode needs way >= 2, shot >= 1 and query >= 0, got {way}, {shot} and {query}.")
    if len(large) < way:
        raise EpisodeError(
            f"A {way}-way episode with {shot} support and {query} query images per class needs {way} classes of at "
            f"least {shot + query} images; here {len(large)} of {len(names)} are large enough. "
            "Choose a smaller way, shot or query."
        )
    classes = generator.permutation(large)[:way]
    chosen = np.stack([generator.permutation(np.flatnonzero(labels == name))[: shot + query] for name in classes])
    rows = np.arange(way)
    return EpisodeIndices(
        classes, chosen[:, :shot].ravel(), rows.repeat(shot), chosen[:, shot:].ravel(), rows.repeat(query)
    )


def sample_episode(
    dataset: ImageDataset, *, way: int, shot: int, query: int, generator: np.random.Generator
) -> Episode:
    """Draw an episode whose queries carry their true labels (DeepEMD and SCL draw theirs the same way).

    Raises:
        EpisodeError: the data set has too few classes or images for it.
    """
    drawn = sample_indices(dataset.labels, way=way, shot=shot, query=query, generator=generator)
    names = tuple(dataset.class_names[index] for index in drawn.classes)
    shown = [dataset.image_and_mask(index) for index in drawn.support.tolist()]
    asked = [dataset.image_and_mask(index) for index in drawn.query.tolist()]
    return Episode(
        support_images=tuple(image for image, _ in shown),
        support_labels=tuple(drawn.support_labels.tolist()),
        query_images=tuple(image for image, _ in asked),
        query_labels=tuple(drawn.query_labels.tolist()),
        class_names=names,
        support_names=tuple(dataset.image_name(index) for index in drawn.support.tolist()),
        query_names=tuple(dataset.image_name(index) for index in drawn.query.tolist()),
        support_masks=tuple(mask for _, mask in shown),
        query_masks=tuple(mask for _, mask in asked),
    )


def shuffled(episode: Episode, generator: np.random.Generator) -> Episode:
    """The episode with its queries in random order, so that the order does not give their classes away."""
    order = generator.permutation(len(episode.query_images)).tolist()
    return replace(
        episode,
        query_images=tuple(episode.query_images[index] for index in order),
        query_labels=episode.query_labels and tuple(episode.query_labels[index] for index in order),
        query_names=tuple(episode.query_names[index] for index in order),
        query_masks=tuple(episode.query_masks[index] for index in order),
    )
