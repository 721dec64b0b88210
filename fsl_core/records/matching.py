"""Matches of two images: regions, flows, what other weights would change, and what solvers make of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from fsl_core.errors import OptionError

Side = Literal["query", "support"]


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

    def covered(self, mask: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " nodes"]:
        """Which part of each region's area lies on a mask of the picture, in [0, 1]; pixels count by what they share.

        Raises:
            OptionError: the regions have names of their own, as tiles of a sheet or patches have, and no mask fits.
        """
        if self.names:
            raise OptionError("A mask tells something of regions of the picture itself; choose the cells of its map.")
        area = np.pad(mask.astype(float).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        top, left, bottom, right = (self.boxes * np.tile(mask.shape, 2)).T
        on = (
            _up_to(area, bottom, right)
            - _up_to(area, top, right)
            - _up_to(area, bottom, left)
            + _up_to(area, top, left)
        )
        return on / ((bottom - top) * (right - left))


def _up_to(
    area: Float[np.ndarray, "rows columns"], y: Float[np.ndarray, " nodes"], x: Float[np.ndarray, " nodes"]
) -> Float[np.ndarray, " nodes"]:
    """What lies above and left of places in pixels, from what lies above and left of the corners of all pixels."""
    row, column = (
        np.clip(np.floor(place).astype(int), 0, count - 2) for place, count in zip((y, x), area.shape, strict=True)
    )
    down, along = y - row, x - column
    above = area[row, column] * (1 - along) + area[row, column + 1] * along
    below = area[row + 1, column] * (1 - along) + area[row + 1, column + 1] * along
    return above * (1 - down) + below * down


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
