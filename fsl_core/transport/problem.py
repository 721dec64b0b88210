"""The question and the answer of every transport solver."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.errors import TransportError

SOLVED, ITERATION_LIMIT, FAILED = 0, 1, 2
TOTALS_TOLERANCE = 1e-5  # relative; float32 weights that were divided by their sum differ by about 1e-6


@dataclass(frozen=True, eq=False)
class TransportProblem:
    """Move the mass of `source` onto `target` at the least total cost, for a batch of problems.

    Attributes:
        cost: of moving one unit of mass; finite.
        source, target: masses, >= 0; in each problem both have the same positive total, up to a relative 1e-5.
    """

    cost: Float[Tensor, "batch n m"]
    source: Float[Tensor, "batch n"]
    target: Float[Tensor, "batch m"]

    def check(self) -> None:
        """Raise what every solver raises for a problem that has no solution.

        Raises:
            TransportError: shapes do not fit together, a number is not finite, a mass is negative, or totals differ.
        """
        cost, source, target = self.cost, self.source, self.target
        if cost.ndim != 3 or source.shape != cost.shape[:2] or target.shape != cost.shape[::2] or 0 in cost.shape[1:]:
            raise TransportError(
                "A transport problem needs a cost [batch, n, m], a source [batch, n] and a target [batch, m] with n "
                f"and m at least 1, got {list(cost.shape)}, {list(source.shape)} and {list(target.shape)}."
            )
        if self._is_fine():
            return
        for name, values in (("cost", cost), ("source", source), ("target", target)):
            if not values.isfinite().all():
                raise TransportError(f"The {name} of a transport problem must be finite, got NaN or infinity.")
        for name, mass in (("source", source), ("target", target)):
            if (mass < 0).any():
                raise TransportError(
                    f"The {name} of a transport problem must not be negative, got {mass.min().item():.3g}."
                )
        totals = [_double(mass.detach()).sum(dim=1) for mass in (source, target)]
        wrong = ((totals[0] - totals[1]).abs() > TOTALS_TOLERANCE * totals[0]) | (totals[0] <= 0)
        if wrong.any():
            first = int(wrong.nonzero()[0])
            raise TransportError(
                f"The source and target of each problem must have the same positive total, got {totals[0][first]:.6g} "
                f"and {totals[1][first]:.6g} in problem {first}; divide each by its sum."
            )

    def _is_fine(self) -> bool:
        """A quick look that finds nothing wrong with almost all sound problems, and with no other."""
        given, taken = (_double(mass.detach()).sum(dim=1) for mass in (self.source, self.target))
        close = ((given - taken).abs() <= TOTALS_TOLERANCE * given).all() & (given > 0).all()
        positive = (self.source >= 0).all() & (self.target >= 0).all()
        return bool(close) and bool(positive & self.cost.detach().sum().isfinite())


def double_precision(problem: TransportProblem) -> TransportProblem:
    """The problem in float64, the target scaled to the total of the source; on the CPU where a device lacks float64."""
    cost, source, target = (_double(part) for part in (problem.cost, problem.source, problem.target))
    return TransportProblem(cost, source, target * (source.sum(dim=1) / target.sum(dim=1))[:, None])


def _double(values: Tensor) -> Tensor:
    return (values.cpu() if values.device.type == "mps" else values).double()


@dataclass(frozen=True, eq=False)
class TransportPlan:
    """The answer to a `TransportProblem`.

    Attributes:
        plan: mass moved; rows sum to `source`, columns to `target`.
        cost: total cost of the plan, sum(plan * problem.cost).
        source_potential, target_potential: dual solution; source_potential[i] + target_potential[j] <= cost[i, j], with
            equality where mass flows. Defined up to a constant that moves from one to the other, which is fixed by
            letting sum(source * source_potential) and sum(target * target_potential) each be half of the cost.
        status: 0 = solved, 1 = stopped at the iteration limit, 2 = the solver failed.
    """

    plan: Float[Tensor, "batch n m"]
    cost: Float[Tensor, " batch"]
    source_potential: Float[Tensor, "batch n"]
    target_potential: Float[Tensor, "batch m"]
    status: Int[Tensor, " batch"]


class TransportSolver(ABC):
    """A way to solve transport problems: a frozen dataclass holding only its options."""

    title: ClassVar[str]
    reference: ClassVar[str]
    gradient: ClassVar[str]  # what `TransportPlan.cost` and `.plan` can be differentiated by, in one phrase

    @abstractmethod
    def __call__(self, problem: TransportProblem) -> TransportPlan:
        """Solve every problem of the batch.

        Raises:
            TransportError: the problem itself is invalid (NaN, negative mass, totals that differ).
        """
