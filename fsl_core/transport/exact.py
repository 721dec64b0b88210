"""Exact optimal transport by the network simplex method, differentiable by its dual solution."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.transport.cores import kernel, on_all_cores
from fsl_core.transport.problem import TransportPlan, TransportProblem, TransportSolver, double_precision
from fsl_core.types import check_options, option

WORTH_A_THREAD = 20_000  # costs; fewer are solved in less time than it takes to start a thread


@final
@dataclass(frozen=True)
class Exact(TransportSolver):
    """The optimum of each problem, in double precision on the CPU whatever the precision and device of the problem.

    Gradient of the optimal cost (envelope theorem): by `cost` the plan, by `source` and `target` their potentials. A
    potential is defined up to a constant, and so is the gradient by the masses: it is meaningful for changes that keep
    both totals equal, such as those behind a normalisation. Where the optimum has several plans or potentials the
    gradient is one of the subgradients. The plan, the potentials and the status are constants.

    The first call in a process imports numba and loads the compiled solver; the first on a machine compiles it, which
    takes some seconds. All cores that torch uses share the batch, each on a thread of its own without Python's lock.
    """

    title: ClassVar[str] = "Network simplex"
    reference: ClassVar[str] = (
        "Cunningham: A Network Simplex Method, Mathematical Programming 1976; "
        "Bonneel et al.: Displacement Interpolation Using Lagrangian Mass Transport, SIGGRAPH Asia 2011"
    )
    gradient: ClassVar[str] = "cost by cost matrix, source and target (envelope theorem); plan: none"

    max_iterations: int = option(
        100_000, "Pivots after which a problem is given up.", low=1, high=10_000_000, step=10_000
    )

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, problem: TransportProblem) -> TransportPlan:
        problem.check()
        like = problem.cost
        parts = (problem.cost, problem.source, problem.target, self.max_iterations)
        value, plan, u, v, status = _OptimalCost.apply(*parts) if torch.is_grad_enabled() else _optimum(*parts)
        return TransportPlan(plan.to(like), value.to(like), u.to(like), v.to(like), status)


class _OptimalCost(torch.autograd.Function):
    """(cost, source, target) -> optimal cost and, as constants, plan, potentials, status; in float64 on the CPU."""

    @staticmethod
    def forward(
        ctx: Any,
        cost: Float[Tensor, "batch n m"],
        source: Float[Tensor, "batch n"],
        target: Float[Tensor, "batch m"],
        limit: int,
    ) -> tuple[Tensor, ...]:
        value, plan, u, v, status = _optimum(cost, source, target, limit)
        ctx.save_for_backward(plan, u, v)
        ctx.inputs = cost, source, target
        ctx.mark_non_differentiable(plan, u, v, status)
        return value, plan, u, v, status

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, " batch"], *_: Tensor) -> tuple[Tensor | None, ...]:
        parts = zip(ctx.saved_tensors, ctx.inputs, strict=True)
        plan, u, v = (part.to(given) for part, given in parts)
        scale = gradient.to(plan)
        return scale[:, None, None] * plan, scale[:, None] * u, scale[:, None] * v, None


def _optimum(
    cost: Float[Tensor, "batch n m"], source: Float[Tensor, "batch n"], target: Float[Tensor, "batch m"], limit: int
) -> tuple[Tensor, ...]:
    """Optimal cost, plan, potentials and status; in float64 on the CPU."""
    parts = (tensor.detach().cpu().contiguous() for tensor in (cost, source, target))
    problem = double_precision(TransportProblem(*parts))
    return _solve(problem, limit)


def _solve(problem: TransportProblem, limit: int) -> tuple[Tensor, ...]:
    """Optimal cost, plan, potentials and status of each problem."""
    solve = kernel("network_simplex").solve
    cost, source, target = problem.cost.numpy(), problem.source.numpy(), problem.target.numpy()
    batch, n, m = cost.shape
    scale = problem.cost.abs().amax(dim=(1, 2)).numpy()
    answer = np.zeros_like(cost), np.empty(batch), np.empty((batch, n + m)), np.empty(batch, np.int64)

    def work(first: int, last: int) -> None:
        arrays = (array[first:last] for array in (cost, source, target, scale, *answer))
        solve(*arrays, np.empty((8, n + m), np.int64), np.empty((4, n + m)), limit)

    on_all_cores(work, batch, cost.size >= WORTH_A_THREAD)
    plan, value, potential, status = map(torch.from_numpy, answer)
    return value, plan, potential[:, :n], potential[:, n:], status
