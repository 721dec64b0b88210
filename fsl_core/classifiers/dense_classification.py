"""Dense classification: every cell of the query is classified, and their answers are averaged."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option


@final
@dataclass(frozen=True)
class DenseClassification(Classifier):
    """Probability of a class = mean over the query's cells of softmax(temperature * cosine to the class's prototype).

    A prototype is the mean of a class's support vectors over images and cells; the logit is the logarithm of the mean
    probability. In the paper dense classification trains the backbone too, with a learnt temperature. Here it is the
    classifier alone, on whatever backbone: "prediction fusion" in table 1 of DeepEMD (CVPR 2020).
    """

    title: ClassVar[str] = "Dense classification"
    reference: ClassVar[str] = (
        "Lifchitz, Avrithis, Picard, Bursuc: Dense Classification and Implanting for Few-Shot Learning, CVPR 2019"
    )
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    temperature: float = option(20.0, "Factor between a cell's cosine and its logit.", low=0.01, high=1000.0, step=0.5)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        prototypes = normalize(features.class_means(pool(features.support)), dim=1)
        cells = normalize(features.query.flatten(2), dim=1)
        cosine = torch.einsum("kc,qcn->qkn", prototypes, cells)
        votes = (self.temperature * cosine).log_softmax(dim=1)
        return Prediction(votes.logsumexp(dim=2) - math.log(cells.shape[2]))
