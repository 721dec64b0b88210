"""WRN-28-10 of RFS and SCL."""

from typing import final

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones.network import Network

GROUPS = ((16, 1), (32, 2), (64, 2))  # width for each unit of the widening factor, and stride
BLOCKS = 4  # in a group: depth = 2 * 3 * 4 + 4 = 28


class Block(nn.Module):
    """Pre-activation block: twice batch norm, ReLU and 3x3 convolution; the second convolution has the stride."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, drop_rate: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.dropout = nn.Dropout(drop_rate)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, stride, padding=1)
        same = in_channels == out_channels and stride == 1
        self.shortcut = nn.Sequential() if same else nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride))

    def forward(self, x: Float[Tensor, "batch _ height width"]) -> Float[Tensor, "batch _ _ _"]:
        out = self.dropout(self.conv1(F.relu(self.bn1(x))))
        return self.conv2(F.relu(self.bn2(out))) + self.shortcut(x)


@final
class WRN28(Network):
    """A wide residual network of depth 28; 84 px give a 21x21 map of 640 channels, 32 px an 8x8 map.

    Parameter names match SCL/RFS's `wrn_28_10` (`layer1.0.bn1.weight`, ...). All convolutions have biases; PyTorch's
    default weights are the start, as in the published code, which never calls its own initialisation.

    Departure: SCL takes the spatial features before the last batch norm and ReLU, and the global ones after. Here the
    map is the one after, whose mean is the published global feature.
    """

    reference = "Zagoruyko, Komodakis, Wide Residual Networks, BMVC 2016; Tian et al., ECCV 2020"

    def __init__(self, widening: int = 10, drop_rate: float = 0.3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        before = 16
        for index, (unit, stride) in enumerate(GROUPS, start=1):
            width = unit * widening
            blocks = [Block(width if row else before, width, 1 if row else stride, drop_rate) for row in range(BLOCKS)]
            self.add_module(f"layer{index}", nn.Sequential(*blocks))
            before = width
        self.bn1 = nn.BatchNorm2d(before, momentum=0.9)
        self.channels = before

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = [self.conv1(images)]
        for index in range(1, len(GROUPS) + 1):
            maps.append(self.get_submodule(f"layer{index}")(maps[-1]))
        return (*maps[:-1], F.relu(self.bn1(maps[-1])))
