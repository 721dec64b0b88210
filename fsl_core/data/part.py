"""A part of a data set: a few images of each class, where all of them would take too long."""

import hashlib
from dataclasses import dataclass, field
from typing import final

import numpy as np
from jaxtyping import Int, UInt8

from fsl_core.data.datasets import ImageDataset
from fsl_core.errors import OptionError


@final
@dataclass(frozen=True, eq=False)
class Part(ImageDataset):
    """Some images of a data set, with all its classes.

    Attributes:
        rows: of those images in `whole`.
    """

    whole: ImageDataset
    rows: Int[np.ndarray, " n_images"]
    class_names: tuple[str, ...] = field(init=False)
    labels: Int[np.ndarray, " n_images"] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", self.whole.class_names)
        object.__setattr__(self, "labels", self.whole.labels[self.rows])

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        return self.whole.image(int(self.rows[index]))

    def image_name(self, index: int) -> str:
        return self.whole.image_name(int(self.rows[index]))

    def digest(self) -> str:
        """Of the whole data set and of which images these are."""
        return hashlib.sha256(repr((self.whole.digest(), self.rows.tolist())).encode()).hexdigest()


def some_of_each(dataset: ImageDataset, count: int, generator: np.random.Generator) -> ImageDataset:
    """At most `count` images of each class, drawn at random, in the data set's order; all of a class that has fewer.

    Raises:
        OptionError: less than 1 image of each class is asked for.
    """
    if count < 1:
        raise OptionError(f"At least 1 image of each class is needed, got {count}.")
    rows = [
        generator.permutation(np.flatnonzero(dataset.labels == label))[:count]
        for label in range(len(dataset.class_names))
    ]
    chosen = np.sort(np.concatenate(rows))
    return dataset if len(chosen) == len(dataset) else Part(dataset, chosen)
