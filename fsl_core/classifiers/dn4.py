"""DN4: how well a class's local descriptors explain those of the query."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option

BLOCK = 2**23  # similarities of descriptors that are held at once


@final
@dataclass(frozen=True)
class DN4(Classifier):
    """Logit = temperature * mean cosine of the query's cells to their k nearest cells among all of the class's images.

    The cells of all support images of a class form one pool; each cell of the query looks for its k nearest there, and
    no other cell is compared (the image-to-class measure of section 3.3 of the paper).

    Departures: the mean instead of the sum over cells and neighbours, so that logits do not grow with the map; the
    paper's logits are those of temperature = k * cells. A class with fewer than k cells uses all it has. The paper
    knows equal shots only: with uneven shots a class with more images has the larger pool and therefore nearer cells,
    which favours it a little.
    """

    title: ClassVar[str] = "DN4 (nearest local descriptors)"
    reference: ClassVar[str] = (
        "Li, Wang, Xu, Huo, Gao, Luo: Revisiting Local Descriptor based Image-to-Class Measure for Few-shot Learning, "
        "CVPR 2019"
    )
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    k: int = option(3, "Nearest cells of the class that count for each cell of the query.", low=1, high=100, step=1)
    temperature: float = option(20.0, "Factor between the mean cosine and the logit.", low=0.01, high=1000.0, step=0.5)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        support, query = descriptors(features.support), descriptors(features.query)
        pools = [support[features.support_labels == label].flatten(0, 1) for label in range(features.n_way)]
        block = max(1, BLOCK // (query.shape[1] * max(map(len, pools))))
        logits = [torch.stack([self._likeness(part, pool) for pool in pools], dim=1) for part in query.split(block)]
        return Prediction(self.temperature * torch.cat(logits))

    def _likeness(
        self, query: Float[Tensor, "n_query n channels"], pool: Float[Tensor, "cells channels"]
    ) -> Float[Tensor, " n_query"]:
        nearest = (query @ pool.T).topk(min(self.k, len(pool)), dim=2).values
        return nearest.mean(dim=(1, 2))


def descriptors(
    maps: Float[Tensor, "images channels height width"],
) -> Float[Tensor, "images cells channels"]:
    """The vector of each cell, of unit length; cells row-major."""
    return normalize(maps.flatten(2).mT, dim=2)
