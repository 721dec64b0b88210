"""SEResNet-12 of RFS and SCL: ResNet-12 whose blocks weigh their channels."""

from typing import ClassVar, final

from jaxtyping import Float
from torch import Tensor, nn

from fsl_core.backbones.resnet12 import Block, ResNet12

REDUCTION = 4  # channels for each hidden unit


class SqueezeExcitation(nn.Module):
    """Multiplies each channel by a number in (0, 1) that a small network computes from the means of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = channels // REDUCTION
        self.fc = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels), nn.Sigmoid())

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        return x * self.fc(x.mean(dim=(2, 3)))[:, :, None, None]


class SEBlock(Block):
    """A block of ResNet-12 with squeeze and excitation before the shortcut is added."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.se = SqueezeExcitation(out_channels)

    def residual(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ height width"]:
        return self.se(super().residual(x))


@final
class SEResNet12(ResNet12):
    """ResNet-12 with squeeze and excitation; parameter names match SCL/RFS's `seresnet12`."""

    reference = "Hu et al., Squeeze-and-Excitation Networks, CVPR 2018; Tian et al., ECCV 2020"
    block: ClassVar[type[Block]] = SEBlock
