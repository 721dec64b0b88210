"""Spatial Contrastive Learning: cross-entropy with global and spatial contrastive losses beside it."""

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.backbones.attention import AttentionHeads, projection_head
from fsl_core.errors import OptionError
from fsl_core.objectives.base import Loss, Objective, accuracy_of
from fsl_core.objectives.contrastive import batch_loss, global_similarity
from fsl_core.objectives.gathering import first_row, gathered
from fsl_core.objectives.spatial import spatial_similarity


@final
class SCL(Objective):
    """cls_weight * CE + global_weight * GC + spatial_weight * SC (Ouali et al., ECML PKDD 2021, equations 4, 7 and 8).

    CE is the cross-entropy of a linear layer on the pooled features, averaged over the views. GC compares projected
    pooled features, SC the maps by `spatial_similarity`, each with those of all views of all images of all devices.
    Heads whose weight is 0 are left out, and without a contrastive loss one view of each image is enough, unless CE is
    to see `two_views` (the paper's Table 1, CE with augmentation).

    Departures: contrastive losses are means over the rows (`contrastive_loss`). The published code always projects the
    pooled features, also where no loss looks at them.
    """

    def __init__(
        self,
        channels: int,
        n_classes: int,
        cls_weight: float = 1.0,
        global_weight: float = 0.0,
        spatial_weight: float = 0.0,
        self_supervised: bool = False,
        contrastive_temperature: float = 0.1,
        aggregation: str = "mean",
        projection: int = 80,
        spatial_side: int = 0,
        two_views: bool = False,
    ) -> None:
        """Make the heads.

        Args:
            self_supervised: alike are the views of one image (SS-GC and SS-SC), instead of all images of one class; for
                both contrastive losses together.
            contrastive_temperature: what the similarities are divided by; > 0.
            aggregation: how the similarities of the positions become one, a key of `AGGREGATIONS`.
            projection: width of the projection head and of the attention's heads.
            spatial_side: to which maps are pooled before SC; 0 = as they are. The paper pools 7x7 maps to 3x3.

        Raises:
            OptionError: all weights are 0.
        """
        super().__init__()
        if not (cls_weight or global_weight or spatial_weight):
            raise OptionError("All weights of the objective scl are 0; give one of them a value above 0.")
        self.classifier = nn.Linear(channels, n_classes) if cls_weight else None
        self.projection = projection_head(channels, projection) if global_weight else None
        self.attention = AttentionHeads(channels, projection) if spatial_weight else None
        self.weights = (cls_weight, global_weight, spatial_weight)
        self.views = 2 if two_views or global_weight or spatial_weight else 1
        self.spatial_side = spatial_side
        self.self_supervised, self.temperature, self.aggregation = self_supervised, contrastive_temperature, aggregation

    def forward(self, maps: Float[Tensor, "rows channels height width"], labels: Int[Tensor, " images"]) -> Loss:
        """Loss of `views * images` maps, the first view of every image before the second of every image."""
        loss, accuracy = maps.new_zeros((), dtype=torch.float32), maps.new_tensor(torch.nan, dtype=torch.float32)
        cls_weight, global_weight, spatial_weight = self.weights
        pooled, rows = maps.mean(dim=(2, 3)), labels.repeat(self.views)
        if self.classifier:
            logits = self.classifier(pooled)
            loss, accuracy = cls_weight * F.cross_entropy(logits, rows), accuracy_of(logits, rows)
        targets = self.targets(labels)
        if self.projection:
            similarity = global_similarity(self.projection(pooled))
            loss = loss + global_weight * batch_loss(similarity, targets, self.temperature)
        if self.attention:
            cells = F.adaptive_avg_pool2d(maps, self.spatial_side) if self.spatial_side else maps
            similarity = spatial_similarity(self.attention(cells), self.aggregation)
            loss = loss + spatial_weight * batch_loss(similarity, targets, self.temperature)
        return Loss(loss, accuracy)

    def targets(self, labels: Int[Tensor, " images"]) -> Int[Tensor, " all_rows"]:
        """What the views of all processes belong to: their classes, or their images where it is self-supervised."""
        if self.self_supervised:
            labels = torch.arange(len(labels), device=labels.device) + first_row(len(labels))
        return gathered(labels.repeat(self.views))
