"""Image tensor -> feature maps: architectures, weights, and the frozen backbones that the rest of the package uses."""

from fsl_core.backbones.backbone import Backbone
from fsl_core.backbones.conv4 import Conv4
from fsl_core.backbones.network import Network
from fsl_core.backbones.resnet12 import ResNet12
from fsl_core.backbones.resnet18 import ResNet18
from fsl_core.backbones.seresnet12 import SEResNet12
from fsl_core.backbones.weights import BACKBONES, build, load_backbone, save_weights
from fsl_core.backbones.wrn_28_10 import WRN28
from fsl_core.backbones.wrn_28_10_s2m2 import WRN28S2M2

__all__ = [
    "BACKBONES",
    "WRN28",
    "WRN28S2M2",
    "Backbone",
    "Conv4",
    "Network",
    "ResNet12",
    "ResNet18",
    "SEResNet12",
    "build",
    "load_backbone",
    "save_weights",
]
