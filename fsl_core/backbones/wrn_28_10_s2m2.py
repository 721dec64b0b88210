"""WRN-28-10 of S2M2, which PT-MAP and LST use too."""

from typing import final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones.network import Network
from fsl_core.backbones.wrn_28_10 import BLOCKS, GROUPS


class Block(nn.Module):
    """Pre-activation block: twice batch norm, ReLU and 3x3 convolution; the first convolution has the stride.

    Where the number of channels changes, the shortcut is a convolution of the activated input.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, drop_rate: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(drop_rate)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        same = in_channels == out_channels
        self.convShortcut = None if same else nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)

    def forward(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ _ _"]:
        active = F.relu(self.bn1(x))
        out = self.conv2(self.dropout(F.relu(self.bn2(self.conv1(active)))))
        return out + (x if self.convShortcut is None else self.convShortcut(active))


class Group(nn.Module):
    """Blocks of one width under the name `layer`."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ _ _"]:
        return self.layer(x)


@final
class WRN28S2M2(Network):
    """A wide residual network of depth 28 without biases; 84 px give a 21x21 map of 640 channels.

    The map is the one after the last batch norm and ReLU, whose mean is the published feature. Parameter names match
    the published checkpoints (`block1.layer.0.bn1.weight`, ...). S2M2 trains with a drop rate of 0.5, on CIFAR of 0.9.
    """

    reference = "Mangla et al., Charting the Right Manifold: Manifold Mixup for Few-shot Learning, WACV 2020"

    def __init__(self, widening: int = 10, drop_rate: float = 0.5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        before = 16
        for index, (unit, stride) in enumerate(GROUPS, start=1):
            width = unit * widening
            blocks = [Block(width if row else before, width, 1 if row else stride, drop_rate) for row in range(BLOCKS)]
            self.add_module(f"block{index}", Group(blocks))
            before = width
        self.bn1 = nn.BatchNorm2d(before)
        self.channels = before
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = [self.conv1(images)]
        for index in range(1, len(GROUPS) + 1):
            maps.append(self.get_submodule(f"block{index}")(maps[-1]))
        return (*maps[:-1], F.relu(self.bn1(maps[-1])))
