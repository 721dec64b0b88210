"""The class of the most similar support images."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option


@final
@dataclass(frozen=True)
class NearestNeighbour(Classifier):
    """Logit = temperature * mean similarity of the query to the class's k most similar support vectors.

    With k = 1 the predicted class is that of the nearest support image. Departure for k > 1: the mean of the best k of
    each class instead of a vote among the best k of all, which is undecided for most few-shot episodes; a class with
    fewer than k support images uses all it has.

    The similarity is the cosine, or minus the root mean square difference of the pooled vectors over the channels
    (Euclidean distance / sqrt(channels): the same neighbours, on a scale that does not grow with the backbone's width).
    """

    title: ClassVar[str] = "Nearest neighbour"
    reference: ClassVar[str] = "Cover, Hart: Nearest Neighbor Pattern Classification, IEEE Trans. Inf. Theory 1967"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    k: int = option(1, "Most similar support images that count in each class.", low=1, high=100, step=1)
    metric: str = option("cosine", "How two feature vectors are compared.", choices=("cosine", "euclidean"))
    temperature: float = option(10.0, "Factor between the similarity and the logit.", low=0.01, high=1000.0, step=0.5)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        similarity = self._similarity(pool(features.query), pool(features.support))
        best = []
        for label in range(features.n_way):
            of_class = similarity[:, features.support_labels == label]
            best.append(of_class.topk(min(self.k, of_class.shape[1]), dim=1).values.mean(dim=1))
        return Prediction(self.temperature * torch.stack(best, dim=1))

    def _similarity(
        self, query: Float[Tensor, "n_query channels"], support: Float[Tensor, "n_support channels"]
    ) -> Float[Tensor, "n_query n_support"]:
        if self.metric == "cosine":
            return normalize(query, dim=1) @ normalize(support, dim=1).T
        return -(query[:, None] - support[None]).square().mean(dim=2).sqrt()
