"""Exact optimal transport by the network simplex of POT, differentiable by its dual solution."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from jaxtyping import Float, Int
from ot.lp import emd_wrap
from torch import Tensor

from fsl_core.transport.potentials import balance, extend
from fsl_core.transport.problem import FAILED, ITERATION_LIMIT, SOLVED, TransportPlan, TransportProblem, TransportSolver
from fsl_core.types import check_options, option

POT_STATUS = {1: SOLVED, 3: ITERATION_LIMIT}


@final
@dataclass(frozen=True)
class Exact(TransportSolver):
    """The optimum of each problem, in double precision on the CPU whatever the precision and device of the problem.

    Gradient of the optimal cost (envelope theorem): by `cost` the plan, by `source` and `target` their potentials. A
    potential is defined up to a constant, and so is the gradient by the masses: it is meaningful for changes that keep
    both totals equal, such as those behind a normalisation. Where the optimum has several plans or potentials the
    gradient is one of the subgradients. The plan, the potentials and the status are constants.

    Departure: POT's compiled solver is called directly. `ot.emd` around it repeats the checks that are made here once
    for the whole batch, and takes three times as long on the 25 x 25 problems of a 5 x 5 map.
    """

    title: ClassVar[str] = "Network simplex (POT)"
    reference: ClassVar[str] = (
        "Bonneel et al.: Displacement Interpolation Using Lagrangian Mass Transport, SIGGRAPH Asia 2011; "
        "Flamary et al.: POT: Python Optimal Transport, JMLR 2021"
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
        value, plan, u, v, status = _OptimalCost.apply(
            problem.cost, problem.source, problem.target, self.max_iterations
        )
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
        c, a, b = (tensor.detach().to("cpu", torch.float64).contiguous() for tensor in (cost, source, target))
        problem = TransportProblem(c, a, b * (a.sum(dim=1) / b.sum(dim=1))[:, None])
        plan, u, v, status = _solve(problem, limit)
        u, v = balance(problem, *extend(problem, u, v))
        ctx.save_for_backward(plan, u, v)
        ctx.inputs = cost, source, target
        ctx.mark_non_differentiable(plan, u, v, status)
        return (plan * c).sum(dim=(1, 2)), plan, u, v, status

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, " batch"], *_: Tensor) -> tuple[Tensor | None, ...]:
        parts = zip(ctx.saved_tensors, ctx.inputs, strict=True)
        plan, u, v = (part.to(given) for part, given in parts)
        scale = gradient.to(plan)
        return scale[:, None, None] * plan, scale[:, None] * u, scale[:, None] * v, None


def _solve(
    problem: TransportProblem, limit: int
) -> tuple[Float[Tensor, "batch n m"], Float[Tensor, "batch n"], Float[Tensor, "batch m"], Int[Tensor, " batch"]]:
    """Plan, potentials (of nodes with mass) and status of each problem."""
    cost, source, target = problem.cost.numpy(), problem.source.numpy(), problem.target.numpy()
    plan, u, v = np.zeros_like(cost), np.zeros_like(source), np.zeros_like(target)
    status = np.zeros(len(cost), dtype=np.int64)
    for k in range(len(cost)):
        plan[k], _, u[k], v[k], code = emd_wrap.emd_c(source[k], target[k], cost[k], limit, 1)
        status[k] = POT_STATUS.get(code, FAILED)
    return torch.from_numpy(plan), torch.from_numpy(u), torch.from_numpy(v), torch.from_numpy(status)
