"""Guided backpropagation: gradients by pencil, in place, and in one thread only."""

import threading

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fsl_core.explain.guided import Guided

RECTIFY = {
    "function": F.relu,
    "leaky function": lambda x: F.leaky_relu(x, 0.5),
    "module": nn.ReLU(),
    "module in place": lambda x: nn.ReLU(inplace=True)(x + 0),
    "method": lambda x: x.relu(),
}


@pytest.mark.parametrize("name", RECTIFY)
def test_negative_gradients_do_not_pass(name: str) -> None:
    """Inputs (-1, 2, 3), weights (1, 1, -1): the third gradient is negative; the first is 0, or 0.5 where it leaks."""
    x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
    weights = torch.tensor([1.0, 1.0, -1.0])
    with Guided() as guided:
        out = RECTIFY[name](x)
    assert guided.met == 1
    leak = 0.5 if "leaky" in name else 0.0
    assert out.tolist() == [-leak, 2.0, 3.0] and x.tolist() == [-1.0, 2.0, 3.0]
    (gradient,) = torch.autograd.grad((weights * out).sum(), x)
    assert gradient.tolist() == [leak, 1.0, 0.0]
    (gradient,) = torch.autograd.grad((weights * RECTIFY[name](x)).sum(), x)
    assert gradient.tolist() == [leak, 1.0, -1.0]


def test_other_threads_are_not_guided() -> None:
    found = []

    def plain() -> None:
        x = torch.ones(1, requires_grad=True)
        found.append(torch.autograd.grad(-F.relu(x).sum(), x)[0].item())

    with Guided():
        thread = threading.Thread(target=plain)
        thread.start()
        thread.join()
    assert found == [-1.0]
