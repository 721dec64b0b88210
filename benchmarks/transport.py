"""How fast and how exact are the transport solvers, against what others use for many small problems?

`python -m benchmarks.transport` prints one table of solutions (time for each problem, how many times as fast as the
loop over `cv2.EMD`, peak of additional memory, largest relative error of the cost) and one of forward and backward
passes at 25 x 25, against the dense programme that the published training code builds. Times are the best of some
repeats, on all cores that torch uses; each solver takes turns with the loop that it is compared with, as the speed of a
computer changes from minute to minute. `--device cuda` measures `interior_point` and `sinkhorn` there, on 375 and
10,000 problems.

The problems are those of DeepEMD: cosine costs of random features with a common part, cross-reference weights.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from resource import RUSAGE_SELF, getrusage
from typing import NamedTuple

import cv2
import numpy as np
import ot
import ot.batch
import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.transport import SOLVERS, TransportProblem
from fsl_core.transport.problem import double_precision

REPEATS = 7
COMPARED = {25: 375, 100: 25}  # nodes -> problems that are solved by the loop
CHANNELS = 64
OTHERS = ("cv2.EMD per pair", "ot.emd per pair", "ot.batch")
DENSE = "dense programme"


class Case(NamedTuple):
    """What is measured: one of `SOLVERS` or of the others on `batch` problems of n x n."""

    name: str
    n: int
    batch: int
    device: str


def problems(case: Case) -> TransportProblem:
    """Random problems as DeepEMD poses them, in float32."""
    generator = torch.Generator().manual_seed(case.n)
    shape = (2, case.batch, case.n, CHANNELS)
    common = torch.randn(2, case.batch, 1, CHANNELS, generator=generator)
    query, target = (torch.randn(shape, generator=generator) + common).relu().to(case.device)
    weights = [
        torch.einsum("bnc,bc->bn", one, other.mean(dim=1)) + 1e-3 for one, other in ((query, target), (target, query))
    ]
    query, target = (torch.nn.functional.normalize(x - x.mean(dim=2, keepdim=True), dim=2) for x in (query, target))
    source, sink = (weight / weight.sum(dim=1, keepdim=True) for weight in weights)
    return TransportProblem(1 - query @ target.mT, source, sink)


def cost_by_opencv(problem: TransportProblem) -> Float[Tensor, " batch"]:
    """One call of OpenCV for each problem, masses scaled to n as in the published code."""
    n = problem.cost.shape[1]
    cost, source, target = (part.cpu().numpy() for part in (problem.cost, problem.source, problem.target))
    parts = zip(cost, source * n, target * n, strict=True)
    found = [cv2.EMD(a[:, None], b[:, None], cv2.DIST_USER, cost)[2] for cost, a, b in parts]
    return torch.from_numpy((np.stack(found) * cost).sum(axis=(1, 2)) / n)


def cost_by_pot(problem: TransportProblem) -> Float[Tensor, " batch"]:
    """One call of POT for each problem."""
    exact = double_precision(problem)
    parts = zip(exact.cost.numpy(), exact.source.numpy(), exact.target.numpy(), strict=True)
    return torch.tensor([ot.emd2(a, b, cost) for cost, a, b in parts])


def cost_by_pot_batch(problem: TransportProblem) -> Float[Tensor, " batch"]:
    """POT's batched entropic solver with the blur of ours."""
    found = ot.batch.solve_batch(problem.cost, reg=0.02, a=problem.source, b=problem.target, tol=1e-6, grad="detach")
    return (found.plan * problem.cost).sum(dim=(1, 2))


def costs(case: Case, problem: TransportProblem) -> Float[Tensor, " batch"]:
    """Optimal costs as found by the case's solver."""
    by_others = dict(zip(OTHERS, (cost_by_opencv, cost_by_pot, cost_by_pot_batch), strict=True))
    if case.name in by_others:
        return by_others[case.name](problem)
    return SOLVERS[case.name]()(problem).cost


def best_seconds(device: str, repeats: int, *works: Callable[[], object]) -> list[float]:
    """Shortest of some runs of each work, which take turns, waiting for a GPU to finish."""
    found = []
    for _ in range(repeats):
        for work in works:
            start = time.perf_counter()
            work()
            if device == "cuda":
                torch.cuda.synchronize()
            found.append(time.perf_counter() - start)
    return [min(found[place :: len(works)]) for place in range(len(works))]


def solution_row(case: Case) -> str:
    """A row of the first table; runs in a process of its own, so that the peak of memory is that of this case."""
    problem = problems(case)
    costs(case, first(problem, 2))
    before = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    if case.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 2**20
    found = costs(case, problem)
    after = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    if case.device == "cuda":
        after = torch.cuda.max_memory_allocated() / 2**20
    compared = first(problem, COMPARED[case.n])
    seconds, loop = best_seconds(case.device, REPEATS, lambda: costs(case, problem), lambda: cost_by_opencv(compared))
    exact = SOLVERS["exact"]()(double_precision(problem)).cost.to(found.device)
    error = ((found - exact).abs() / exact).max().item()
    micro, by_loop = (1e6 * one / count for one, count in ((seconds, case.batch), (loop, len(compared.cost))))
    return (
        f"| {case.name} | {case.n} x {case.n} | {case.batch} | {case.device} | {micro:,.1f} | {by_loop / micro:.1f} "
        f"| {after - before:,.0f} | {error:.0e} |"
    )


def first(problem: TransportProblem, count: int) -> TransportProblem:
    """The first problems of a batch."""
    return TransportProblem(problem.cost[:count], problem.source[:count], problem.target[:count])


