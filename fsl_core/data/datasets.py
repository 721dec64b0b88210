"""Labelled image sets: the Hub, parquet, image folders and zips through Hugging Face `datasets`; synthetic scenes."""

import contextlib
import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np
from jaxtyping import Bool, Int, UInt8

from fsl_core.data.local import read_local
from fsl_core.data.synthetic import CLASSES, render_scene
from fsl_core.errors import DataError
from fsl_core.images import decode

if TYPE_CHECKING:
    from datasets import Dataset

SPLITS = Path(__file__).parent / "splits"
SPLIT_NAMES = ("train", "val", "test", "trainval", "all")


class Source(NamedTuple):
    """A published data set: where its images are, and which file in `splits/` divides its classes."""

    hub_id: str | None
    label_column: str
    split_file: str


SOURCES = {
    "cifar_fs": Source("uoft-cs/cifar100", "fine_label", "cifar_fs"),
    "fc100": Source("uoft-cs/cifar100", "fine_label", "fc100"),
    "tiny_imagenet": Source("zh-plus/tiny-imagenet", "label", "tiny_imagenet"),
    "mini_imagenet": Source("timm/mini-imagenet", "label", "mini_imagenet"),
    "tiered_imagenet": Source(None, "label", "tiered_imagenet"),
    "cub": Source(None, "label", "cub"),
}
Masked = tuple[UInt8[np.ndarray, "height width 3"], Bool[np.ndarray, "height width"] | None]
DATASETS = ("synthetic", *SOURCES)
TABLES = (".parquet", ".csv", ".jsonl")


class ImageDataset(ABC):
    """Images with one class each; images are decoded when they are asked for.

    Attributes:
        labels: row of `class_names` for each image.
    """

    class_names: tuple[str, ...]
    labels: Int[np.ndarray, " n_images"]

    @abstractmethod
    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        """The pixels of image `index`."""

    def image_and_mask(self, index: int) -> Masked:
        """The pixels of image `index`, and where its object is seen; None = it is not known."""
        return self.image(index), None

    @abstractmethod
    def image_name(self, index: int) -> str:
        """A name to show to people, unique within its class."""

    def __len__(self) -> int:
        return len(self.labels)

    def digest(self) -> str:
        """SHA-256 of classes, labels and pixels, in hex: what is computed from the images holds as long as it does."""
        found = hashlib.sha256(repr((self.class_names, self.labels.tolist())).encode())
        for index in range(len(self)):
            image = self.image(index)
            found.update(repr(image.shape).encode() + image.tobytes())
        return found.hexdigest()


@final
@dataclass(frozen=True, eq=False)
class SyntheticScenes(ImageDataset):
    """Scenes of `fsl_core.data.synthetic`, drawn on demand: image i of class k is the same for the same seed."""

    per_class: int = 100
    size: int = 224
    seed: int = 0
    class_names: tuple[str, ...] = CLASSES
    labels: Int[np.ndarray, " n_images"] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.arange(len(self.class_names)).repeat(self.per_class))

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        return self.image_and_mask(index)[0]

    def image_and_mask(self, index: int) -> Masked:
        label, position = divmod(int(index), self.per_class)
        generator = np.random.default_rng([self.seed, label, position])
        scene = render_scene(self.class_names[label], generator, self.size)
        return scene.image, scene.mask

    def image_name(self, index: int) -> str:
        label, position = divmod(int(index), self.per_class)
        return f"{self.class_names[label]} {position + 1}.png"

    def digest(self) -> str:
        """Of the settings and of the first scene of each class, which changes when the drawing does."""
        found = hashlib.sha256(repr((self.per_class, self.size, self.seed, self.class_names)).encode())
        for label in range(len(self.class_names)):
            found.update(self.image(label * self.per_class).tobytes())
        return found.hexdigest()


@final
@dataclass(frozen=True, eq=False)
class HubImages(ImageDataset):
    """Rows of a Hugging Face data set whose image column is undecoded (`datasets.Image(decode=False)`)."""

    rows: "Dataset"
    image_column: str
    class_names: tuple[str, ...]
    labels: Int[np.ndarray, " n_images"]

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        entry = self.rows[int(index)][self.image_column]
        with _there(entry["path"]):
            data = entry["bytes"] if entry["bytes"] is not None else Path(entry["path"]).read_bytes()
        return decode(data, self.image_name(index))

    def image_name(self, index: int) -> str:
        return Path(self.rows[int(index)][self.image_column]["path"] or f"{int(index)}.png").name

    def digest(self) -> str:
        """Of the files as they are stored, undecoded; of pictures in a folder, of path, size and last change."""
        found = hashlib.sha256(repr((self.class_names, self.labels.tolist())).encode())
        column = self.rows.select_columns(self.image_column).with_format("arrow")
        for batch in column.iter(batch_size=1000):
            for entry in batch[self.image_column].to_pylist():
                data = entry["bytes"]
                if data is None:
                    with _there(entry["path"]):
                        state = Path(entry["path"]).stat()
                    data = repr((entry["path"], state.st_size, state.st_mtime_ns)).encode()
                found.update(len(data).to_bytes(8) + data)
        return found.hexdigest()


