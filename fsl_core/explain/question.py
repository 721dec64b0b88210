"""The explained quantity: a logit of one picture, or the difference of two, as a function of its pixels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from fsl_core.backbones import Backbone
from fsl_core.classifiers import Classifier
from fsl_core.data.transforms import prepare, square
from fsl_core.errors import OptionError
from fsl_core.features import EpisodeFeatures

BATCH = 8  # pictures that go through the network at once; between two such lots the work can be stopped


def refusal(classifier: Classifier) -> str:
    """Why nothing that a classifier says can be explained picture by picture, in one sentence; "" where it can."""
    if not classifier.transductive:
        return ""
    return (
        f"{classifier.title} answers all queries together, so that one picture alone cannot be explained; choose a "
        "classifier that answers each by itself."
    )


def _unheard(pictures: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, eq=False)
class Question:
    """Why does the classifier give this picture this logit of a class, or so much more than to another class?

    The quantity goes the way of the prediction: prepared picture -> network -> map -> `classifier(EpisodeFeatures)`,
    where the support features are constants. It can be differentiated by the picture where the classifier says so;
    through DeepEMD by the solver's rule: `exact`, `interior_point` and `sinkhorn` let plan and weights move with the
    picture, `opencv` holds them constant. The network is only called: no hook is placed on it, nothing of it is changed
    and no gradient is left on it, so that threads may share it without a lock.

    Attributes:
        features: of which the support set is taken; the cells of whole pictures' maps.
        image: of any size; fitted as the backbone's `InputSpec` says.
        label: row of `features.class_names`.
        against: another one, whose logit is subtracted; None = the logit itself.
        looks: told the number of pictures each time before the network looks at some; what it raises stops the work.

    Raises:
        OptionError: there is no such class, a class is asked about against itself, or the classifier looks at all
            queries at once.
    """

    backbone: Backbone
    classifier: Classifier
    features: EpisodeFeatures
    image: UInt8[np.ndarray, "_ _ 3"]
    label: int
    against: int | None = None
    looks: Callable[[int], object] = _unheard

    def __post_init__(self) -> None:
        way = self.features.n_way
        for row in (self.label, self.against):
            if row is not None and not 0 <= row < way:
                raise OptionError(
                    f"There is no class {row} to explain; the rows of the {way} classes are 0 to {way - 1}."
                )
        if self.label == self.against:
            raise OptionError("A class cannot be explained against itself; choose another one, or none.")
        if refused := refusal(self.classifier):
            raise OptionError(refused)

    @property
    def words(self) -> str:
        """The quantity, in words."""
        names = self.features.class_names
        one = f"logit of {names[self.label]}"
        return one if self.against is None else f"{one} minus logit of {names[self.against]}"

    @property
    def seen(self) -> UInt8[np.ndarray, "size size 3"]:
        """The pixels that the model sees."""
        return square(self.image, self.backbone.spec.size, self.backbone.spec.fit)

    @cached_property
    def prepared(self) -> Float[Tensor, "1 3 size size"]:
        """The picture as the network takes it. A pixel of 0 has the mean colour of the pictures it was trained on."""
        with torch.inference_mode(False):
            return prepare([self.image], self.backbone.spec).to(self.backbone.device)

    @cached_property
    def constants(self) -> EpisodeFeatures:
        """The support set in tensors that autograd may keep, which it may not those of `inference_mode`."""
        with torch.inference_mode(False), torch.no_grad():
            support, labels = (
                part.to(self.backbone.device).clone() for part in (self.features.support, self.features.support_labels)
            )
        return EpisodeFeatures(support, labels, support[:0], self.features.class_names)

    def stages(self, images: Float[Tensor, "batch 3 size size"]) -> tuple[Float[Tensor, "batch _ _ _"], ...]:
        """The network's maps of prepared pictures, stage by stage."""
        self.looks(len(images))
        return self.backbone.network.stages(images)

    def logits(self, maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch n_way"]:
        """Logits of all classes for maps of the last stage."""
        known = self.constants
        return self.classifier(EpisodeFeatures(known.support, known.support_labels, maps, known.class_names)).logits

    def of_maps(self, maps: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
        """The quantity for maps of the last stage."""
        logits = self.logits(maps)
        one = logits[:, self.label]
        return one if self.against is None else one - logits[:, self.against]

    def score(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, " batch"]:
        """The quantity for prepared pictures."""
        return self.of_maps(self.stages(images)[-1])

    @torch.no_grad()
    def probability(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, " batch"]:
        """Probability of the class among all classes, or among the two that are compared, a few pictures at a time."""
        others = list(range(self.features.n_way)) if self.against is None else [self.label, self.against]
        logits = torch.cat([self.logits(self.stages(part)[-1]) for part in images.split(BATCH)])
        return (logits[:, self.label] - logits[:, others].logsumexp(dim=1)).exp()
