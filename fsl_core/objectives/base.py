"""What every training objective is: a module that owns its heads and turns feature maps into a loss."""

from abc import ABC
from collections.abc import Callable
from typing import ClassVar, NamedTuple

from jaxtyping import Float, Int
from torch import Tensor, nn


class Loss(NamedTuple):
    """The scalar to minimise, and the fraction of the batch that the objective's own head classified correctly.

    The fraction is NaN where the objective has no such head.
    """

    loss: Float[Tensor, ""]
    accuracy: Float[Tensor, ""]


class Objective(nn.Module, ABC):
    """A loss with the parameters that only training needs (classification or projection heads).

    Its arguments are `channels` of the network, `n_classes` of the data, and fields of a training run by their names.

    It is called with the maps `[views * batch, channels, height, width]`, first the first view of every image, then the
    second of every image, and the labels `[batch]`, rows of the training classes. Where it wants them `rotated`, the
    maps of the first views turned by 90, by 180 and by 270 degrees follow; where it `needs_teacher`, it is also given
    the teacher's maps `[batch, teacher's channels, height, width]` and logits `[batch, n_classes]` of the same images.
    """

    episodic: ClassVar[bool] = False  # whether a batch is made of whole episodes instead of any images
    needs_teacher: ClassVar[bool] = False
    views: int = 1  # augmented versions of each image
    rotated: bool = False  # whether the first of them is wanted turned, too
    forward: Callable[..., Loss]

    def heads(self) -> dict[str, Tensor]:
        """The trained parameters by their names, to be kept beside those of the network."""
        return {name: tensor.detach() for name, tensor in self.state_dict().items()}


def accuracy_of(logits: Float[Tensor, "batch n_classes"], labels: Int[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Fraction of rows whose largest logit is that of the label."""
    return (logits.argmax(dim=1) == labels).float().mean()