def dense_programme(
    cost: Float[Tensor, " pairs"],
    inequalities: Float[Tensor, "rows pairs"],
    bounds: Float[Tensor, " rows"],
    mass: Tensor,
) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Interior-point layer for: minimise cost x + 1e-6/2 x x, inequalities x <= bounds, sum(x) = mass; dense algebra.

    As a general layer for quadratic programmes solves it (Amos, Kolter: OptNet, 2017): x, slacks s and multipliers z by
    Newton's method with one factorisation in all variables for each step.

    Returns:
        The plan, and the function from its gradient to that by `cost` (by the matrix of the last step).
    """
    pairs = len(cost)
    x, nu = cost.new_full((pairs,), mass.item() / pairs), cost.new_zeros(1)
    s, z = torch.ones_like(bounds), torch.ones_like(bounds)
    ones = cost.new_ones(1, pairs)
    quadratic = 1e-6 * torch.eye(pairs).to(cost)
    for _ in range(20):
        matrix = torch.cat([quadratic + inequalities.T @ ((z / s)[:, None] * inequalities), ones])
        matrix = torch.cat([matrix, torch.cat([ones.T, cost.new_zeros(1, 1)])], dim=1)
        factor, pivots = torch.linalg.lu_factor(matrix)
        slack, balance = inequalities @ x + s - bounds, x.sum() - mass
        stationary = 1e-6 * x + cost + inequalities.T @ z + nu
        target = 0.1 * (s @ z) / len(s)
        right = torch.cat([-stationary - inequalities.T @ ((target - s * z + z * slack) / s), -balance[None]])
        step = torch.linalg.lu_solve(factor, pivots, right[:, None])[:, 0]
        dx, dnu = step[:-1], step[-1:]
        ds = -slack - inequalities @ dx
        dz = (target - s * z - z * ds) / s
        size = 0.99 / max(1.0, (-ds / s).max().item(), (-dz / z).max().item())
        x, nu, s, z = x + size * dx, nu + size * dnu, s + size * ds, z + size * dz

    def backward(gradient: Tensor) -> Tensor:
        right = torch.cat([-gradient, gradient.new_zeros(1)])
        return torch.linalg.lu_solve(factor, pivots, right[:, None])[:-1, 0]

    return x, backward


def dense_seconds(problem: TransportProblem) -> tuple[float, float]:
    """Forward and backward time of the dense programme for one problem, as the published code poses it."""
    n = problem.cost.shape[1]
    exact = double_precision(problem)
    rows, columns = torch.eye(n).repeat_interleave(n, dim=1), torch.eye(n).repeat(1, n)
    inequalities = torch.cat([-torch.eye(n * n), rows, columns]).double()
    bounds = torch.cat([torch.zeros(n * n), n * exact.source[0], n * exact.target[0]])
    cost = exact.cost[0].flatten()
    plan, backward = dense_programme(cost, inequalities, bounds, torch.tensor(float(n)))
    miss = (plan @ cost / n - SOLVERS["exact"]()(problem).cost[0].double()).abs().item()
    if not miss < 1e-3:
        raise SystemExit(f"The dense programme misses the optimum by {miss:.1e}.")
    forward = best_seconds("cpu", 2, lambda: dense_programme(cost, inequalities, bounds, torch.tensor(float(n))))
    return forward[0], best_seconds("cpu", 2, lambda: backward(plan))[0]


def pass_seconds(name: str, problem: TransportProblem) -> tuple[float, float]:
    """Forward and backward time of a batch, gradients by the cost and both masses."""
    parts = [part.clone().requires_grad_() for part in (problem.cost, problem.source, problem.target)]
    solve = SOLVERS[name]()
    total = solve(TransportProblem(*parts)).cost.sum()
    device = problem.cost.device.type
    forward = best_seconds(device, REPEATS, lambda: solve(TransportProblem(*parts)))
    backward = best_seconds(device, REPEATS, lambda: torch.autograd.grad(total, parts, retain_graph=True))
    return forward[0], backward[0]


def pass_rows(case: Case) -> Iterator[str]:
    """The second table: forward and backward pass of each solver with gradients, and of the dense programme."""
    problem = problems(case)
    forward, backward = dense_seconds(problem)
    dense = forward + backward
    yield f"| {DENSE} | 1 | {forward * 1e6:,.0f} | {backward * 1e6:,.0f} | 1 |"
    for name in ("exact", "interior_point", "sinkhorn"):
        forward, backward = (seconds / case.batch for seconds in pass_seconds(name, problem))
        ratio = dense / (forward + backward)
        yield f"| {name} | {case.batch} | {forward * 1e6:,.1f} | {backward * 1e6:,.1f} | {ratio:,.0f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args().device
    names = (*SOLVERS, *OTHERS)
    cases = [Case(name, n, 375 if n == 25 or name == "exact" else 25, "cpu") for n in (25, 100) for name in names]
    if device == "cuda":
        cases = [
            Case(name, n, batch, "cuda")
            for n in (25, 100) for batch in (375, 10_000) for name in ("interior_point", "sinkhorn")
        ]  # fmt: skip
    print("| solver | nodes | problems | device | us / problem | times cv2.EMD | MB more | relative error |")
    print("|---|---|---|---|---|---|---|---|")
    for case in cases:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            print(pool.submit(solution_row, case).result(), flush=True)
    if device == "cpu":
        print("\n| solver, 25 x 25 | problems | forward us | backward us | times as fast |\n|---|---|---|---|---|")
        for row in pass_rows(Case("", 25, 375, device)):
            print(row, flush=True)


if __name__ == "__main__":
    main()
