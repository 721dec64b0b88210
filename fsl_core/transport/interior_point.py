"""Transport with a small quadratic regularisation by an interior-point method; the plan itself has a derivative."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.transport.cores import kernel, on_all_cores, working_memory
from fsl_core.transport.marginals import marginal_equations, pull_back
from fsl_core.transport.potentials import answered, extend
from fsl_core.transport.problem import (
    FAILED,
    ITERATION_LIMIT,
    SOLVED,
    TransportPlan,
    TransportProblem,
    TransportSolver,
    double_precision,
)
from fsl_core.types import check_options, option

BLOCK = 2**27  # costs that a GPU works on at once
WORTH_A_THREAD = 2_000  # costs; fewer are solved in less time than it takes to start a thread
BOUNDARY = 0.995  # share of the way to the nearest bound that a step may go; more once the gap is small
START = 0.1  # share of the range of the costs by which all reduced costs exceed 0 at the start
LEAST = 1e-100  # mass; pairs with less are closed


@final
@dataclass(frozen=True)
class InteriorPoint(TransportSolver):
    """The solver that the paper trains with: minimise sum(cost * x) + regularisation / 2 * sum(x ** 2).

    Masses are scaled to a mean of 1 per source node, as the published code does, and the plan x is scaled back. Double
    precision, on the device of the problem. Each predictor-corrector step needs one factorisation of m x m (the
    published code solves a dense programme in n * m variables). On the CPU compiled code takes the steps of one problem
    after the other, on all cores that torch uses; on a GPU all problems of a batch take them together. The first call
    in a process imports numba and loads the compiled solver; the first on a machine compiles it.

    Gradient: of the plan, and through it of the cost, by the implicit function theorem at the last step (equation 7);
    by source and target for changes that keep both totals equal. The potentials and the status are constants. The
    potentials are those of the regularised problem: source_potential + target_potential <= cost + regularisation * x.
    """

    title: ClassVar[str] = "Interior point"
    reference: ClassVar[str] = (
        "Zhang, Cai, Lin, Shen: DeepEMD, CVPR 2020, section 3.3; Amos, Kolter: OptNet, ICML 2017; "
        "Mehrotra: On the Implementation of a Primal-Dual Interior Point Method, SIAM Journal on Optimization 1992"
    )
    gradient: ClassVar[str] = "plan and cost by cost matrix, source and target (implicit function theorem)"

    regularisation: float = option(
        1e-6, "Weight of the squared plan, which makes its derivative exist.", low=1e-9, high=1.0, step=1e-6
    )
    tolerance: float = option(
        1e-9, "Duality gap at which a problem is solved, as a share of the range of its costs.", low=1e-12, high=1e-2
    )
    max_iterations: int = option(50, "Steps after which a problem is given up.", low=1, high=1000)

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(self, problem: TransportProblem) -> TransportPlan:
        problem.check()
        exact = double_precision(problem)
        unit = exact.source.mean(dim=1, keepdim=True)
        x, u, v, status = _Plan.apply(exact.cost, exact.source / unit, exact.target / unit, self)
        plan = x * unit[:, :, None]
        return answered(exact, plan, extend(exact, u, v), status, problem.cost)


class _Plan(torch.autograd.Function):
    """(cost, source, target) -> plan and, as constants, potentials and status."""

    @staticmethod
    def forward(
        ctx: Any,
        cost: Float[Tensor, "batch n m"],
        source: Float[Tensor, "batch n"],
        target: Float[Tensor, "batch m"],
        options: InteriorPoint,
    ) -> tuple[Tensor, ...]:
        solve = _solve_compiled if cost.device.type == "cpu" else solve_batched
        found = solve(TransportProblem(cost.detach(), source.detach(), target.detach()), options)
        ctx.save_for_backward(found.weight)
        ctx.mark_non_differentiable(found.u, found.v, found.status)
        return found.x, found.u, found.v, found.status

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, "batch n m"], *_: Tensor) -> tuple[Tensor | None, ...]:
        return *pull_back(ctx.saved_tensors[0], gradient), None


class Solution(NamedTuple):
    """Plan, its derivative by the sum of its potentials, potentials, status."""

    x: Float[Tensor, "batch n m"]
    weight: Float[Tensor, "batch n m"]
    u: Float[Tensor, "batch n"]
    v: Float[Tensor, "batch m"]
    status: Int[Tensor, " batch"]


def _solve_compiled(problem: TransportProblem, options: InteriorPoint) -> Solution:
    """One problem after the other on each core, as `predictor_corrector` does it."""
    solve = kernel("predictor_corrector").solve
    given = [part.contiguous().numpy() for part in (problem.cost, problem.source, problem.target)]
    batch, n, m = problem.cost.shape
    answer = (
        np.empty((batch, n, m)), np.empty((batch, n, m)), np.empty((batch, n + m)), np.empty(batch, np.int64)
    )  # fmt: skip
    rules = np.array([options.regularisation, options.tolerance, BOUNDARY, START, LEAST])

    def work(first: int, last: int) -> None:
        arrays = (array[first:last] for array in (*given, *answer))
        solve(*arrays, *working_memory(6, n, m), rules, options.max_iterations)

    on_all_cores(work, batch, batch * n * m >= WORTH_A_THREAD)
    x, weight, potential, status = map(torch.from_numpy, answer)
    return Solution(x, weight, potential[:, :n], potential[:, n:], status)


class _Iterate(NamedTuple):
    """Plan, potentials and reduced costs z = cost + regularisation * x - u - v."""

    x: Float[Tensor, "batch n m"]
    u: Float[Tensor, "batch n"]
    v: Float[Tensor, "batch m"]
    z: Float[Tensor, "batch n m"]


class _Step(NamedTuple):
    """Relative changes of x and z, absolute ones of the potentials."""

    x: Float[Tensor, "batch n m"]
    u: Float[Tensor, "batch n"]
    v: Float[Tensor, "batch m"]
    z: Float[Tensor, "batch n m"]


def solve_batched(problem: TransportProblem, options: InteriorPoint) -> Solution:
    """All problems at once, as a GPU does it; in parts if they are many."""
    size = max(1, BLOCK // problem.cost[0].numel()) if len(problem.cost) else 1
    parts = zip(*(part.split(size) for part in (problem.cost, problem.source, problem.target)), strict=True)
    solved = [_solve_part(TransportProblem(*part), options) for part in parts]
    return Solution(*(torch.cat(parts) for parts in zip(*solved, strict=True)))


def _solve_part(problem: TransportProblem, options: InteriorPoint) -> Solution:
    """Predictor-corrector steps from the plan that moves mass everywhere in proportion to both marginals."""
    cost, source, target = problem.cost, problem.source, problem.target
    low = cost.amin(dim=(1, 2))
    span = cost.amax(dim=(1, 2)) - low
    span = torch.where(span > 0, span, 1)
    total = source.sum(dim=1)
    level = low - START * span
    x = source[:, :, None] * target[:, None] / total[:, None, None]
    z = cost + options.regularisation * x - level[:, None, None]
    now = _Iterate(x, level[:, None].expand_as(source).clone(), torch.zeros_like(target), z)
    status = torch.full(total.shape, ITERATION_LIMIT, device=cost.device)
    for taken in range(options.max_iterations + 1):
        gain = torch.where(now.x > LEAST, 1 / (options.regularisation * now.x + now.z), 0)
        gap = (now.x * now.z).sum(dim=(1, 2))
        missing = (source - now.x.sum(dim=2)).abs().sum(dim=1) + (target - now.x.sum(dim=1)).abs().sum(dim=1)
        done = (gap < options.tolerance * span * total) & (missing <= 1e-10 * total)
        status = status.masked_fill(done & (status == ITERATION_LIMIT), SOLVED)
        if taken == options.max_iterations or (status != ITERATION_LIMIT).all():
            break
        step, size = _step(problem, now, gain, gap, options.regularisation)
        size = size * (1 - gap / (span * total)).clamp(min=BOUNDARY)
        failed = ~(size > 0) & (status == ITERATION_LIMIT)
        status = status.masked_fill(failed, FAILED)
        now = _moved(now, step, torch.where(status == ITERATION_LIMIT, size, 0))
    return Solution(now.x, gain * now.x, now.u, now.v, status)


def _step(
    problem: TransportProblem, now: _Iterate, gain: Float[Tensor, "batch n m"], gap: Tensor, regularisation: float
) -> tuple[_Step, Float[Tensor, " batch"]]:
    """The corrected Newton direction, and how far one can go along it; not a number if it is none.

    Both directions come from dz = regularisation * dx - du - dv and x * dz + z * dx = (what x * z lacks), which gives
    dx / x = gain * (du + dv + lack / x) with gain = 1 / (regularisation * x + z).
    """
    x, z = now.x, now.z
    weight = gain * x
    equations = marginal_equations(weight)
    kept = regularisation * weight * x
    du, dv = equations.solve(problem.source - kept.sum(dim=2), problem.target - kept.sum(dim=1))
    first = gain * (du[:, :, None] + dv[:, None] - z)
    size = _longest(-first, 1 + first)
    second = (x * z * (first + first**2)).sum(dim=(1, 2))
    open_pairs = (problem.source > 0).sum(dim=1) * (problem.target > 0).sum(dim=1)
    centre = (1 - size - size**2 * second / gap) ** 3 * gap / open_pairs
    aim = torch.where(gain > 0, centre[:, None, None] / (x * z) + first + first**2, 0)
    moved = weight * z * aim
    more_u, more_v = equations.solve(-moved.sum(dim=2), -moved.sum(dim=1))
    change = first + gain * (more_u[:, :, None] + more_v[:, None] + z * aim)
    fall = 1 + change - aim
    return _Step(change, du + more_u, dv + more_v, -fall), _longest(-change, fall)


def _longest(*falls: Float[Tensor, "batch n m"]) -> Float[Tensor, " batch"]:
    """The longest step, at most 1, that keeps plan and reduced costs positive, given the shares that they lose."""
    return 1 / torch.stack(falls).amax(dim=(0, 2, 3)).clamp(min=1)


def _moved(now: _Iterate, step: _Step, size: Float[Tensor, " batch"]) -> _Iterate:
    """One step; problems of size 0 stay where they are, whatever the direction."""
    goes, row = (size > 0)[:, None], size[:, None]
    pair = size[:, None, None]
    x = torch.where(goes[:, None], now.x * (1 + pair * step.x), now.x)
    z = torch.where(goes[:, None], now.z * (1 + pair * step.z), now.z)
    return _Iterate(
        x, torch.where(goes, now.u + row * step.u, now.u), torch.where(goes, now.v + row * step.v, now.v), z
    )
