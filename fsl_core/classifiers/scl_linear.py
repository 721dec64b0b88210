"""Logistic regression on unit vectors: the evaluation of RFS and of Spatial Contrastive Learning."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d, cross_entropy, normalize

from fsl_core.classifiers.base import Classifier, Prediction, pool
from fsl_core.classifiers.fine_tuning import logit_gradient
from fsl_core.features import EpisodeFeatures
from fsl_core.types import check_options, option

SIDE = 2  # of the max-pooled map
TOLERANCE = 1e-6  # largest derivative at which scikit-learn stops
PENALTY = 0.01  # of half the squared parameters beside the mean loss, in the torch variant


@final
@dataclass(frozen=True)
class SCLLinear(Classifier):
    """Logit = temperature * (weight * unit vector + bias), fitted to the support set by its cross-entropy.

    The vector is the pooled one (global), the 2x2 max-pooled map (spatial), or each with a regression of its own, whose
    probabilities are then averaged (sum) or of which the larger counts (max). The default is that of the published
    code; RFS is `global`. The fits:

    - `scikit_learn`: L2 penalty with C = 1 on the weights, biases free, solved by L-BFGS.
    - `torch`: mean cross-entropy + 0.01 * half the squared weights and biases, one call of L-BFGS with 20 iterations.
      Spatial features have unit length in every cell before the pooling instead of after it.
    - `imprinted`: the same from another start, each class's weights being the direction of its mean support vector
      (of each pooled cell for spatial features; Qi et al., Low-Shot Learning with Imprinted Weights, CVPR 2018).

    Departures: scikit-learn stops at a derivative of 1e-6 instead of 1e-4, which moves probabilities by about 1e-4. The
    torch fit starts from zeros instead of random weights, so nothing is random. With uneven shots every class has the
    same say. Gradients reach the support vectors that make up the weights, while how much each one counts in the
    weights is held constant. The temperature is applied after the fit; the paper has none (1).
    """

    title: ClassVar[str] = "Logistic regression (RFS, SCL)"
    reference: ClassVar[str] = (
        "Ouali, Hudelot, Tami: Spatial Contrastive Learning for Few-Shot Classification, ECML PKDD 2021; Tian et al.: "
        "Rethinking Few-Shot Image Classification, ECCV 2020"
    )
    transductive: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True

    features: str = option("both", "What is classified.", choices=("global", "spatial", "both"))
    aggregation: str = option(
        "sum", "How the probabilities of both are joined; no effect with one of them.", choices=("sum", "max")
    )
    fit: str = option("scikit_learn", "What solves the regression.", choices=("scikit_learn", "torch", "imprinted"))
    temperature: float = option(
        1.0, "Factor between the regression's output and the logit.", low=0.01, high=1000.0, step=0.5
    )

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, features: EpisodeFeatures) -> Prediction:
        kinds = ("global", "spatial") if self.features == "both" else (self.features,)
        answers = [self.temperature * self._regress(kind, features) for kind in kinds]
        if len(answers) == 1:
            return Prediction(answers[0])
        votes = torch.stack(answers).log_softmax(dim=2)
        return Prediction(votes.logsumexp(dim=0) - math.log(2) if self.aggregation == "sum" else votes.amax(dim=0))

    def _regress(self, kind: str, features: EpisodeFeatures) -> Float[Tensor, "n_query n_way"]:
        inputs, asked = (self._inputs(kind, maps) for maps in (features.support, features.query))
        labels = features.support_labels
        with torch.inference_mode(False), torch.no_grad():
            held = inputs.detach().clone()
            if self.fit == "scikit_learn":
                weight, bias, penalty = *solved(held.flatten(1), labels), 1 / len(labels)
            else:
                start = features.class_means(held)
                start = normalize(start, dim=1) if self.fit == "imprinted" else torch.zeros_like(start)
                weight, bias, penalty = *descended(held.flatten(1), labels.clone(), start.flatten(1)), PENALTY
            counts = -logit_gradient(held.flatten(1) @ weight.T + bias, labels) / penalty
        # At the optimum the weights are the sum of the support vectors times `counts`; this adds 0 and that gradient.
        weight = weight + counts.T @ (inputs - held).flatten(1)
        return asked.flatten(1) @ weight.T + bias

    def _inputs(
        self, kind: str, maps: Float[Tensor, "images channels height width"]
    ) -> Float[Tensor, "images channels side side"]:
        if kind == "global":
            return normalize(pool(maps), dim=1)[:, :, None, None]
        if self.fit == "scikit_learn":
            pooled = adaptive_max_pool2d(maps, SIDE)
            return normalize(pooled.flatten(1), dim=1).view_as(pooled)
        return adaptive_max_pool2d(normalize(maps, dim=1), SIDE)


def solved(
    inputs: Float[Tensor, "n_support inputs"], labels: Int[Tensor, " n_support"]
) -> tuple[Float[Tensor, "n_way inputs"], Float[Tensor, " n_way"]]:
    """Weights and biases of scikit-learn's logistic regression with C = 1."""
    from sklearn.linear_model import LogisticRegression  # not before it is needed: slow to import

    # Weights lie in the span of the support vectors: few coordinates, the same answer, half the time.
    axes, coordinates = torch.linalg.qr(inputs.double().T)
    # For two classes scikit-learn fits one row of weights, the difference of the two of a softmax: half the penalty.
    two = len(labels.unique()) == 2
    fit = LogisticRegression(C=2.0 if two else 1.0, tol=TOLERANCE, max_iter=1000, class_weight="balanced")
    fit.fit(coordinates.T.cpu().numpy(), labels.cpu().numpy())
    weight, bias = torch.from_numpy(fit.coef_).to(axes) @ axes.T, torch.from_numpy(fit.intercept_)
    if two:
        weight, bias = torch.cat((-weight, weight)) / 2, torch.cat((-bias, bias)) / 2
    return weight.to(inputs), bias.to(inputs)


@torch.enable_grad()
def descended(
    inputs: Float[Tensor, "n_support inputs"], labels: Int[Tensor, " n_support"], start: Float[Tensor, "n_way inputs"]
) -> tuple[Float[Tensor, "n_way inputs"], Float[Tensor, " n_way"]]:
    """Weights and biases after one call of torch's L-BFGS, 20 iterations of step length 1."""
    weight = start.clone().requires_grad_()
    bias = start.new_zeros(len(start)).requires_grad_()
    optimiser = torch.optim.LBFGS([weight, bias], lr=1.0, max_iter=20)
    share = 1 / labels.bincount().to(inputs.dtype)

    def loss() -> float:
        optimiser.zero_grad()
        value = cross_entropy(inputs @ weight.T + bias, labels, share)
        value = value + PENALTY / 2 * (weight.square().sum() + bias.square().sum())
        value.backward()
        return value.item()

    optimiser.step(loss)
    return weight.detach(), bias.detach()
