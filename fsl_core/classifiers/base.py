"""What every classifier is: a function of features."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from fsl_core.data.patches import Patches
from fsl_core.features import EpisodeFeatures


@dataclass(frozen=True, eq=False)
class Prediction:
    """Logits of every query for every class; higher = more likely."""

    logits: Float[Tensor, "n_query n_way"]

    @property
    def probabilities(self) -> Float[Tensor, "n_query n_way"]:
        """Softmax of the logits."""
        return self.logits.softmax(dim=1)


class Classifier(ABC):
    """A frozen dataclass that holds only its options (`types.option`); calling it twice gives the same answer."""

    title: ClassVar[str]
    reference: ClassVar[str]
    transductive: ClassVar[bool]  # whether the answer to one query depends on the other queries
    differentiable: ClassVar[bool]  # whether gradients of the logits by the query maps say how the logits change

    @classmethod
    def title_on(cls, patches: Patches | None) -> str:
        """What it is called where images are cut into these patches; None = where their feature maps are compared."""
        return cls.title

    @abstractmethod
    def __call__(self, features: EpisodeFeatures) -> Prediction:
        """Classify the queries of one episode, given its support set."""


def pool(maps: Float[Tensor, "images channels height width"]) -> Float[Tensor, "images channels"]:
    """One vector per image: the mean over the cells of its map."""
    return maps.mean(dim=(2, 3))
