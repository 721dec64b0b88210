"""A backbone whose features are known by hand, and a data set held in memory."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from fsl_core.backbones import Backbone
from fsl_core.backbones.network import Network
from fsl_core.data import ImageDataset
from fsl_core.data.transforms import InputSpec
from fsl_core.home import HOME_VARIABLE

RED, GREEN, BLUE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)


class Quarters(Network):
    """Features = mean red, green and blue, in [0, 1], of the four quarters of a picture."""

    reference = "by hand"
    channels = 3

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def stages(self, images: Tensor) -> tuple[Tensor, ...]:
        self.seen += len(images)
        return (adaptive_avg_pool2d(images, 2),)


class Pictures(ImageDataset):
    """Pictures held in memory."""

    def __init__(self, images: Sequence[np.ndarray], labels: Sequence[int]) -> None:
        self.images = list(images)
        self.labels: Int[np.ndarray, " n_images"] = np.array(labels)
        self.class_names = tuple(f"class {label}" for label in range(max(labels, default=0) + 1))

    def image(self, index: int) -> np.ndarray:
        return self.images[index]

    def image_name(self, index: int) -> str:
        return f"{index}.png"


def quarters(*colours: tuple[int, int, int]) -> np.ndarray:
    """A picture of 4 x 4 pixels: one colour, or one for each quarter."""
    corners = np.array(colours if len(colours) == 4 else colours * 4, dtype=np.uint8).reshape(2, 2, 3)
    return corners.repeat(2, axis=0).repeat(2, axis=1)


def random_pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8))


@pytest.fixture
def backbone() -> Backbone:
    spec = InputSpec(4, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    return Backbone("by hand", Quarters(), spec, "digest", torch.device("cpu"))


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path_factory.mktemp("home")))
