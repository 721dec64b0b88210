"""Prototypical networks: the nearest class mean."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option


@final
@dataclass(frozen=True)
class ProtoNet(Classifier):
    """Logit = -temperature * squared Euclidean distance between the query and the mean of the class's support vectors.

    With the metric `cosine` the logit is temperature * cosine of the two, which takes a temperature of about 5 to 20.

    Departures: the paper flattens the map of its Conv4 network, here the map is averaged over its cells, which suits
    backbones trained with a pooled linear head. The paper has no temperature (1) and no normalisation (off): with a
    backbone that was not trained for this loss the distances can be large and the probabilities then close to 0 and 1;
    `normalise` bounds the distances by 4 and takes a temperature of about 5 to 20.
    """

    title: ClassVar[str] = "Prototypical network"
    reference: ClassVar[str] = "Snell, Swersky, Zemel: Prototypical Networks for Few-shot Learning, NeurIPS 2017"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    temperature: float = option(
        1.0, "Factor between the squared distance, or the cosine, and the logit.", low=0.001, high=1000.0, step=0.5
    )
    normalise: bool = option(False, "Scale every image's feature vector to unit length first.")
    metric: str = option("euclidean", "How a query is compared to the prototypes.", choices=("euclidean", "cosine"))

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        support, query = pool(features.support), pool(features.query)
        if self.normalise:
            support, query = normalize(support, dim=1), normalize(query, dim=1)
        prototypes = features.class_means(support)
        if self.metric == "cosine":
            return Prediction(self.temperature * normalize(query, dim=1) @ normalize(prototypes, dim=1).T)
        difference = query[:, None] - prototypes[None]
        return Prediction(-self.temperature * difference.square().sum(dim=2))
