"""Training images in memory, and which of them make the steps of an epoch."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int, UInt8
from torch import Tensor
from tqdm import tqdm

from fsl_core.data import ImageDataset, sample_indices
from fsl_core.data.transforms import square
from fsl_core.errors import TrainingError
from fsl_core.objectives import OBJECTIVES
from fsl_core.train.config import TrainConfig

SAMPLE = 65  # images; odd, so that the median is one of their sides
TOLD = 50  # images between two words of how many are read

Advance = Callable[[str, int, int], object]  # what is read, how many images of it, of how many


def nobody(what: str, done: int, total: int) -> None:
    """Is told how many images are read, and does nothing."""


@dataclass(frozen=True, eq=False)
class ImageStore:
    """All images of a data set, decoded once, as squares of one size."""

    images: UInt8[Tensor, "n_images 3 size size"]
    labels: Int[Tensor, " n_images"]


def load_images(
    dataset: ImageDataset,
    size: int,
    chosen: Int[np.ndarray, " n_images"],
    title: str,
    advance: Advance = nobody,
) -> ImageStore:
    """Decode the chosen images of a data set, as squares of `size` or, where most are smaller, of `common_side`.

    Args:
        title: what is read, for people.
        advance: told every now and then.
    """
    side = min(size, common_side(dataset, chosen))
    images = torch.empty((len(chosen), 3, side, side), dtype=torch.uint8)
    for row, index in enumerate(tqdm(chosen, desc=title, unit="img", leave=False, disable=None)):
        images[row] = torch.from_numpy(square(dataset.image(int(index)), side)).permute(2, 0, 1)
        if row % TOLD == 0:
            advance(title, row, len(chosen))
    return ImageStore(images, torch.from_numpy(dataset.labels[chosen]))


def common_side(dataset: ImageDataset, chosen: Int[np.ndarray, " n_images"]) -> int:
    """Median of the shorter sides, in pixels, of up to `SAMPLE` of the chosen images, taken at equal distances.

    A few images of an unusual size change neither the memory that a store needs nor the detail that it keeps.
    """
    rows = np.linspace(0, len(chosen) - 1, min(SAMPLE, len(chosen))).astype(int)
    return int(np.median([min(dataset.image(int(index)).shape[:2]) for index in chosen[rows]]))


def some_of_each(labels: Int[np.ndarray, " n_images"], count: int) -> Int[np.ndarray, " n_chosen"]:
    """Indices of the first `count` images of each class."""
    return np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)])


def epoch_steps(
    labels: Int[Tensor, " n_images"], config: TrainConfig, epoch: int, devices: int = 1
) -> list[Int[Tensor, "batch part"]]:
    """Rows of the images of each step of an epoch, in `batch` parts that can go to different devices.

    A part is one image, every image being drawn once, or an episode, its support images first. The draw depends on seed
    and epoch alone; of a last partial batch as much is kept as the devices can share evenly, or nothing.

    Raises:
        TrainingError: the data or the epoch are smaller than one batch.
        EpisodeError: there are too few classes or images for an episode.
    """
    generator = np.random.default_rng([config.seed, epoch])
    if OBJECTIVES[config.objective].episodic:
        way, shot, query = config.way, config.shot, config.query
        drawn = [
            sample_indices(labels.numpy(), way=way, shot=shot, query=query, generator=generator)
            for _ in range(config.episodes)
        ]
        parts = np.stack([np.concatenate((episode.support, episode.query)) for episode in drawn])
    else:
        parts = generator.permutation(len(labels))[:, None]
    batches = list(torch.from_numpy(parts).split(config.batch))
    if len(batches[-1]) < config.batch:
        rest = batches.pop()
        kept = 0 if config.drop_last else len(rest) // devices * devices
        batches += [rest[:kept]] if kept else []
    if not batches:
        raise TrainingError(
            f"An epoch holds {len(parts)} images or episodes, a batch {config.batch}; choose a smaller batch."
        )
    return batches
