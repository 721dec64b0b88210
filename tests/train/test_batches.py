"""Images of any sizes become squares of one size that suits most of them."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from jaxtyping import UInt8

from fsl_core.data import ImageDataset
from fsl_core.train.batches import load_images


@dataclass(frozen=True, eq=False)
class Plain(ImageDataset):
    """Grey images, each as high as the given side and one and a half times as wide."""

    sides: tuple[int, ...]
    class_names: tuple[str, ...] = ("grey",)
    labels: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", np.zeros(len(self.sides), dtype=int))

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        side = self.sides[index]
        return np.full((side, side * 3 // 2, 3), index % 256, dtype=np.uint8)

    def image_name(self, index: int) -> str:
        return str(index)


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((200, *[32] * 9), 32),
        ((8, *[64] * 9), 64),
        ((8, *[200] * 9), 84),
        ((*[32] * 150, *[64] * 250), 64),
        ((40,), 40),
    ],
)
def test_side_is_that_of_most_images(sides: tuple[int, ...], expected: int) -> None:
    store = load_images(Plain(sides), 84, np.arange(len(sides)), "")
    assert store.images.shape == (len(sides), 3, expected, expected)
    assert [int(image[0, 0, 0]) for image in store.images[:5]] == list(range(len(sides)))[:5]


def test_only_the_chosen_images_count() -> None:
    assert load_images(Plain((*[200] * 9, 32, 32, 32)), 84, np.array([9, 10, 11]), "").images.shape[-1] == 32
