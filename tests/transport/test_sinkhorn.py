"""Sinkhorn's iteration against the textbook's, and against the optimum as the blur goes away."""

import pytest
import torch

from fsl_core.transport import Exact, Sinkhorn, TransportProblem
from tests.contracts.test_solvers import random_problem
from tests.parity import SOURCES
from tests.transport.test_exact import load


def test_plan_is_that_of_alternating_scaling() -> None:
    problem = random_problem(3, 6, 5)
    kernel = (-problem.cost / 0.1).exp()
    right = torch.ones_like(problem.target)
    for _ in range(3000):
        left = problem.source / torch.einsum("bnm,bm->bn", kernel, right)
        right = problem.target / torch.einsum("bnm,bn->bm", kernel, left)
    expected = left[:, :, None] * kernel * right[:, None]
    assert torch.allclose(Sinkhorn(epsilon=0.1, tolerance=1e-12)(problem).plan, expected, atol=1e-11)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", ["9x9", "25x25", "25x13"])
def test_cost_comes_down_to_the_recorded_optimum(group: str, source: str) -> None:
    problem, data = load(group, source)
    problem = TransportProblem(problem.cost[:40], problem.source[:40], problem.target[:40])
    optimum = torch.from_numpy(data["total"][:40])
    total = problem.source.sum(1)
    above = [(Sinkhorn(epsilon=epsilon)(problem).cost - optimum) / total for epsilon in (0.2, 0.05, 0.02)]
    assert (above[0] > above[1]).all() and (above[1] > above[2]).all() and (above[2] > -1e-5).all()
    assert above[2].max() < 0.01


def test_a_wide_blur_spreads_mass_by_the_marginals_alone() -> None:
    problem = random_problem(2, 4, 7)
    spread = problem.source[:, :, None] * problem.target[:, None]
    assert torch.allclose(Sinkhorn(epsilon=100.0)(problem).plan, spread, atol=1e-3)


def test_a_plan_that_nearly_falls_apart_converges() -> None:
    """Equal weights and few, whole-number costs: the plain iteration needs many thousand rounds."""
    cost = (random_problem(8, 6, 6).cost * 3).round()
    equal = torch.full((8, 6), 1 / 6, dtype=torch.float64)
    problem = TransportProblem(cost, equal, equal)
    answer = Sinkhorn(max_iterations=200)(problem)
    assert (answer.status == 0).all()
    assert torch.allclose(answer.cost, Exact()(problem).cost, atol=1e-5)


def test_a_limit_before_the_last_blur_is_no_solution() -> None:
    problem = random_problem(3, 25, 25)
    answer = Sinkhorn(epsilon=0.5, max_iterations=10)(problem)
    missing = (answer.plan.sum(dim=1) - problem.target).abs().sum(dim=1)
    assert (answer.status[missing > 1e-6] == 1).all() and (missing > 1e-6).any()
