"""Fitting a small classifier to the support set of one episode, on features that stay as they are.

The derivatives are written out instead of taken by autograd: an episode then takes milliseconds, and the fit works in
inference mode as well as inside a larger graph, where gradients flow through its steps to the support features.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

MOMENTUM = 0.9


def descend(
    gradient: Callable[[Float[Tensor, "n_way inputs"]], Float[Tensor, "n_way inputs"]],
    start: Float[Tensor, "n_way inputs"],
    steps: int,
    learning_rate: float,
) -> Float[Tensor, "n_way inputs"]:
    """The weights after some steps of gradient descent with momentum 0.9 (the steps of `torch.optim.SGD`).

    Args:
        gradient: weights -> derivative of the loss of the whole support set.
    """
    weight, velocity = start, torch.zeros_like(start)
    for _ in range(steps):
        velocity = MOMENTUM * velocity + gradient(weight)
        weight = weight - learning_rate * velocity
    return weight


def logit_gradient(
    logits: Float[Tensor, "n_support n_way"], labels: Int[Tensor, " n_support"]
) -> Float[Tensor, "n_support n_way"]:
    """Derivative of the cross-entropy for the logits; the loss is the mean over the classes of each class's mean.

    So every class has the same say, however many support images it has; for equal shots it is the usual mean.
    """
    target = one_hot(labels, logits.shape[1]).to(logits.dtype)
    share = 1 / (target.sum(dim=0) * logits.shape[1])
    return (logits.softmax(dim=1) - target) * share[labels, None]
