"""What each support image does to the answers: the classifier's logits with it and without it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

Measure = Literal["probability", "margin"]


@dataclass(frozen=True, eq=False)
class Influence:
    """The answers of a classifier to all queries, with all support images and with each of them left out in turn.

    The classifier itself is asked again, so these differences are exact; they are no parts of a sum and do not add up
    to the logit. A class whose only image is left out is taken away as a whole: its logits are then NaN, its
    probability 0, and `removes_class` is true.

    Attributes:
        support_labels: class of each support image.
        logits: with all support images.
        without: with one left out.
    """

    class_names: tuple[str, ...]
    support_names: tuple[str, ...]
    query_names: tuple[str, ...]
    support_labels: Int[np.ndarray, " n_support"]
    logits: Float[np.ndarray, "n_query n_way"]
    without: Float[np.ndarray, "n_support n_query n_way"]

    @property
    def removes_class(self) -> Bool[np.ndarray, " n_support"]:
        """Which images are the only one of their class, so that the class goes with them."""
        return np.bincount(self.support_labels)[self.support_labels] == 1

    @property
    def answers(self) -> Int[np.ndarray, " n_query"]:
        """Class of the largest logit of each query, with all support images."""
        return self.logits.argmax(axis=1)

    @property
    def answers_without(self) -> Int[np.ndarray, "n_support n_query"]:
        """The answers with one image left out."""
        return _without_nan(self.without).argmax(axis=2)

    @property
    def flips(self) -> Bool[np.ndarray, "n_support n_query"]:
        """Where the answer is another one without the image."""
        return self.answers_without != self.answers

    @property
    def effect(self) -> Float[np.ndarray, "n_support n_query n_way"]:
        """What the image adds to each logit: with it minus without it; NaN where the class is gone without it."""
        return self.logits - self.without

    @property
    def probabilities(self) -> tuple[Float[np.ndarray, "n_query n_way"], Float[np.ndarray, "n_support n_query n_way"]]:
        """Softmax of the logits, with all support images and with one left out; 0 for a class that is gone."""
        return _softmax(self.logits), _softmax(_without_nan(self.without))

    def on_answer(self, measure: Measure) -> Float[np.ndarray, "n_support n_query"]:
        """What the image adds to the answer that is given with all images; positive = it speaks for the answer.

        The "probability" of the answer, in [-1, 1], hardly changes where it is close to 1. The "margin" is the logit
        of the answer minus the largest one of another class, in units of the logit, and shows the change there, too.
        It is infinite where the image takes away the answer's class (+) or the only other one (-).
        """
        if measure == "probability":
            before, after = self.probabilities
            return _of(before, self.answers) - _of(after, self.answers)
        return _margin(self.logits, self.answers) - _margin(_without_nan(self.without), self.answers)

    def ranked(self, query: int, measure: Measure) -> Int[np.ndarray, " n_support"]:
        """The support images, the largest influence on the answer to one query first, whichever its sign."""
        return np.argsort(-np.abs(self.on_answer(measure)[:, query]), kind="stable")


def _without_nan(logits: Float[np.ndarray, "*batch n_way"]) -> Float[np.ndarray, "*batch n_way"]:
    """A class that is gone has a logit below every other one."""
    return np.where(np.isnan(logits), -np.inf, logits)


def _softmax(logits: Float[np.ndarray, "*batch n_way"]) -> Float[np.ndarray, "*batch n_way"]:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _of(values: Float[np.ndarray, "*batch n_query n_way"], label: Int[np.ndarray, " n_query"]) -> np.ndarray:
    """The value of each query's own class."""
    return values[..., np.arange(len(label)), label]


def _margin(logits: Float[np.ndarray, "*batch n_query n_way"], label: Int[np.ndarray, " n_query"]) -> np.ndarray:
    """Logit of a class minus the largest one of the others."""
    others = logits.copy()
    others[..., np.arange(len(label)), label] = -np.inf
    return _of(logits, label) - others.max(axis=-1)
