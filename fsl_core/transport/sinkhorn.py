"""Transport with an entropic regularisation by Sinkhorn's iteration; the plan itself has a derivative."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.transport.marginals import marginal_equations, pull_back
from fsl_core.transport.potentials import answered
from fsl_core.transport.problem import (
    ITERATION_LIMIT,
    SOLVED,
    TransportPlan,
    TransportProblem,
    TransportSolver,
    double_precision,
)
from fsl_core.types import check_options, option

CHECKED_EVERY = 10  # iterations
DAMPING = (1.0, 0.5, 0.25, 0.1)  # shares of Newton's step that are tried
ANNEALING = 2.0  # factor between one epsilon and the next


@final
@dataclass(frozen=True)
class Sinkhorn(TransportSolver):
    """The plan that minimises sum(cost * x) + epsilon * sum(x * log x): blurred, the more so the larger epsilon.

    Here x is the plan of masses whose totals are 1. The iteration runs on the potentials (in the log domain), so that
    no epsilon underflows, in double precision on the device of the problem; it starts at a large epsilon and goes down
    to the one asked for, and every tenth step is one of Newton's if that is better (Brauer, Clason, Lorenz, Wirth: A
    Sinkhorn-Newton Method for Entropic Optimal Transport, 2017). After it the plan's rows are exact and its columns
    miss by at most `tolerance` in total.

    The cost is that of the blurred plan, without the entropy: above the optimum, by at most epsilon * log(n * m) times
    the total. Gradient: of the plan, and through it of the cost, by the implicit function theorem, which takes one
    Cholesky factorisation and does not go back through the iterations; by source and target for changes that keep both
    totals equal. The potentials and the status are constants.
    """

    title: ClassVar[str] = "Sinkhorn (entropic)"
    reference: ClassVar[str] = (
        "Cuturi: Sinkhorn Distances, NeurIPS 2013; Peyré, Cuturi: Computational Optimal Transport, 2019, section 4.4"
    )
    gradient: ClassVar[str] = "plan and cost by cost matrix, source and target (implicit function theorem)"

    epsilon: float = option(0.02, "Strength of the blur, in units of the cost.", low=1e-4, high=100.0, step=0.01)
    tolerance: float = option(
        1e-6, "Mass, as a share of the total, that the plan's columns may miss.", low=1e-12, high=1e-2
    )
    max_iterations: int = option(2000, "Iterations after which a problem is given up.", low=1, high=1_000_000, step=100)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, problem: TransportProblem) -> TransportPlan:
        problem.check()
        exact = double_precision(problem)
        total = exact.source.sum(dim=1, keepdim=True)
        x, u, v, status = _Plan.apply(exact.cost, exact.source / total, exact.target / total, self)
        plan = x * total[:, :, None]
        return answered(exact, plan, (u, v), status, problem.cost)


class _Plan(torch.autograd.Function):
    """(cost, source, target) -> plan and, as constants, potentials and status."""

    @staticmethod
    def forward(
        ctx: Any,
        cost: Float[Tensor, "batch n m"],
        source: Float[Tensor, "batch n"],
        target: Float[Tensor, "batch m"],
        options: Sinkhorn,
    ) -> tuple[Tensor, ...]:
        x, u, v, status = _solve(TransportProblem(cost, source, target), options)
        ctx.epsilon = options.epsilon
        ctx.save_for_backward(x)
        ctx.mark_non_differentiable(u, v, status)
        return x, u, v, status

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, "batch n m"], *_: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return *pull_back(x / ctx.epsilon, gradient), None


def _solve(
    problem: TransportProblem, options: Sinkhorn
) -> tuple[Float[Tensor, "batch n m"], Float[Tensor, "batch n"], Float[Tensor, "batch m"], Int[Tensor, " batch"]]:
    """Plan, potentials and status; a node without mass gets the potential of a node of mass 1."""
    cost, source, target = problem.cost, problem.source, problem.target
    epsilon = max(options.epsilon, cost.abs().max().item() if cost.numel() else 0)
    v = torch.where(target > 0, torch.zeros_like(target), -torch.inf)
    status = torch.full((len(cost),), ITERATION_LIMIT, device=cost.device)
    for iteration in range(1, options.max_iterations + 1):
        u, columns = _rows_exact(problem, v, epsilon)
        step = torch.where(target > 0, epsilon * (target.log() - columns), 0.0)
        if iteration % CHECKED_EVERY == 0:
            missed = (columns.exp() - target).abs().sum(dim=1)
            if epsilon == options.epsilon:
                status = torch.where(missed <= options.tolerance, SOLVED, ITERATION_LIMIT)
                if (status == SOLVED).all():
                    break
            step = _best_step(problem, u, v, step, epsilon)
            epsilon = max(options.epsilon, epsilon / ANNEALING)
        v = torch.where(target > 0, v + step, -torch.inf)
    u, _ = _rows_exact(problem, v, options.epsilon)
    x = ((u[:, :, None] + v[:, None] - cost) / options.epsilon).exp()
    u = torch.where(source > 0, u, -options.epsilon * ((v[:, None] - cost) / options.epsilon).logsumexp(dim=2))
    v = torch.where(target > 0, v, -options.epsilon * ((u[:, :, None] - cost) / options.epsilon).logsumexp(dim=1))
    return x, u, v, status


def _rows_exact(
    problem: TransportProblem, v: Float[Tensor, "batch m"], epsilon: float
) -> tuple[Float[Tensor, "batch n"], Float[Tensor, "batch m"]]:
    """Row potentials that give the plan the right row sums, and the logarithms of its column sums."""
    u = epsilon * (problem.source.log() - ((v[:, None] - problem.cost) / epsilon).logsumexp(dim=2))
    return u, v / epsilon + ((u[:, :, None] - problem.cost) / epsilon).logsumexp(dim=1)


def _best_step(
    problem: TransportProblem,
    u: Float[Tensor, "batch n"],
    v: Float[Tensor, "batch m"],
    step: Float[Tensor, "batch m"],
    epsilon: float,
) -> Float[Tensor, "batch m"]:
    """The change of v that leaves the least missing: `step`, or Newton's, in full or damped.

    Sinkhorn's iteration crawls where the plan nearly falls apart into blocks; Newton's is quick there.
    """
    x = ((u[:, :, None] + v[:, None] - problem.cost) / epsilon).exp()
    _, newton = marginal_equations(x / epsilon).solve(problem.source - x.sum(dim=2), problem.target - x.sum(dim=1))
    best, least = step, torch.full_like(step[:, 0], torch.inf)
    for change in (step, *(damping * newton for damping in DAMPING)):
        missed = (_rows_exact(problem, v + change, epsilon)[1].exp() - problem.target).abs().sum(dim=1)
        best = torch.where((missed < least)[:, None], change, best)
        least = torch.where(missed < least, missed, least)
    return best
