"""What a figure can show: frozen numpy records, complete at construction. Raw numbers; figures normalise them."""

from dataclasses import dataclass
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
        similarity: centred cosine, in [-1, 1].
        query_weight, support_weight: cross-reference weights; the marginals of the plan.
        plan: the optimal flow.
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


@dataclass(frozen=True, eq=False)
class Piles:
    """A transport problem that one can draw: piles of earth on a plane, and holes to fill with them.

    Attributes:
        pile_at, hole_at: x and y of each.
        pile_mass, hole_mass: >= 0; each sums to 1.
    """

    pile_at: Float[np.ndarray, "n 2"]
    hole_at: Float[np.ndarray, "m 2"]
    pile_mass: Float[np.ndarray, " n"]
    hole_mass: Float[np.ndarray, " m"]

    @property
    def pile_names(self) -> list[str]:
        """A, B, C, ..."""
        return [chr(ord("A") + pile) for pile in range(len(self.pile_mass))]

    @property
    def hole_names(self) -> list[str]:
        """1, 2, 3, ..."""
        return [str(hole + 1) for hole in range(len(self.hole_mass))]

    @property
    def distance(self) -> Float[np.ndarray, "n m"]:
        """From each pile to each hole, as the crow flies."""
        return np.linalg.norm(self.pile_at[:, None] - self.hole_at[None], axis=2)


@dataclass(frozen=True, eq=False)
class Solution:
    """How one solver moves the piles into the holes.

    Attributes:
        solver: for people.
        cost: of moving a mass of 1 from each pile to each hole.
        plan: mass moved.
        pile_price, hole_price: dual solution; the two prices of a pair are at most its cost.
        note: "solved", or why not.
        seconds: that the solver took.
    """

    solver: str
    cost: Float[np.ndarray, "n m"]
    plan: Float[np.ndarray, "n m"]
    pile_price: Float[np.ndarray, " n"]
    hole_price: Float[np.ndarray, " m"]
    note: str
    seconds: float

    @property
    def value(self) -> float:
        """What the plan costs."""
        return float((self.plan * self.cost).sum())

    @property
    def earnings(self) -> float:
        """What the prices bring: the sum of mass times price, never above the value where the prices are feasible."""
        return float(self.plan.sum(axis=1) @ self.pile_price + self.plan.sum(axis=0) @ self.hole_price)

    @property
    def slack(self) -> Float[np.ndarray, "n m"]:
        """By how much each pair's cost is above its two prices; 0 wherever an optimal plan moves mass."""
        return self.cost - self.pile_price[:, None] - self.hole_price


@dataclass(frozen=True, eq=False)
class Lesson:
    """One problem, solved by every solver, and blurred ever more.

    Attributes:
        solutions: by name of the solver, but for `sinkhorn`, whose answers are `blurred`; `exact` is the optimum.
        epsilons: rising.
        blurred: Sinkhorn's answer for each epsilon.
    """

    piles: Piles
    solutions: dict[str, Solution]
    epsilons: Float[np.ndarray, " steps"]
    blurred: tuple[Solution, ...]

    @property
    def best(self) -> Solution:
        """The optimum."""
        return self.solutions["exact"]

    @property
    def spread_value(self) -> float:
        """What it costs to send a share of every pile into every hole: the limit of ever more blur."""
        return float(self.piles.pile_mass @ self.best.cost @ self.piles.hole_mass)
