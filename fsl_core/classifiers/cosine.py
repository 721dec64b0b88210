"""Attention over the support images by cosine similarity."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option


@final
@dataclass(frozen=True)
class Cosine(Classifier):
    """Matching networks without full context embeddings: each support image votes for its class with its attention.

    Attention = softmax over all support images of temperature * cosine similarity of the pooled vectors; a class's
    probability is the sum over its images (equation 1 of the paper), its logit the logarithm of that sum.

    Departures: with uneven shots equation 1 favours the class with the most images, often against all likeness; so a
    class's sum is divided by its number of images unless `balanced` is off, which changes nothing for equal shots.
    The paper's temperature is 1, with which no class can get far ahead, as a cosine is at most 1.
    """

    title: ClassVar[str] = "Cosine attention (matching network)"
    reference: ClassVar[str] = "Vinyals et al.: Matching Networks for One Shot Learning, NeurIPS 2016"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    temperature: float = option(
        10.0, "Factor between the cosine and the attention logit.", low=0.01, high=1000.0, step=0.5
    )
    balanced: bool = option(True, "Give every class the same say, however many support images it has.")

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        support, query = normalize(pool(features.support), dim=1), normalize(pool(features.query), dim=1)
        attention = (self.temperature * query @ support.T).log_softmax(dim=1)
        votes = [attention[:, features.support_labels == label].logsumexp(dim=1) for label in range(features.n_way)]
        logits = torch.stack(votes, dim=1)
        if self.balanced:
            logits = logits - features.support_labels.bincount().log()
        return Prediction(logits)
