"""ResNet-12 of DeepEMD, RFS and SCL."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones.network import Network

SLOPE = 0.1


class Block(nn.Module):
    """Three 3x3 convolutions with a projected shortcut; activation and 2x2 max-pooling follow the sum."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv3 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
        )

    def residual(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ height width"]:
        """What is added to the shortcut."""
        out = F.leaky_relu(self.bn1(self.conv1(x)), SLOPE)
        out = F.leaky_relu(self.bn2(self.conv2(out)), SLOPE)
        return self.bn3(self.conv3(out))

    def forward(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ _ _"]:
        out = self.residual(x) + self.downsample(x)
        return F.max_pool2d(F.leaky_relu(out, SLOPE), 2)


class ResNet12(Network):
    """Four residual blocks without a stem; 84 px give a 5x5 map, 32 px a 2x2 map.

    The widths 64-160-320-640 are the published ones (12.4 million parameters). Parameter names match the encoders of
    DeepEMD and SCL/RFS (`layer1.0.conv1.weight`, ...).

    Departure: the dropout of RFS and its DropBlock are training-time regularisers and not part of this network.
    """

    reference = "Lee et al., Meta-Learning with Differentiable Convex Optimization, CVPR 2019; Tian et al., ECCV 2020"
    block: ClassVar[type[Block]] = Block

    def __init__(self, widths: Sequence[int] = (64, 160, 320, 640)) -> None:
        super().__init__()
        for index, (before, after) in enumerate(pairwise((3, *widths)), start=1):
            self.add_module(f"layer{index}", nn.Sequential(self.block(before, after)))
        self.channels = widths[-1]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="leaky_relu")

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = [images]
        for layer in self.children():
            maps.append(layer(maps[-1]))
        return tuple(maps[1:])
