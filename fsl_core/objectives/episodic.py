"""Episodes: cross-entropy of a classifier's logits on the queries, given the support set."""

from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from fsl_core.classifiers import Classifier
from fsl_core.features import EpisodeFeatures
from fsl_core.objectives.base import Loss, Objective, accuracy_of


class Episodic(Objective):
    """Mean over the episodes of the cross-entropy between the queries' classes and a classifier's logits.

    The classifier has no parameters: everything is learnt by the network. Single precision at least.
    """

    episodic: ClassVar[bool] = True

    def __init__(self, classifier: Classifier, way: int, shot: int, query: int) -> None:
        super().__init__()
        self.names = tuple(str(row) for row in range(way))
        self.n_support, self.n_images = way * shot, way * (shot + query)
        self.classifier = classifier

    def forward(self, maps: Float[Tensor, "batch channels height width"], labels: Int[Tensor, " batch"]) -> Loss:
        """Loss of one or several episodes, one after the other, each with its support images first.

        The loss is NaN where a map is not finite.

        Raises:
            TransportError: the solver of a classifier gave up on a pair of images.
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
