"""A frozen network with everything needed to use it correctly."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from fsl_core.backbones.network import Network
from fsl_core.data.transforms import InputSpec, prepare

BATCH = 64


@dataclass(frozen=True, eq=False)
class Backbone:
    """A network in eval mode whose parameters need no gradient; shared between users and never changed.

    Attributes:
        name: what it was loaded as.
        digest: SHA-256 of the weights file, in hex; results computed with it carry it.
        device: where the network is and where its maps come from.
        heads: what training learnt beside the network, e.g. "classifier.weight" [n_classes, channels] or the attention
            heads of SCL; empty where the file has none.
    """

    name: str
    network: Network
    spec: InputSpec
    digest: str
    device: torch.device
    heads: dict[str, Tensor] = field(default_factory=dict)

    def fitted(self, fit: str) -> "Backbone":
        """The same network, with pictures that are no squares fitted as `InputSpec.fit` says."""
        return self if fit == self.spec.fit else replace(self, spec=replace(self.spec, fit=fit))

    @torch.inference_mode()
    def maps(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> Float[Tensor, "batch channels height width"]:
        """Last feature maps of images of any sizes, 64 images at a time."""
        batches = [images[start : start + BATCH] for start in range(0, len(images), BATCH)]
        return torch.cat([self.network(prepare(batch, self.spec).to(self.device)) for batch in batches])
