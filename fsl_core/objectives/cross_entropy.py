"""Supervised pre-training: cross-entropy of a linear head on the pooled features."""

from typing import final

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.objectives.base import Loss, Objective, accuracy_of


@final
class CrossEntropy(Objective):
    """Global average pooling, a linear layer over the training classes, cross-entropy with label smoothing.

    The pre-training stage of DeepEMD (Zhang et al., CVPR 2020, section 4) and the whole training of RFS (Tian et al.,
    ECCV 2020), which both use no label smoothing (0).
    """

    def __init__(self, channels: int, n_classes: int, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.classifier = nn.Linear(channels, n_classes)
        self.label_smoothing = label_smoothing

    def forward(self, maps: Float[Tensor, "batch channels height width"], labels: Int[Tensor, " batch"]) -> Loss:
        logits = self.classifier(maps.mean(dim=(2, 3)))
        loss = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        return Loss(loss, accuracy_of(logits, labels))
