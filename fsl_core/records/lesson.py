"""What the Transport page shows (numpy, frozen, complete): a small problem and its solutions."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


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
