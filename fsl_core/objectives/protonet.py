"""Episodic training of prototypical networks, with auxiliary losses on all images of the episodes."""

from typing import final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from fsl_core.classifiers import ProtoNet
from fsl_core.errors import OptionError
from fsl_core.objectives.base import Loss
from fsl_core.objectives.episodic import Episodic
from fsl_core.objectives.scl import SCL

TURNS = 4  # by 0, 90, 180 and 270 degrees


@final
class EpisodicProtoNet(Episodic):
    """cls_weight * ProtoNet + global_weight * GC + spatial_weight * SC + rotation_weight * rotation prediction.

    ProtoNet is the cross-entropy of the queries' distances to the class means (Snell et al., NeurIPS 2017) in the first
    views. GC and SC are those of `SCL`, on both views of the support and query images of all episodes together (Ouali
    et al., ECML PKDD 2021, section 5). Rotation prediction tells by the pooled features by how much the first view of
    an image is turned (Gidaris et al., ICLR 2018; beside ProtoNet: Su et al., ECCV 2020).

    Departure: rotations are predicted by one linear layer.
    """

    def __init__(
        self,
        channels: int,
        way: int,
        shot: int,
        query: int,
        cls_weight: float = 1.0,
        global_weight: float = 0.0,
        spatial_weight: float = 0.0,
        rotation_weight: float = 0.0,
        self_supervised: bool = False,
        contrastive_temperature: float = 0.1,
        aggregation: str = "mean",
        projection: int = 80,
        spatial_side: int = 0,
    ) -> None:
        """Make the heads of the auxiliary losses; the arguments of the contrastive ones are those of `SCL`.

        Raises:
            OptionError: all weights are 0.
        """
        super().__init__(ProtoNet(), way, shot, query)
        if not (cls_weight or global_weight or spatial_weight or rotation_weight):
            raise OptionError("All weights of the objective protonet are 0; give one of them a value above 0.")
        self.cls_weight, self.rotation_weight = cls_weight, rotation_weight
        self.contrast = None
        if global_weight or spatial_weight:
            self.contrast = SCL(
                channels,
                n_classes=0,  # it classifies nothing
                cls_weight=0.0,
                global_weight=global_weight,
                spatial_weight=spatial_weight,
                self_supervised=self_supervised,
                contrastive_temperature=contrastive_temperature,
                aggregation=aggregation,
                projection=projection,
                spatial_side=spatial_side,
            )
            self.views = self.contrast.views
        self.rotation = nn.Linear(channels, TURNS) if rotation_weight else None
        self.rotated = bool(rotation_weight)

    def forward(self, maps: Float[Tensor, "rows channels height width"], labels: Int[Tensor, " batch"]) -> Loss:
        """Loss of all views of the images of one or several episodes, as `Objective` orders them."""
        episodes = super().forward(maps[: len(labels)], labels)
        loss = self.cls_weight * episodes.loss
        if self.contrast:
            loss = loss + self.contrast(maps[: self.views * len(labels)], labels).loss
        if self.rotation:
            upright, turned = maps[: len(labels)], maps[self.views * len(labels) :]
            logits = self.rotation(torch.cat((upright, turned)).mean(dim=(2, 3)))
            turns = torch.arange(TURNS, device=labels.device).repeat_interleave(len(labels))
            loss = loss + self.rotation_weight * F.cross_entropy(logits, turns)
        return Loss(loss, episodes.accuracy)

    def heads(self) -> dict[str, Tensor]:
        """The trained parameters, those of the contrastive losses named as in `SCL`."""
        return {name.removeprefix("contrast."): tensor for name, tensor in super().heads().items()}
