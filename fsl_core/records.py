"""What a figure can show: frozen numpy records, complete at construction. Raw numbers; figures normalise them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8


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


def cells(rows: int, columns: int) -> Float[np.ndarray, "nodes 4"]:
    """The boxes of a grid's cells, row-major: top, left, bottom, right of each in [0, 1] of the picture."""
    row, column = np.divmod(np.arange(rows * columns), columns)
    return np.stack([row / rows, column / columns, (row + 1) / rows, (column + 1) / columns], axis=1)


@dataclass(frozen=True, eq=False)
class Regions:
    """Where the nodes of an image lie in the picture that is shown of it.

    Attributes:
        boxes: top, left, bottom, right of each node, in [0, 1] of the picture; boxes do not overlap.
        names: what people call the nodes, no two alike; empty for the cells of one grid, which go by their place.
    """

    boxes: Float[np.ndarray, "nodes 4"]
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.boxes)

    @cached_property
    def grid(self) -> tuple[int, int] | None:
        """(rows, columns) where the nodes are the cells of one grid over the whole picture, row-major, else None."""
        top, left, bottom, right = self.boxes[0]
        rows, columns = round(1 / (bottom - top)), round(1 / (right - left))
        fits = not self.names and len(self) == rows * columns and np.allclose(self.boxes, cells(rows, columns))
        return (rows, columns) if fits else None

    def name(self, node: int) -> str:
        """What people call a region: "(row, column)" in a grid, else its own name."""
        if self.grid:
            return str(divmod(node, self.grid[1]))
        return self.names[node] if self.names else f"region {node}"


@dataclass(frozen=True, eq=False)
class Flow:
    """How DeepEMD matched one query image to one class or support image.

    Node i of an image is box i of the picture that is shown: a cell of a grid over the picture itself or, where the
    nodes overlap in it, a tile of a sheet on which each has a place of its own. Weights and plan sum to 1, so that
    `logit = temperature * sum(plan * similarity)` up to `residual`.

    Attributes:
        query_image, support_image: the pixels that the model saw, or a sheet of them.
        query_boxes, support_boxes: top, left, bottom, right of each node, in [0, 1] of the picture.
        similarity: of the nodes by the classifier's metric; a cosine, in [-1, 1], or at most 0.
        query_weight, support_weight: of the nodes, by the classifier's rule; the marginals of the plan.
        plan: the flow; optimal, or in proportion to both weights.
        temperature: factor between the score and the logit.
        logit: what the classifier answered; it does not come from this record's own arithmetic.
        query_names, support_names: what people call the nodes; empty for the cells of one grid.
    """

    query_image: UInt8[np.ndarray, "query_height query_width 3"]
    support_image: UInt8[np.ndarray, "support_height support_width 3"]
    query_boxes: Float[np.ndarray, "n 4"]
    support_boxes: Float[np.ndarray, "m 4"]
    similarity: Float[np.ndarray, "n m"]
    query_weight: Float[np.ndarray, " n"]
    support_weight: Float[np.ndarray, " m"]
    plan: Float[np.ndarray, "n m"]
    temperature: float
    logit: float
    query_names: tuple[str, ...] = ()
    support_names: tuple[str, ...] = ()

    @cached_property
    def query_regions(self) -> Regions:
        """Where the query's nodes lie, and what they are called."""
        return Regions(self.query_boxes, self.query_names)

    @cached_property
    def support_regions(self) -> Regions:
        """Where the support image's nodes lie, and what they are called."""
        return Regions(self.support_boxes, self.support_names)

    @property
    def score(self) -> float:
        """Flow-weighted mean similarity."""
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


@dataclass(frozen=True)
class Emphasis:
    """By how much the weights of regions are multiplied before those of their picture are brought to a sum of 1.

    Attributes:
        query, support: node -> factor, >= 0; 0 removes the region. Regions that are not named keep their weight.
    """

    query: Mapping[int, float] = field(default_factory=dict)
    support: Mapping[int, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.query or self.support)


@dataclass(frozen=True, eq=False)
class WhatIf:
    """One match and the logits of all classes, as they are and as they would be with other weights.

    Attributes:
        label: row of the class that was matched.
        before, after: the match; the same where the emphasis is empty.
        logits_before, logits_after: of the query for every class.
    """

    class_names: tuple[str, ...]
    label: int
    emphasis: Emphasis
    before: Flow
    after: Flow
    logits_before: Float[np.ndarray, " n_way"]
    logits_after: Float[np.ndarray, " n_way"]

    @property
    def probabilities(self) -> tuple[Float[np.ndarray, " n_way"], Float[np.ndarray, " n_way"]]:
        """Softmax of the logits, before and after."""
        powers = [np.exp(logits - logits.max()) for logits in (self.logits_before, self.logits_after)]
        return powers[0] / powers[0].sum(), powers[1] / powers[1].sum()

    @property
    def places(self) -> tuple[Int[np.ndarray, " n_way"], Int[np.ndarray, " n_way"]]:
        """Place of each class among all, before and after; 0 = the answer."""
        orders = [np.argsort(-logits, kind="stable") for logits in (self.logits_before, self.logits_after)]
        return orders[0].argsort(), orders[1].argsort()


@dataclass(frozen=True, eq=False)
class SolverRun:
    """What one transport solver makes of the problem behind a flow.

    Attributes:
        solver: its name.
        flow: the flow with this solver's plan; its logit follows from `value`.
        value: total cost of the plan, in units of 1 - similarity.
        seconds: wall time, the least of a few runs.
        status: 0 = solved, 1 = stopped at the iteration limit, 2 = failed.
    """

    solver: str
    flow: Flow
    value: float
    seconds: float
    status: int


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
        """Half width of the 95 % interval of the mean: 1.96 * deviation (ddof 1) / sqrt(draws); NaN for one draw.

        It speaks of the choice of support images only: with the same few queries and images in every draw, pictures
        never seen can fare worse than it says.
        """
        return np.array([1.96 * d.std(ddof=1) / np.sqrt(len(d)) if len(d) > 1 else np.nan for d in self.accuracies])

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
