"""What a figure can show: frozen numpy records, complete at construction. Raw numbers; figures normalise them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8


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
class Flow:
    """How DeepEMD matched one query image to one class or support image.

    Nodes are the cells of the two grids, row-major. Weights and plan sum to 1, so that
    `logit = temperature * sum(plan * similarity)` up to `residual`.

    Attributes:
        query_image, support_image: the pixels that the model saw.
        query_grid, support_grid: (rows, columns).
        similarity: centred cosine, in [-1, 1].
        query_weight, support_weight: cross-reference weights; the marginals of the plan.
        plan: the optimal flow.
        temperature: factor between the score and the logit.
        logit: what the classifier answered; it does not come from this record's own arithmetic.
    """

    query_image: UInt8[np.ndarray, "query_height query_width 3"]
    support_image: UInt8[np.ndarray, "support_height support_width 3"]
    query_grid: tuple[int, int]
    support_grid: tuple[int, int]
    similarity: Float[np.ndarray, "n m"]
    query_weight: Float[np.ndarray, " n"]
    support_weight: Float[np.ndarray, " m"]
    plan: Float[np.ndarray, "n m"]
    temperature: float
    logit: float

    @property
    def score(self) -> float:
        """Flow-weighted mean similarity, in [-1, 1]."""
        return float((self.plan * self.similarity).sum())

    @property
    def flow_contributions(self) -> Float[np.ndarray, "n m"]:
        """Part of the logit that each flow from a query node to a support node brings in."""
        return self.temperature * self.plan * self.similarity

    @property
    def contributions(self) -> Float[np.ndarray, " n"]:
        """Part of the logit that each query node brings in."""
        return self.flow_contributions.sum(axis=1)

    @property
    def residual(self) -> float:
        """The classifier's logit minus the sum of the contributions: rounding, or a sign that something is wrong."""
        return self.logit - float(self.contributions.sum())
