"""Episodic meta-training: cross-entropy of DeepEMD's logits on the queries of episodes."""

from typing import ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from fsl_core.classifiers import DeepEMD
from fsl_core.features import EpisodeFeatures
from fsl_core.objectives.base import Loss, Objective, accuracy_of


@final
class EpisodicDeepEMD(Objective):
    """Mean over the episodes of the cross-entropy between the queries' classes and DeepEMD's logits.

    The meta-training stage of DeepEMD (Zhang et al., CVPR 2020, section 4). It has no parameters: everything is learnt
    by the network, through the similarities and, as far as the solver passes it on, through the plan and the weights
    of the nodes; `opencv` holds both constant, as the published code does by default. Single precision at least.

    Departure: a class of several shots is the mean of its maps, where the published code fits a structured layer.
    """

    episodic: ClassVar[bool] = True

    def __init__(self, way: int, shot: int, query: int, solver: str) -> None:
        super().__init__()
        self.names = tuple(str(row) for row in range(way))
        self.n_support, self.n_images = way * shot, way * (shot + query)
        self.classifier = DeepEMD(solver=solver)

    def forward(self, maps: Float[Tensor, "batch channels height width"], labels: Int[Tensor, " batch"]) -> Loss:
        """Loss of one or several episodes, one after the other, each with its support images first.

        The loss is NaN where a map is not finite.

        Raises:
            TransportError: the solver gave up on a pair of images.
        """
        if not maps.isfinite().all():
            return Loss(maps.sum() * torch.nan, maps.new_tensor(0.0))
        maps = maps.to(torch.promote_types(maps.dtype, torch.float32))
        with torch.autocast(maps.device.type, enabled=False):
            episodes = zip(maps.split(self.n_images), labels.split(self.n_images), strict=True)
            losses, accuracies = zip(*(self.episode(*episode) for episode in episodes), strict=True)
        return Loss(torch.stack(losses).mean(), torch.stack(accuracies).mean())

    def episode(self, maps: Float[Tensor, "images channels height width"], labels: Int[Tensor, " images"]) -> Loss:
        """Loss of one episode."""
        classes = labels.unique(return_inverse=True)[1]
        support, query = maps.tensor_split([self.n_support])
        support_classes, query_classes = classes.tensor_split([self.n_support])
        logits = self.classifier(EpisodeFeatures(support, support_classes, query, self.names)).logits
        return Loss(F.cross_entropy(logits, query_classes), accuracy_of(logits, query_classes))
