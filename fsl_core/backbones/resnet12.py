"""ResNet-12 of DeepEMD, RFS and SCL."""

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones.drop_block import drop_block
from fsl_core.backbones.network import Network
from fsl_core.errors import OptionError

SLOPE = 0.1
DROP_BLOCKS = ("none", "correct", "published")
DROP_WARMUP = 40_000  # training batches in which DropBlock's rate rises from 0


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

    While it trains, RFS drops single values of the first two stages and squares of the last two (`drop_block`).

    Departures: the published DropBlock leaves most squares unfinished, "correct" does not. Its rate rises with the
    number of training batches, which is read off the batch norms: unlike the published counter, it does not begin again
    when a run is resumed, and does not count evaluations; batch norms that are frozen hold it.
    """

    reference = "Lee et al., Meta-Learning with Differentiable Convex Optimization, CVPR 2019; Tian et al., ECCV 2020"
    block: ClassVar[type[Block]] = Block

    def __init__(
        self,
        widths: Sequence[int] = (64, 160, 320, 640),
        drop_rate: float = 0.0,
        drop_block: str = "none",
        block_size: int = 5,
    ) -> None:
        """A network with random weights.

        Args:
            drop_rate: fraction of each stage's output that is dropped while training; RFS and SCL use 0.1.
            drop_block: how the last two stages drop squares, a choice of `DROP_BLOCKS`; "none" = single values.
            block_size: side of the squares in cells; RFS and SCL use 5, and 2 for pictures of 32 px.

        Raises:
            OptionError: there is no such way to drop squares.
        """
        super().__init__()
        if drop_block not in DROP_BLOCKS:
            raise OptionError(f"drop_block must be one of {', '.join(DROP_BLOCKS)}; got {drop_block!r}.")
        self.drop_rate, self.drop_block, self.block_size = drop_rate, drop_block, block_size
        for index, (before, after) in enumerate(pairwise((3, *widths)), start=1):
            self.add_module(f"layer{index}", nn.Sequential(self.block(before, after)))
        self.channels = widths[-1]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="leaky_relu")

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = [images]
        for index, layer in enumerate(self.children(), start=1):
            maps.append(self.dropped(layer(maps[-1]), index))
        return tuple(maps[1:])

    def dropped(self, maps: Float[Tensor, "batch _ height width"], stage: int) -> Float[Tensor, "batch _ height width"]:
        """A stage's output with values or squares dropped, if the network trains."""
        if not (self.training and self.drop_rate):
            return maps
        if self.drop_block == "none" or stage <= 2:
            return F.dropout(maps, self.drop_rate)
        seen = self.get_buffer(f"layer{stage}.0.bn1.num_batches_tracked")
        rate = self.drop_rate * (seen / DROP_WARMUP).clamp(max=1.0)
        return drop_block(maps, rate, self.block_size, published=self.drop_block == "published")
