"""A fully connected layer fine-tuned on the support set."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.classifiers.fine_tuning import descend, logit_gradient
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option

SMALLEST = 1e-12  # squared spread of the support vectors that is still divided by


@final
@dataclass(frozen=True)
class Linear(Classifier):
    """Logit = weight * pooled vector + bias, fitted to the support set by its cross-entropy (Baseline of the paper).

    The paper freezes the backbone and trains the layer from random weights by SGD: 100 passes in batches of 4, learning
    rate 0.01, momentum 0.9, weight decay 0.001.

    Departures: each step takes the whole support set and the layer starts from zeros, so nothing is random. The support
    vectors' centre is subtracted and all vectors are divided by one number, the root mean square distance of the
    support vectors to it: a linear layer stays one, and learning rate and weight decay mean the same for every
    backbone. With uneven shots every class has the same say. The temperature is applied after the fit; the paper has
    none (1).
    """

    title: ClassVar[str] = "Linear layer (fine-tuned)"
    reference: ClassVar[str] = "Chen, Liu, Kira, Wang, Huang: A Closer Look at Few-shot Classification, ICLR 2019"
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    temperature: float = option(
        1.0, "Factor between the layer's output and the logit.", low=0.01, high=1000.0, step=0.5
    )
    steps: int = option(100, "Steps of gradient descent on the support set.", low=1, high=2000, step=50)
    learning_rate: float = option(0.1, "Length of a step.", low=1e-4, high=2.0, step=0.1)
    weight_decay: float = option(0.001, "How strongly the weights are held near zero.", low=0.0, high=0.1, step=0.001)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        labels, support = features.support_labels, pool(features.support)
        centre = features.class_means(support).mean(dim=0)
        variance = features.class_means((support - centre).square()).sum(dim=1).mean()
        spread = variance.clamp_min(SMALLEST).sqrt()
        inputs, asked = (with_bias((vectors - centre) / spread) for vectors in (support, pool(features.query)))

        def gradient(weight: Float[Tensor, "n_way inputs"]) -> Float[Tensor, "n_way inputs"]:
            return logit_gradient(inputs @ weight.T, labels).T @ inputs + self.weight_decay * weight

        start = inputs.new_zeros(features.n_way, inputs.shape[1])
        weight = descend(gradient, start, self.steps, self.learning_rate)
        return Prediction(self.temperature * asked @ weight.T)


def with_bias(vectors: Float[Tensor, "images channels"]) -> Float[Tensor, "images inputs"]:
    """The vectors with a 1 at the end, whose weight is the bias."""
    return torch.cat([vectors, vectors.new_ones(len(vectors), 1)], dim=1)
