"""Transport with a small quadratic regularisation by an interior-point method; the plan itself has a derivative."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.transport.marginals import MarginalEquations, marginal_equations
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

BLOCK = {"cpu": 2**16, "cuda": 2**27}  # costs that are worked on at once: they should stay in the processor's cache
BOUNDARY = 0.995  # share of the way to the nearest bound that a step may go


@final
@dataclass(frozen=True)
class InteriorPoint(TransportSolver):
    """The solver that the paper trains with: minimise sum(cost * x) + regularisation / 2 * sum(x ** 2).

    Masses are scaled to a mean of 1 per source node, as the published code does, and the plan x is scaled back. Double
    precision, on the device of the problem. Every problem of a batch takes the same predictor-corrector steps; each
    step needs one Cholesky factorisation of m x m (the published code solves a dense programme in n * m variables).

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
        n, m = exact.cost.shape[1:]
        unit = exact.source.sum(dim=1, keepdim=True) / n
        size = max(1, BLOCK.get(exact.cost.device.type, BLOCK["cpu"]) // (n * m))
        parts = zip(*(part.split(size) for part in (exact.cost, exact.source / unit, exact.target / unit)), strict=True)
        solved = [_Plan.apply(*part, self) for part in parts]
        x, u, v, status = (torch.cat(parts) for parts in zip(*solved, strict=True))
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
        iterate, status = _solve(TransportProblem(cost, source, target), options)
        weight = torch.where(iterate.x > 0, 1 / (options.regularisation + iterate.z / iterate.x), 0)
        ctx.save_for_backward(*marginal_equations(weight))
        ctx.mark_non_differentiable(iterate.u, iterate.v, status)
        return iterate.x, iterate.u, iterate.v, status

    @staticmethod
    def backward(ctx: Any, gradient: Float[Tensor, "batch n m"], *_: Tensor) -> tuple[Tensor | None, ...]:
        return *MarginalEquations(*ctx.saved_tensors).pull_back(gradient), None


class _Iterate(NamedTuple):
    """Plan, potentials and reduced costs; also a direction in which they change."""

    x: Float[Tensor, "batch n m"]
    u: Float[Tensor, "batch n"]
    v: Float[Tensor, "batch m"]
    z: Float[Tensor, "batch n m"]


def _solve(problem: TransportProblem, options: InteriorPoint) -> tuple[_Iterate, Int[Tensor, " batch"]]:
    """Predictor-corrector steps from the plan that moves mass everywhere in proportion to both marginals."""
    cost, source, target = problem.cost, problem.source, problem.target
    low = cost.amin(dim=(1, 2))
    span = cost.amax(dim=(1, 2)) - low
    span = torch.where(span > 0, span, 1)
    total = source.sum(dim=1)
    x = source[:, :, None] * target[:, None] / total[:, None, None]
    level = low - span / 2
    z = cost + options.regularisation * x - level[:, None, None]
    now = _Iterate(x, level[:, None].expand_as(source).clone(), torch.zeros_like(target), z)
    status = torch.full(total.shape, ITERATION_LIMIT, device=cost.device)
    for _ in range(options.max_iterations):
        step, size = _step(problem, now, options.regularisation)
        failed = ~size.isfinite() & (status == ITERATION_LIMIT)
        status = status.masked_fill(failed, FAILED)
        size = torch.where(status == ITERATION_LIMIT, size, 0)
        now = _Iterate(*(_moved(part, change, size) for part, change in zip(now, step, strict=True)))
        missing = (source - now.x.sum(dim=2)).abs().sum(dim=1) + (target - now.x.sum(dim=1)).abs().sum(dim=1)
        gap = (now.x * now.z).sum(dim=(1, 2))
        done = (gap <= options.tolerance * span * total) & (missing <= 1e-10 * total)
        status = status.masked_fill(done & (status == ITERATION_LIMIT), SOLVED)
        if (status != ITERATION_LIMIT).all():
            break
    return now, status


def _step(problem: TransportProblem, now: _Iterate, regularisation: float) -> tuple[_Iterate, Float[Tensor, " batch"]]:
    """The corrected Newton direction, and how far to go along it."""
    x, u, v, z = now
    open_pairs = x > 0
    weight = torch.where(open_pairs, 1 / (regularisation + z / x), 0)
    equations = marginal_equations(weight)
    rows, columns = problem.source - x.sum(dim=2), problem.target - x.sum(dim=1)
    dual = problem.cost + regularisation * x - u[:, :, None] - v[:, None] - z

    def direction(product: Float[Tensor, "batch n m"]) -> _Iterate:
        """Newton step towards x * z = `product` + x * z."""
        pushed = torch.where(open_pairs, product / x, 0) - dual
        moved = weight * pushed
        du, dv = equations.solve(rows - moved.sum(dim=2), columns - moved.sum(dim=1))
        dx = weight * (du[:, :, None] + dv[:, None]) + moved
        return _Iterate(dx, du, dv, torch.where(open_pairs, (product - z * dx) / x, 0))

    gap = (x * z).sum(dim=(1, 2))
    predicted = direction(-x * z)
    size = _longest(now, predicted)[:, None, None]
    remaining = ((x + size * predicted.x) * (z + size * predicted.z)).sum(dim=(1, 2))
    centre = (remaining / gap) ** 3 * gap / open_pairs.sum(dim=(1, 2))
    corrected = direction(centre[:, None, None] - x * z - predicted.x * predicted.z)
    return corrected, BOUNDARY * _longest(now, corrected)


def _longest(now: _Iterate, step: _Iterate) -> Float[Tensor, " batch"]:
    """The longest step, at most 1, that keeps plan and reduced costs positive; not a number if the step is none."""
    towards = [torch.where(value > 0, -change / value, 0) for value, change in ((now.x, step.x), (now.z, step.z))]
    return 1 / torch.stack(towards).amax(dim=(0, 2, 3)).clamp(min=1)


def _moved(part: Tensor, change: Tensor, size: Float[Tensor, " batch"]) -> Tensor:
    """One step; problems of size 0 stay where they are, whatever the direction."""
    size = size.reshape(-1, *[1] * (part.ndim - 1))
    return torch.where(size > 0, part + size * change, part)
