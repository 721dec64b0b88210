"""What every backbone architecture is: a network that returns its feature maps stage by stage."""

from abc import ABC, abstractmethod
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn


class Network(nn.Module, ABC):
    """An architecture without its classification head; parameter names are those of the published checkpoints."""

    reference: ClassVar[str]
    channels: int  # of the last stage

    @abstractmethod
    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        """Feature maps after each stage, the last one being what classifiers use."""

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels _ _"]:
        """The last stage's feature map."""
        return self.stages(images)[-1]
