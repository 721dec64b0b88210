"""The features of a whole data set, kept on disk, in which neighbours are looked up."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Float16, Float32
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.backbones import Backbone
from fsl_core.data import ImageDataset
from fsl_core.errors import DataError, EpisodeError
from fsl_core.features import dataset_maps
from fsl_core.home import home

LARGEST = 2 * 2**30  # bytes of one index
ROOM = 4 * 2**30  # bytes of all indexes that are kept; those that were not used for longest go first
LAYOUT = 1  # goes into the key: files of another layout are not found
BLOCK = 512  # images whose maps are converted at once
STALE = 24 * 3600  # seconds after which a draft belongs to a process that ended while it wrote


@dataclass(frozen=True, eq=False)
class Index:
    """The features of all images of a data set, on the CPU.

    Attributes:
        title: what people call the data set.
        pooled: mean over the cells of each image's feature map, as it is.
        cells: of each map, every cell brought to unit length (zeros stay zeros); in half precision, which moves a
            cosine by less than 0.001.
        computed: the images went through the backbone just now; otherwise the features were read from disk.
    """

    backbone: Backbone
    dataset: ImageDataset
    title: str
    pooled: Float32[Tensor, "n_images channels"]
    cells: Float16[Tensor, "n_images height width channels"]
    computed: bool

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of the feature maps."""
        return self.cells.shape[1], self.cells.shape[2]


def indexes_folder() -> Path:
    """Where indexes are kept; it need not exist yet, and may be deleted at any time."""
    return home() / "indexes"


def index_of(
    backbone: Backbone,
    dataset: ImageDataset,
    title: str,
    advance: Callable[[int], object] = lambda images: None,
) -> Index:
    """The features of a data set: from disk where this backbone has seen these images before, else computed and kept.

    The file goes by the weights' digest, the input specification and the data set's content (`ImageDataset.digest`),
    so that another split or a changed picture has a file of its own, whatever the names. It appears whole or not at
    all; a damaged one is made again. Where nothing can be written the index is only returned.

    Args:
        title: of the data set, for people.
        advance: called with the number of images that were just done, for a progress bar.

    Raises:
        DataError: the data set has no image, or its features would take more than `LARGEST`.
        EpisodeError: a feature is not finite.
    """
    path = indexes_folder() / f"{_key(backbone, dataset)}.safetensors"
    tensors = _read(path, len(dataset))
    computed = tensors is None
    if tensors is None:
        _check_size(backbone, dataset)
        tensors = _tensors(dataset_maps(backbone, dataset, advance))
        _keep(path, tensors)
    else:
        advance(len(dataset))
    return Index(backbone, dataset, title, tensors["pooled"], tensors["cells"], computed)


def index_from(
    backbone: Backbone, dataset: ImageDataset, title: str, maps: Float[Tensor, "n_images channels height width"]
) -> Index:
    """The features of pictures whose maps are known already; nothing is kept on disk.

    Args:
        maps: of the images of `dataset` by `backbone`, in their order.

    Raises:
        EpisodeError: a feature is not finite.
    """
    tensors = _tensors(maps.cpu())
    return Index(backbone, dataset, title, tensors["pooled"], tensors["cells"], False)


def _key(backbone: Backbone, dataset: ImageDataset) -> str:
    parts = (LAYOUT, backbone.digest, asdict(backbone.spec), dataset.digest())
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _check_size(backbone: Backbone, dataset: ImageDataset) -> None:
    if not len(dataset):
        raise DataError("The data set has no image; check its folder and split.")
    _, channels, height, width = backbone.maps([dataset.image(0)]).shape
    size = len(dataset) * channels * (2 * height * width + 4)
    if size > LARGEST:
        raise DataError(
            f"The features of {len(dataset)} images with {backbone.name} would take {size / 2**30:.1f} GB, more than "
            f"the {LARGEST / 2**30:g} GB of an index; choose a split with fewer images or a smaller backbone."
        )


def _tensors(maps: Float[Tensor, "n_images channels height width"]) -> dict[str, Tensor]:
    """What is kept of the maps, a few images at a time, as they may lie in a file."""
    images, channels, height, width = maps.shape
    pooled, cells = torch.empty(images, channels), torch.empty(images, height, width, channels, dtype=torch.float16)
    for start in range(0, images, BLOCK):
        block = maps[start : start + BLOCK].float()
        pooled[start : start + BLOCK] = block.mean(dim=(2, 3))
        cells[start : start + BLOCK] = normalize(block, dim=1).permute(0, 2, 3, 1).half()
    if not pooled.isfinite().all():
        raise EpisodeError("The features hold NaN or infinite numbers; the backbone's weights are probably damaged.")
    return {"pooled": pooled, "cells": cells}


def _read(path: Path, n_images: int) -> dict[str, Tensor] | None:
    """The tensors of an index; None where there is none that can be used."""
    try:
        tensors = load_file(path)
        os.utime(path)  # used just now
    except (SafetensorError, OSError):
        return None
    usable = {"pooled": (torch.float32, 2), "cells": (torch.float16, 4)}
    found = {name: (tensor.dtype, tensor.ndim) for name, tensor in tensors.items()}
    return tensors if found == usable and all(len(tensor) == n_images for tensor in tensors.values()) else None


def _keep(path: Path, tensors: dict[str, Tensor]) -> None:
    """Write an index, if that is possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_room(path.parent, sum(tensor.nbytes for tensor in tensors.values()))
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="draft-") as work:
            draft = Path(work, path.name)
            _save(draft, tensors)
            draft.replace(path)
    except OSError:
        return


def _save(path: Path, tensors: dict[str, Tensor]) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # what the library makes of a full disk
        raise OSError(errno.EIO, str(error)) from error


def _make_room(folder: Path, needed: int) -> None:
    """Delete the indexes that were not used for longest until `needed` bytes more fit, and drafts left by a crash."""
    for draft in folder.glob("draft-*"):
        if time.time() - draft.stat().st_mtime > STALE:
            shutil.rmtree(draft, ignore_errors=True)
    files = sorted(folder.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
    total = needed
    for file in files:
        total += file.stat().st_size
        if total > ROOM:
            file.unlink(missing_ok=True)
