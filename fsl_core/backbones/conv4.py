"""Conv4-64, the four-block convolutional network of the few-shot benchmarks."""

from typing import final

from jaxtyping import Float
from torch import Tensor, nn

from fsl_core.backbones.network import Network


@final
class Conv4(Network):
    """Four blocks of 3x3 convolution, batch norm and ReLU; 2x2 max-pooling after the first three only.

    84 px give a 10x10 map, 32 px a 4x4 map. Parameter names match SCL/RFS's `convnet4` encoder
    (`layer1.0.weight`, ...).
    """

    reference = (
        "Vinyals et al., Matching Networks for One Shot Learning, NeurIPS 2016; pooling as in Tian et al., ECCV 2020"
    )

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        for index in range(1, 5):
            block = [nn.Conv2d(3 if index == 1 else width, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
            pool = [nn.MaxPool2d(2)] if index < 4 else []
            self.add_module(f"layer{index}", nn.Sequential(*block, *pool))
        self.channels = width
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = [images]
        for layer in self.children():
            maps.append(layer(maps[-1]))
        return tuple(maps[1:])
