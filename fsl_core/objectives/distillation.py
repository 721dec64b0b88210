"""Distillation: the student answers like its teacher, and its features point the same way."""

from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.errors import OptionError, TrainingError
from fsl_core.objectives.base import Loss, Objective, accuracy_of


def soft_target_loss(
    student: Float[Tensor, "batch n_classes"], teacher: Float[Tensor, "batch n_classes"], temperature: float
) -> Float[Tensor, ""]:
    """KL divergence of the student's class probabilities from the teacher's, both at a temperature, times its square.

    Mean over the batch. Hinton et al., Distilling the Knowledge in a Neural Network, 2015; the square keeps the size of
    the gradient.
    """
    targets, answers = (F.log_softmax(logits.float() / temperature, dim=1) for logits in (teacher, student))
    return temperature**2 * F.kl_div(answers, targets, reduction="batchmean", log_target=True)


def direction_loss(
    student: Float[Tensor, "batch channels *_"], teacher: Float[Tensor, "batch channels *_"]
) -> Float[Tensor, ""]:
    """Squared distance of unit vectors, 2 - 2 cos, averaged over images and positions (equation 12 of Ouali et al.).

    Departure: the equation writes the spatial distance of an image as one norm; the published code takes the mean over
    all positions of all images, each of unit length, and so does this.
    """
    return (2 - 2 * F.cosine_similarity(student.float(), teacher.float(), dim=1, eps=1e-8)).mean()


@final
class Distillation(Objective):
    """cls_weight * CE + kl_weight * KL + contrastive distillation of features, pooled and of each position.

    Contrastive distillation (Ouali et al., ECML PKDD 2021, equations 11 and 12) is 0, 1, 10, 0 here, RFS-distill (Tian
    et al., ECCV 2020) 0.5, 0.5, 0, 0. The student looks at one standard view of each image, as does the teacher, and
    its pooled features are compared as they are, without a projection head.
    """

    needs_teacher: ClassVar[bool] = True

    def __init__(
        self,
        channels: int,
        n_classes: int,
        cls_weight: float = 1.0,
        kl_weight: float = 1.0,
        kl_temperature: float = 4.0,
        distil_global_weight: float = 10.0,
        distil_spatial_weight: float = 0.0,
    ) -> None:
        """Make the student's classification head; it is left out where neither CE nor KL has a weight.

        Raises:
            OptionError: all weights are 0.
        """
        super().__init__()
        self.weights = (cls_weight, kl_weight, distil_global_weight, distil_spatial_weight)
        if not any(self.weights):
            raise OptionError("All weights of the objective distillation are 0; give one of them a value above 0.")
        self.classifier = nn.Linear(channels, n_classes) if cls_weight or kl_weight else None
        self.kl_temperature = kl_temperature

    def forward(
        self,
        maps: Float[Tensor, "batch channels height width"],
        labels: Int[Tensor, " batch"],
        teacher_maps: Float[Tensor, "batch _ _ _"],
        teacher_logits: Float[Tensor, "batch _"],
    ) -> Loss:
        """Loss of one view of each image.

        Raises:
            TrainingError: the teacher knows other classes, or its features cannot be compared with the student's.
        """
        cls_weight, kl_weight, global_weight, spatial_weight = self.weights
        loss, accuracy = maps.new_zeros((), dtype=torch.float32), maps.new_tensor(torch.nan, dtype=torch.float32)
        pooled = maps.mean(dim=(2, 3))
        if self.classifier:
            logits = self.classifier(pooled)
            loss, accuracy = cls_weight * F.cross_entropy(logits, labels), accuracy_of(logits, labels)
            if kl_weight:
                _alike("class probabilities", logits, teacher_logits)
                loss = loss + kl_weight * soft_target_loss(logits, teacher_logits, self.kl_temperature)
        if global_weight:
            teacher_pooled = teacher_maps.mean(dim=(2, 3))
            _alike("pooled features", pooled, teacher_pooled)
            loss = loss + global_weight * direction_loss(pooled, teacher_pooled)
        if spatial_weight:
            _alike("feature maps", maps, teacher_maps)
            loss = loss + spatial_weight * direction_loss(maps, teacher_maps)
        return Loss(loss, accuracy)


def _alike(what: str, student: Tensor, teacher: Tensor) -> None:
    """Raise unless teacher and student have values of the same shape for an image."""
    if student.shape[1:] != teacher.shape[1:]:
        expected, found = (" x ".join(map(str, tensor.shape[1:])) for tensor in (student, teacher))
        raise TrainingError(
            f"The teacher's {what} must be {expected} for an image, like the student's, but are {found}; choose a "
            "teacher of the same classes and features, or set the weight of this loss to 0."
        )
