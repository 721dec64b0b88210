"""Foundation backbones of timm behind the same interface; the only module that imports timm, and only when used."""

import hashlib
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.backbones.network import Network
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import WeightsError


@final
class TimmNetwork(Network):
    """A timm model cut before its head; stages are what its `forward_intermediates` returns as maps."""

    reference = "Wightman, PyTorch Image Models, https://github.com/huggingface/pytorch-image-models"

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.channels = model.num_features

    def stages(self, images: Float[Tensor, "batch 3 height width"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        model: Any = self.model
        return tuple(model.forward_intermediates(images, intermediates_only=True, output_fmt="NCHW"))


def load_timm(model_name: str, pretrained: bool = True) -> tuple[TimmNetwork, InputSpec, str]:
    """A timm model, its input specification and a digest of its weights.

    Raises:
        WeightsError: timm has no such model, the model has no feature maps, or its weights cannot be downloaded.
    """
    import timm

    if not timm.is_model(model_name):
        similar = ", ".join(timm.list_models(f"*{model_name.split('_')[0]}*")[:5]) or "see timm.list_models()"
        raise WeightsError(f"timm has no model {model_name!r}; similar names: {similar}.")
    try:
        model = timm.create_model(model_name, pretrained=pretrained)
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"The weights of timm:{model_name} could not be downloaded ({type(error).__name__}); "
            "connect to the internet once, after that they are kept on this computer."
        ) from error
    if not hasattr(model, "forward_intermediates"):
        raise WeightsError(f"timm:{model_name} has no feature maps to look at; choose a ResNet, a ConvNeXt or a ViT.")
    config = timm.data.resolve_model_data_config(model)
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.detach().to(torch.float32).numpy().tobytes())
    spec = InputSpec(config["input_size"][-1], tuple(config["mean"]), tuple(config["std"]))
    return TimmNetwork(model), spec, digest.hexdigest()
