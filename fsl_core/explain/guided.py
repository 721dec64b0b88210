"""Guided backpropagation without hooks: gradients that pass a rectifier backwards keep their positive part only.

Source: Springenberg et al.: Striving for Simplicity: The All Convolutional Net, ICLR 2015 (workshop).
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

RECTIFIERS = {F.relu, F.leaky_relu, F.relu6, torch.relu, Tensor.relu}


class _Gate(torch.autograd.Function):
    """The same values forwards, the positive part of the gradient backwards."""

    @staticmethod
    def forward(context: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return gradient.clamp(min=0)


class Guided(TorchFunctionMode):
    """While it is entered, every rectifier that this thread calls has the gradient of guided backpropagation.

    Departures from captum's `GuidedBackprop`, which hooks `nn.ReLU` modules and would leave the plain gradient wherever
    a network calls the function, as ResNet-12 does: here the calls themselves are caught, by thread and not by module,
    leaky rectifiers are guided too, and rectifying in place is no obstacle. A shared network is not touched.

    Attributes:
        met: rectifiers that were called.
    """

    def __init__(self) -> None:
        super().__init__()
        self.met = 0

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Torch calls this in place of each of its functions."""
        kwargs = kwargs or {}
        if func in RECTIFIERS:
            self.met += 1
            args = (_Gate.apply(args[0]), *args[1:]) if args else args
        return func(*args, **kwargs)
