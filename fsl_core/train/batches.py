"""Training images in memory, and the random augmentation of whole batches on the device."""

from dataclasses import dataclass

import kornia.augmentation as K
import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from tqdm import tqdm

from fsl_core.data import ImageDataset, sample_indices
from fsl_core.data.transforms import InputSpec, square
from fsl_core.errors import TrainingError
from fsl_core.objectives import OBJECTIVES
from fsl_core.train.config import TrainConfig

SAMPLE = 65  # images; odd, so that the median is one of their sides


@dataclass(frozen=True, eq=False)
class ImageStore:
    """All images of a data set, decoded once, as squares of one size."""

    images: UInt8[Tensor, "n_images 3 size size"]
    labels: Int[Tensor, " n_images"]


def load_images(dataset: ImageDataset, size: int, chosen: Int[np.ndarray, " n_images"], title: str) -> ImageStore:
    """Decode the chosen images of a data set, as squares of `size` or, where most are smaller, of `common_side`."""
    side = min(size, common_side(dataset, chosen))
    images = torch.empty((len(chosen), 3, side, side), dtype=torch.uint8)
    for row, index in enumerate(tqdm(chosen, desc=title, unit="img", leave=False)):
        images[row] = torch.from_numpy(square(dataset.image(int(index)), side)).permute(2, 0, 1)
    return ImageStore(images, torch.from_numpy(dataset.labels[chosen]))


def common_side(dataset: ImageDataset, chosen: Int[np.ndarray, " n_images"]) -> int:
    """Median of the shorter sides, in pixels, of up to `SAMPLE` of the chosen images, taken at equal distances.

    A few images of an unusual size change neither the memory that a store needs nor the detail that it keeps.
    """
    rows = np.linspace(0, len(chosen) - 1, min(SAMPLE, len(chosen))).astype(int)
    return int(np.median([min(dataset.image(int(index)).shape[:2]) for index in chosen[rows]]))


class Augmentation(nn.Module):
    """Random crop, horizontal flip, colour jitter and normalisation, drawn anew for each image of a batch."""

    def __init__(self, config: TrainConfig, spec: InputSpec, size: int) -> None:
        super().__init__()
        side = (size, size)
        if config.crop == "resized":
            crop: list[nn.Module] = [K.RandomResizedCrop(side, scale=(config.crop_scale, 1.0))]
        else:
            crop = [K.Resize(side), K.RandomCrop(side, padding=max(4, size * 8 // 84))]
        strength = config.jitter
        jitter = [K.ColorJiggle(strength, strength, strength, 0.0)] if strength else []
        normalise = K.Normalize(torch.tensor(spec.mean), torch.tensor(spec.std))
        self.steps = nn.Sequential(*crop, K.RandomHorizontalFlip(), *jitter, normalise)

    @torch.no_grad()
    def forward(self, images: UInt8[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 size size"]:
        return self.steps(images.float() / 255)


def some_of_each(labels: Int[np.ndarray, " n_images"], count: int) -> Int[np.ndarray, " n_chosen"]:
    """Indices of the first `count` images of each class."""
    return np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)])


def epoch_steps(labels: Int[Tensor, " n_images"], config: TrainConfig, epoch: int) -> Int[Tensor, "n_steps batch part"]:
    """Rows of the images of each step of an epoch, in `batch` parts that can go to different devices.

    A part is one image, every image being drawn once, or an episode, its support images first. The draw depends on seed
    and epoch alone; a last partial batch is dropped.

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
    n_steps = len(parts) // config.batch
    if not n_steps:
        raise TrainingError(
            f"An epoch holds {len(parts)} images or episodes, a batch {config.batch}; choose a smaller batch."
        )
    return torch.from_numpy(parts[: n_steps * config.batch]).unflatten(0, (n_steps, config.batch))
