"""Answers of classifiers: to the queries of an episode, by number of shots, and "none of these"."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import stdtrit


def half_width(values: Float[np.ndarray, " n"]) -> float:
    """Half of the 95 % interval of a mean, by Student's t; NaN for one value.

    The sample standard deviation (ddof 1) / sqrt(n), times the 97.5 % point of the t distribution with n - 1 degrees of
    freedom.
    """
    n = len(values)
    return float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


@dataclass(frozen=True, eq=False)
class Scores:
    """The answer of one classifier to every query of an episode.

    Attributes:
        logits: higher = more likely; the scale is the classifier's own.
        probabilities: rows sum to 1.
        labels: index of the true class of each query, -1 where it is unknown.
    """

    class_names: tuple[str, ...]
    query_names: tuple[str, ...]
    logits: Float[np.ndarray, "n_query n_way"]
    probabilities: Float[np.ndarray, "n_query n_way"]
    labels: Int[np.ndarray, " n_query"]

    @property
    def predicted(self) -> Int[np.ndarray, " n_query"]:
        """Index of the most likely class of each query."""
        return self.probabilities.argmax(axis=1)

    @property
    def accuracy(self) -> float | None:
        """Fraction of the queries with a known label that were classified correctly; None where none is known."""
        known = self.labels >= 0
        return float((self.predicted == self.labels)[known].mean()) if known.any() else None

    @property
    def confusion(self) -> Int[np.ndarray, "n_way n_way"]:
        """Counts, row = true class, column = predicted class; queries without a label are left out."""
        known = self.labels >= 0
        counts = np.zeros((len(self.class_names),) * 2, dtype=np.int64)
        np.add.at(counts, (self.labels[known], self.predicted[known]), 1)
        return counts

    def to_dict(self) -> dict[str, Any]:
        """Classes and predictions for JSON; `true_label` and `accuracy` are there where labels are known."""
        predictions = []
        for row, image in enumerate(self.query_names):
            probabilities = dict(zip(self.class_names, self.probabilities[row].tolist(), strict=True))
            entry = {"image": image, "label": self.class_names[self.predicted[row]], "probabilities": probabilities}
            if self.labels[row] >= 0:
                entry["true_label"] = self.class_names[self.labels[row]]
            predictions.append(entry)
        known = {} if self.accuracy is None else {"accuracy": self.accuracy}
        return {"classes": list(self.class_names), "predictions": predictions, **known}


@dataclass(frozen=True, eq=False)
class ShotsCurve:
    """Accuracy of one classifier with 1, 2, ... support images per class, over re-drawn support images.

    Attributes:
        accuracies: for each number of shots the accuracy of every draw, in [0, 1].
        labelled: the queries with a known class were asked about; otherwise the support images that were left out.
    """

    accuracies: tuple[Float[np.ndarray, " _"], ...]
    labelled: bool

    @property
    def shots(self) -> Int[np.ndarray, " n_shots"]:
        """Support images per class: 1, 2, ..."""
        return np.arange(1, len(self.accuracies) + 1)

    @property
    def draws(self) -> Int[np.ndarray, " n_shots"]:
        """Number of draws."""
        return np.array([len(drawn) for drawn in self.accuracies])

    @property
    def mean(self) -> Float[np.ndarray, " n_shots"]:
        """Mean accuracy over the draws."""
        return np.array([drawn.mean() for drawn in self.accuracies])

    @property
    def interval(self) -> Float[np.ndarray, " n_shots"]:
        """Half width of the 95 % interval of the mean over the draws (`half_width`); NaN for one draw.

        It speaks of the choice of support images only: with the same few queries and images in every draw, pictures
        never seen can fare worse than it says.
        """
        return np.array([half_width(drawn) for drawn in self.accuracies])

    @property
    def spread(self) -> Float[np.ndarray, "n_shots 2"]:
        """2.5 % and 97.5 % quantiles of the draws: how far one lucky or unlucky choice can lie from the mean."""
        return np.array([np.quantile(drawn, (0.025, 0.975)) for drawn in self.accuracies])


@dataclass(frozen=True, eq=False)
class NoneOfThese:
    """Whether each query fits a class of the support set. Fits are mean similarities, in [-1, 1].

    Attributes:
        fit: of each query to its best class.
        nearest: index of that class; a classifier's answer may be another one.
        threshold: a query whose fit is below it belongs to none of the classes.
        typical: mean fit of the support images to the rest of their own class; None where no class has two images.
        calibrated: the threshold comes from images of the classes (leave-one-out); otherwise from how well the support
            images fit the classes that they do not belong to, which is a rougher guess.
        false_alarms: the accepted fraction of flagged queries that do belong to a class.
    """

    fit: Float[np.ndarray, " n_query"]
    nearest: Int[np.ndarray, " n_query"]
    threshold: float
    typical: float | None
    calibrated: bool
    false_alarms: float

    @property
    def is_none(self) -> Bool[np.ndarray, " n_query"]:
        """Which queries belong to none of the classes."""
        return self.fit < self.threshold