@contextlib.contextmanager
def _there(path: str | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be read any more ({error.strerror or error}); put it back, or open the data set again."
        ) from error


def open_dataset(name: str, data: str | Path | None = None, split: str = "test") -> ImageDataset:
    """Open a data set by name, restricted to the classes of one split.

    Args:
        name: one of `DATASETS`, or a Hub id such as "owner/name", or "folder" for any image folder or zip in `data`.
        data: a folder of parquet files, an image folder (`class name/*.jpg`) or a zip of one; replaces the download.
        split: "train", "val" or "test" classes, "trainval" for the first two, or "all". Sets without a published class
            split have only "all", which serves for every split. Images of the Hub's own train and test parts are
            pooled, as few-shot splits divide classes and not images.

    Raises:
        DataError: the name or split is unknown, the data are not there, or the Hub cannot be reached.
    """
    if split not in SPLIT_NAMES:
        raise DataError(f"The split must be one of {', '.join(SPLIT_NAMES)}; got {split!r}.")
    if name == "synthetic":
        return SyntheticScenes()
    source = SOURCES.get(name)
    changed = _newest(Path(data)) if data else 0
    dataset = _load(name, source.hub_id if source else name, str(data) if data else None, changed)
    if source is None:
        return dataset
    return restrict(dataset, class_split(source.split_file, split))


def class_split(name: str, split: str) -> tuple[str, ...] | None:
    """Class names of a published split (`splits/<name>.json`); None means all classes."""
    parts = json.loads((SPLITS / f"{name}.json").read_text())
    if split == "all":
        return None
    return (*parts["train"], *parts["val"]) if split == "trainval" else tuple(parts[split])


def restrict(dataset: ImageDataset, class_names: tuple[str, ...] | None) -> ImageDataset:
    """The images of some classes, in the given order of classes.

    Raises:
        DataError: a class is not in the data set.
    """
    if class_names is None:
        return dataset
    assert isinstance(dataset, HubImages)
    missing = [name for name in class_names if name not in dataset.class_names]
    if missing:
        raise DataError(
            f"The data lack {len(missing)} of the split's {len(class_names)} classes (the first is {missing[0]!r}). "
            "Check that the folder holds this data set, with its classes named as published."
        )
    old = np.array([dataset.class_names.index(name) for name in class_names])
    new = np.full(len(dataset.class_names), -1)
    new[old] = np.arange(len(class_names))
    keep = np.flatnonzero(new[dataset.labels] >= 0)
    return HubImages(dataset.rows.select(keep), dataset.image_column, class_names, new[dataset.labels[keep]])


def _newest(path: Path) -> int:
    """Time of the last change under a path, in ns since 1970; 0 where nothing can be read.

    Of a folder, its folders and tables are asked and not each picture: a picture that comes, goes or is renamed
    changes its folder, and the pixels of one that is overwritten are read from the disk anyway.
    """
    times = [0]
    with contextlib.suppress(OSError):
        times.append(path.stat().st_mtime_ns)
        for folder, _, names in os.walk(path):
            tables = [name for name in names if name.endswith(TABLES)]
            times += [Path(folder, name).stat().st_mtime_ns for name in (".", *tables)]
    return max(times)


@lru_cache(maxsize=4)
def _load(name: str, hub_id: str | None, data: str | None, changed: int) -> HubImages:
    """The whole data set; the last few stay in memory, until `changed` says that their files are other ones."""
    import datasets

    datasets.disable_progress_bars()
    try:
        parts = [read_local(Path(data))] if data else _load_hub(name, hub_id)
        rows = datasets.concatenate_datasets(parts)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        where = f"in {data}" if data else f"as {hub_id} on the Hub"
        raise DataError(
            f"{name} could not be loaded {where} ({type(error).__name__}). Without a network, get the data set's "
            "parquet files or its image folder by hand and name their folder with --data."
        ) from error
    images = [column for column, feature in rows.features.items() if isinstance(feature, datasets.Image)]
    labels = [column for column, feature in rows.features.items() if isinstance(feature, datasets.ClassLabel)]
    label = SOURCES[name].label_column if name in SOURCES and SOURCES[name].label_column in labels else None
    label = label or (labels[0] if labels else None)
    if not images or label is None:
        raise DataError(
            f"{name} has no column of images with a column of class labels; found {', '.join(rows.features)}."
        )
    rows = rows.cast_column(images[0], datasets.Image(decode=False))
    classes = np.asarray(rows.with_format("numpy")[label])
    known = np.flatnonzero(classes >= 0)  # test parts of the Hub may come without labels, which are -1 then
    return HubImages(rows.select(known), images[0], tuple(rows.features[label].names), classes[known])


def _load_hub(name: str, hub_id: str | None) -> list["Dataset"]:
    import datasets

    if hub_id is None:
        raise DataError(
            f"{name} may not be downloaded automatically; get its images by hand and name their folder with --data."
        )
    return list(datasets.load_dataset(hub_id).values())
