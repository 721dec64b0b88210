"""EPISODE -> FEATURES: run a frozen backbone over the images of an episode, or of a whole data set."""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn.functional import one_hot

from fsl_core.backbones import Backbone
from fsl_core.data import Episode, ImageDataset
from fsl_core.data.copies import Copies
from fsl_core.data.patches import Patches
from fsl_core.errors import EpisodeError

BATCH = 32
MEMORY = 2**31  # bytes of a data set's feature maps that are kept in memory; more go to a temporary file


@dataclass(frozen=True, eq=False)
class EpisodeFeatures:
    """All that a classifier may know of an episode. Vector features are maps of height = width = 1.

    Attributes:
        support_labels: row of `class_names` that each support image belongs to.

    Raises:
        EpisodeError: shapes do not fit together, a class has no support image, a label has no class, or a feature is
            not finite.
    """

    support: Float[Tensor, "n_support channels height width"]
    support_labels: Int[Tensor, " n_support"]
    query: Float[Tensor, "n_query channels height width"]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.support.ndim != 4 or self.query.ndim != 4 or self.support.shape[1:] != self.query.shape[1:]:
            raise EpisodeError(
                "Support and query features must be maps [images, channels, height, width] of one size, got "
                f"{list(self.support.shape)} and {list(self.query.shape)}."
            )
        present = self.support_labels.unique().tolist()
        if len(self.support_labels) != len(self.support) or present != list(range(len(self.class_names))):
            raise EpisodeError(
                f"Each support image needs a label and each of the {len(self.class_names)} classes a support image, "
                f"got {len(self.support_labels)} labels for {len(self.support)} images with the values {present}."
            )
        if not (self.support.isfinite().all() and self.query.isfinite().all()):
            raise EpisodeError(
                "The features hold NaN or infinite numbers; the backbone's weights are probably damaged."
            )

    @property
    def n_way(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def prototypes(self) -> Float[Tensor, "n_way channels height width"]:
        """Mean support map of each class."""
        return self.class_means(self.support)

    def class_means(self, values: Float[Tensor, "n_support *shape"]) -> Float[Tensor, "n_way *shape"]:
        """Mean over each class's support images of something computed per support image."""
        members = one_hot(self.support_labels, self.n_way).to(values.dtype).T
        return ((members / members.sum(dim=1, keepdim=True)) @ values.flatten(1)).unflatten(1, values.shape[1:])


def extract(
    backbone: Backbone,
    episode: Episode,
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
    copies: Copies | None = None,
) -> EpisodeFeatures:
    """Feature maps of every support and query image of an episode.

    Args:
        advance: called with the number of images that were just done, for a progress bar.
        patches: as in `maps_of`.
        copies: that replace each support image; None = the images themselves.
    """
    count = copies.count if copies else 1
    n_support = count * len(episode.support_images)

    def image(index: int) -> UInt8[np.ndarray, "_ _ 3"]:
        if index >= n_support:
            return episode.query_images[index - n_support]
        original = episode.support_images[index // count]
        return copies.of(original, index % count) if copies else original

    images = n_support + len(episode.query_images)
    maps = torch.cat(list(batches_of_maps(backbone, image, images, advance, patches)))
    labels = torch.tensor(episode.support_labels, device=maps.device)
    return EpisodeFeatures(
        support=maps[:n_support],
        support_labels=labels.repeat_interleave(count),
        query=maps[n_support:],
        class_names=episode.class_names,
    )


def batches_of_maps(
    backbone: Backbone,
    image: Callable[[int], UInt8[np.ndarray, "_ _ 3"]],
    count: int,
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
) -> Iterator[Float[Tensor, "batch channels height width"]]:
    """`maps_of` images 0 .. count - 1, a few at a time; images are fetched when their batch is due."""
    for start in range(0, count, BATCH):
        batch = range(start, min(start + BATCH, count))
        yield maps_of(backbone, [image(index) for index in batch], patches)
        advance(len(batch))


def maps_of(
    backbone: Backbone, images: Sequence[UInt8[np.ndarray, "_ _ 3"]], patches: Patches | None = None
) -> Float[Tensor, "batch channels height width"]:
    """The backbone's last feature maps of images of any sizes, or one vector for each of their patches.

    Args:
        patches: cut out of each image at its original resolution, encoded one by one and mean-pooled: a map has the
            height `patches.count` and the width 1. How the backbone fits pictures that are no squares has no effect
            then. None = the maps of the whole images.
    """
    if patches is None:
        return backbone.maps(images)
    cut = [patch for image in images for patch in patches.cut(image, backbone.spec.size)]
    return backbone.maps(cut).mean(dim=(2, 3)).unflatten(0, (len(images), patches.count)).mT[..., None]


def dataset_maps(
    backbone: Backbone,
    dataset: ImageDataset,
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
) -> Float[Tensor, "n_images channels height width"]:
    """Feature maps of every image of a data set, each computed once; on the CPU, beyond 2 GiB in a temporary file.

    Args:
        advance: called with the number of images that were just done, for a progress bar.
        patches: that stand for each image (`fsl_core.features.maps_of`); None = its whole feature map.

    Raises:
        EpisodeError: the data set has no image.
    """
    batches = batches_of_maps(backbone, dataset.image, len(dataset), advance, patches)
    return _gathered(batches, torch.arange(len(dataset)), len(dataset))


def copies_maps(
    backbone: Backbone,
    dataset: ImageDataset,
    copies: Copies,
    rows: Int[np.ndarray, " n_chosen"],
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
) -> Float[Tensor, "n_images copies channels height width"]:
    """Feature maps of the augmented copies of some images of a data set; those of the others are left undefined.

    Args:
        rows: the images, at least one.
        advance: called with the number of copies that were just done.
        patches: as in `dataset_maps`.
    """
    places = torch.from_numpy((rows[:, None] * copies.count + np.arange(copies.count)).ravel())

    def image(index: int) -> UInt8[np.ndarray, "_ _ 3"]:
        return copies.of(dataset.image(int(rows[index // copies.count])), index % copies.count)

    batches = batches_of_maps(backbone, image, len(places), advance, patches)
    maps = _gathered(batches, places, len(dataset) * copies.count)
    return maps.unflatten(0, (len(dataset), copies.count))


def _gathered(
    batches: Iterator[Float[Tensor, "batch channels height width"]], places: Int[Tensor, " n_done"], total: int
) -> Float[Tensor, "total channels height width"]:
    """Batches one after another, each map at its place among `total`."""
    maps: Tensor | None = None
    done = 0
    for batch in batches:
        if maps is None:
            maps = _storage((total, *batch.shape[1:]))
        maps[places[done : done + len(batch)]] = batch.cpu()
        done += len(batch)
    if maps is None:
        raise EpisodeError("The data set has no image; check its folder and split.")
    return maps


def _storage(shape: tuple[int, ...]) -> Float[Tensor, "n_images channels height width"]:
    if 4 * math.prod(shape) <= MEMORY:
        return torch.empty(shape)
    with tempfile.TemporaryFile() as file:
        return torch.from_numpy(np.memmap(file, dtype=np.float32, mode="w+", shape=shape))
