"""The frozen network whose features and classes a student learns: self-distillation."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fsl_core.backbones import Backbone, load_backbone
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import TrainingError

WEIGHT, BIAS = "classifier.weight", "classifier.bias"


@dataclass(frozen=True, eq=False)
class Teacher:
    """A backbone in eval mode with its classification head; it sees the student's images.

    Attributes:
        spec: of the student, by which the images are normalised.
    """

    backbone: Backbone
    spec: InputSpec

    @torch.no_grad()
    def __call__(
        self, images: Float[Tensor, "batch 3 size size"]
    ) -> tuple[Float[Tensor, "batch channels height width"], Float[Tensor, "batch n_classes"]]:
        """Feature maps and logits of images that are normalised for the student."""
        ours, theirs = self.spec, self.backbone.spec
        if (ours.mean, ours.std) != (theirs.mean, theirs.std):
            mean, std, new_mean, new_std = (
                torch.tensor(values, device=images.device).view(3, 1, 1)
                for values in (ours.mean, ours.std, theirs.mean, theirs.std)
            )
            images = (images * std + mean - new_mean) / new_std
        maps = self.backbone.network(images)
        return maps, F.linear(maps.mean(dim=(2, 3)), self.backbone.heads[WEIGHT], self.backbone.heads[BIAS])


def load_teacher(name: str, spec: InputSpec, n_classes: int, device: torch.device) -> Teacher:
    """The teacher of a student.

    Raises:
        TrainingError: it has no classification head, or not one of the classes that are learnt.
        WeightsError: there are no such weights.
    """
    backbone = load_backbone(name, device)
    if not {WEIGHT, BIAS} <= backbone.heads.keys():
        raise TrainingError(
            f"The weights {name} have no classification head; take as a teacher the best.safetensors of a run with a "
            "cross-entropy."
        )
    known = len(backbone.heads[WEIGHT])
    if known != n_classes:
        raise TrainingError(
            f"The teacher {name} knows {known} classes, but {n_classes} are learnt; choose one that was trained on the "
            "same classes of the same data set."
        )
    return Teacher(backbone, spec)
