"""A cosine classifier fine-tuned on the support set."""

from dataclasses import dataclass
from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.classifiers.fine_tuning import descend, logit_gradient
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option

SHORTEST = 1e-12  # length of a weight vector that is still divided by


@final
@dataclass(frozen=True)
class CosineClassifier(Classifier):
    """Logit = temperature * cosine of the pooled vector and the class's weight vector (Baseline++ of the paper).

    The weight vectors are fitted to the support set by its cross-entropy. The paper freezes the backbone and trains
    them from random weights by SGD: 100 passes in batches of 4, learning rate 0.01, momentum 0.9, weight decay 0.001.

    Departures: each step takes the whole support set and the weights start from the classes' prototypes (the means of
    their unit vectors), so nothing is random and few shots are not lost to an unlucky start. There is no weight decay,
    as a cosine does not depend on the length of the weights. With uneven shots every class has the same say.
    """

    title: ClassVar[str] = "Cosine classifier (fine-tuned)"
    reference: ClassVar[str] = "Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification, ICLR 2019"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    temperature: float = option(
        10.0, "Factor between the cosine and the logit, also while fitting.", low=0.01, high=1000.0, step=0.5
    )
    steps: int = option(100, "Steps of gradient descent; 0 leaves the prototypes.", low=0, high=2000, step=50)
    learning_rate: float = option(0.01, "Length of a step.", low=1e-5, high=1.0, step=0.01)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        labels, support, query = features.support_labels, pool(features.support), pool(features.query)
        support, query = normalize(support, dim=1), normalize(query, dim=1)

        def gradient(weight: Float[Tensor, "n_way channels"]) -> Float[Tensor, "n_way channels"]:
            length = weight.norm(dim=1, keepdim=True).clamp_min(SHORTEST)
            direction = weight / length
            pull = self.temperature * logit_gradient(self.temperature * support @ direction.T, labels).T @ support
            return (pull - (pull * direction).sum(dim=1, keepdim=True) * direction) / length

        start = normalize(features.class_means(support), dim=1)
        weight = descend(gradient, start, self.steps, self.learning_rate)
        return Prediction(self.temperature * query @ normalize(weight, dim=1).T)
