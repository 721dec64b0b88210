"""Image tensor -> feature maps: architectures, weights, and the frozen backbones that the rest of the package uses."""

from fsl_core.backbones.backbone import Backbone
from fsl_core.backbones.conv4 import Conv4
from fsl_core.backbones.network import Network
from fsl_core.backbones.resnet12 import ResNet12
from fsl_core.backbones.weights import BACKBONES, build, load_backbone, save_weights

__all__ = ["BACKBONES", "Backbone", "Conv4", "Network", "ResNet12", "build", "load_backbone", "save_weights"]
