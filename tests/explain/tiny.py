"""Networks and classifiers whose explanations are known by hand."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones import Backbone, Network
from fsl_core.backbones.conv4 import Conv4
from fsl_core.classifiers import Classifier, Prediction, ProtoNet
from fsl_core.data.transforms import InputSpec
from fsl_core.explain import Question
from fsl_core.features import EpisodeFeatures


class Cells(Network):
    """Stage 1: the mean colour of 7 x 7 cells. Stage 2: two channels, red + 2 green and -blue."""

    reference = "by hand"

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 2, 1, bias=False)
        self.mix.weight.data = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, -1.0]])[:, :, None, None]
        self.channels = 2

    def stages(self, images: Tensor) -> tuple[Tensor, ...]:
        cells = F.adaptive_avg_pool2d(images, 7)
        return cells, self.mix(cells)


@dataclass(frozen=True)
class Readout(Classifier):
    """Logit of class 0 = factor times the first channel's mean over a block, of class 1 = the second one's mean.

    The block has `side` x `side` cells, `cell` being the first.
    """

    title: ClassVar[str] = "Readout"
    reference: ClassVar[str] = "by hand"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    cell: tuple[int, int] = (2, 5)
    factor: float = 1.0
    side: int = 1

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        maps = features.query
        row, column = self.cell
        block = maps[:, 0, row : row + self.side, column : column + self.side]
        one, other = self.factor * block.mean(dim=(1, 2)), maps[:, 1].mean(dim=(1, 2))
        return Prediction(torch.stack([one, other], dim=1))


@dataclass(frozen=True)
class Opaque(Readout):
    differentiable: ClassVar[bool] = False

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        return Prediction(super().__call__(features).logits.detach())


def frozen(network: Network, size: int) -> Backbone:
    network.eval().requires_grad_(False)
    return Backbone("tiny", network, InputSpec(size), "", torch.device("cpu"))


def pictures(count: int, size: int, seed: int = 0) -> list[np.ndarray]:
    """Coloured blocks and noise."""
    generator = np.random.default_rng(seed)
    blocks = generator.integers(0, 256, (count, 4, 4, 3)).repeat(-(-size // 4), 1).repeat(-(-size // 4), 2)
    noisy = blocks[:, :size, :size] + generator.integers(-20, 21, (count, size, size, 3))
    return list(noisy.clip(0, 255).astype(np.uint8))


def readout(classifier: Classifier | None = None, size: int = 14, against: int | None = None) -> Question:
    """Two classes, one support image each."""
    backbone, images = frozen(Cells(), size), pictures(3, size)
    features = EpisodeFeatures(backbone.maps(images[:2]), torch.arange(2), backbone.maps(images[2:]), ("cat", "dog"))
    return Question(backbone, classifier or Readout(), features, images[2], 0, against)


def conv4(classifier: Classifier | None = None, size: int = 32, against: int | None = None) -> Question:
    """An untrained Conv4 of 8 channels and three classes."""
    torch.manual_seed(0)
    backbone, images = frozen(Conv4(8), size), pictures(4, size)
    features = EpisodeFeatures(
        backbone.maps(images[:3]), torch.arange(3), backbone.maps(images[3:]), ("cat", "dog", "cow")
    )
    return Question(backbone, classifier or ProtoNet(), features, images[3], 1, against)
