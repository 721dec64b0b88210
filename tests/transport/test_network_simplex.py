"""The compiled solver: harder cases than the contract's, its threads and forks, and what importing it costs."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from fsl_core.transport import Exact, TransportProblem
from tests.contracts.test_solvers import assert_solved, random_problem

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("levels", [1, 2, 3, 10, 10_000])
@pytest.mark.parametrize("n", [2, 17, 60])
def test_equal_weights_are_an_assignment(n: int, levels: int) -> None:
    """Whole-number costs with many ties and equal weights: every basis is degenerate."""
    cost = np.random.default_rng(n + levels).integers(0, levels, (4, n, n)).astype(float)
    equal = torch.full((4, n), 1 / n, dtype=torch.float64)
    problem = TransportProblem(torch.from_numpy(cost), equal, equal)
    answer = Exact(max_iterations=50 * n)(problem)
    assert_solved(problem, answer, 1e-12 * levels)
    for k in range(4):
        rows, columns = linear_sum_assignment(cost[k])
        assert answer.cost[k].item() == pytest.approx(cost[k, rows, columns].mean(), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1, 40), (40, 1), (2, 90), (90, 2), (35, 60), (100, 100)])
def test_shapes(n: int, m: int) -> None:
    problem = random_problem(3, n, m)
    assert_solved(problem, Exact()(problem), 1e-12)


def test_mostly_empty_nodes() -> None:
    problem = random_problem(20, 30, 30)
    kept = torch.rand(20, 2, 30, generator=torch.Generator().manual_seed(1)) < 0.15
    kept[:, :, 7] = True
    masses = [mass * kept[:, side] for side, mass in enumerate((problem.source, problem.target))]
    problem = TransportProblem(problem.cost, *(mass / mass.sum(1, keepdim=True) for mass in masses))
    assert_solved(problem, Exact(max_iterations=2000)(problem), 1e-12)


@pytest.mark.parametrize("scale", [1e-150, 1e-9, 1e9, 1e150])
def test_any_unit_of_cost_and_mass(scale: float) -> None:
    problem = random_problem(3, 12, 9)
    mine = Exact()(TransportProblem(problem.cost * scale, problem.source, problem.target)).cost / scale
    heavy = Exact()(TransportProblem(problem.cost, problem.source * scale, problem.target * scale)).cost / scale
    expected = Exact()(problem).cost
    assert torch.allclose(mine, expected, rtol=1e-12) and torch.allclose(heavy, expected, rtol=1e-12)


def test_a_constant_added_to_a_row_of_costs_costs_its_mass() -> None:
    problem = random_problem(3, 12, 9)
    raised = problem.cost.clone()
    raised[:, 4] += 1000
    expected = Exact()(problem).cost + 1000 * problem.source[:, 4]
    assert torch.allclose(Exact()(TransportProblem(raised, problem.source, problem.target)).cost, expected, rtol=1e-12)


def test_stopping_early_leaves_a_feasible_plan() -> None:
    problem = random_problem(3, 40, 40)
    costs = []
    for limit in (1, 10, 1000):
        answer = Exact(max_iterations=limit)(problem)
        assert answer.status.tolist() == [int(limit < 1000)] * 3
        assert (answer.plan.sum(2) - problem.source).abs().max() < 1e-15
        costs.append(answer.cost)
    assert (costs[0] > costs[1]).all() and (costs[1] > costs[2]).all()


def test_any_number_of_threads_gives_the_same_bits() -> None:
    problem = random_problem(101, 25, 25)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = Exact()(problem)
        torch.set_num_threads(3)
        together = Exact()(problem)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(alone.plan, together.plan) and torch.equal(alone.source_potential, together.source_potential)
    assert torch.equal(alone.cost, together.cost)


def test_callers_on_several_threads_do_not_disturb_each_other() -> None:
    problems = [random_problem(60, 25, 25, seed) for seed in range(6)]
    alone = [Exact()(problem).plan for problem in problems]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            assert all(map(torch.equal, alone, pool.map(lambda problem: Exact()(problem).plan, problems)))


def run(code: str, **environment: str) -> str:
    """What a new process prints."""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


SOLVE = """
import sys, torch
from fsl_core.transport import Exact, TransportProblem
torch.set_num_threads(2)
def solve():
    equal = torch.full((80, 25), 0.04, dtype=torch.float64)
    cost = torch.rand(80, 25, 25, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return Exact()(TransportProblem(cost, equal, equal)).cost.sum().item()
"""


def test_numba_is_imported_at_the_first_problem_and_forks_can_solve() -> None:
    """As the workers of a data loader do, after the parent has used its threads."""
    code = """
from torch.utils.data import DataLoader
assert not {"numba", "ot", "sklearn", "scipy.stats"} & set(sys.modules), "too much is imported"
class Costs:
    def __len__(self): return 2
    def __getitem__(self, _): return solve()
first = solve()
assert "numba" in sys.modules
loader = DataLoader(Costs(), num_workers=2, multiprocessing_context="fork", timeout=60)
print(*(first == cost.item() for cost in loader))
"""
    assert run(SOLVE + code) == "True True\n"


@pytest.mark.slow
def test_where_nothing_can_be_written_it_is_compiled_for_the_process() -> None:
    """The compiler is told to look for a cache folder in a zip file only, and finds none."""
    assert float(run(SOLVE + "print(solve())", NUMBA_CACHE_LOCATOR_CLASSES="_ZipCacheLocator")) > 0
