"""ResNet-18 for pictures of 224 pixels, as in SCL's experiments with prototypical networks."""

from typing import final

from jaxtyping import Float
from torch import Tensor

from fsl_core.backbones.network import Network

LAYERS = ("layer1", "layer2", "layer3", "layer4")


@final
class ResNet18(Network):
    """torchvision's ResNet-18 without its head; 224 px give a 7x7 map of 512 channels.

    Parameter names are torchvision's (`layer1.0.conv1.weight`, ...). It is neither the `resnet18` of RFS's code, which
    has 640 channels, nor is SCL's code for it published.
    """

    reference = "He et al., Deep Residual Learning for Image Recognition, CVPR 2016"

    def __init__(self) -> None:
        from torchvision.models import resnet18  # not before it is needed: slow to import

        super().__init__()
        for name, module in resnet18().named_children():
            if name not in ("avgpool", "fc"):
                self.add_module(name, module)
        self.channels = 512

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        maps = []
        for name, module in self.named_children():
            images = module(images)
            if name in LAYERS:
                maps.append(images)
        return tuple(maps)
