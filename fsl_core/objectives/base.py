"""What every training objective is: a module that owns its heads and turns feature maps into a loss."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn


class Loss(NamedTuple):
    """The scalar to minimise, and the fraction of the batch that the objective's own head classified correctly."""

    loss: Float[Tensor, ""]
    accuracy: Float[Tensor, ""]


class Objective(nn.Module, ABC):
    """A loss with the parameters that only training needs (classification or projection heads).

    Its arguments are `channels` of the network, `n_classes` of the data, and fields of a training run by their names.
    """

    episodic: ClassVar[bool] = False  # whether a batch is made of whole episodes instead of any images
    needs_teacher: ClassVar[bool] = False  # whether it is also called with the maps and the logits of a teacher
    views: int = 1  # versions of each image that the maps hold, one after the other: all first ones, then all second

    @abstractmethod
    def forward(self, maps: Float[Tensor, "images channels height width"], labels: Int[Tensor, " batch"]) -> Loss:
        """Loss of one batch of `views * batch` maps; `labels` are rows of the training classes."""
