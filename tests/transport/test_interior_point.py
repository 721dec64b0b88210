"""The interior-point method against the exact optima and the differentiable quadratic programmes of `emd_small`."""

import numpy as np
import pytest
import torch

from fsl_core.errors import OptionError
from fsl_core.transport import InteriorPoint, TransportProblem
from fsl_core.transport.interior_point import solve_batched
from fsl_core.transport.marginals import marginal_equations, pull_back
from tests.contracts.test_solvers import degenerate_problems, random_problem
from tests.parity import SOURCES, parity
from tests.transport.test_exact import DEGENERATE, GENERIC, load


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", GENERIC + DEGENERATE)
def test_cost_equals_the_recorded_optimum(group: str, source: str) -> None:
    problem, data = load(group, source)
    answer = InteriorPoint()(problem)
    assert (answer.status == 0).all()
    np.testing.assert_allclose(answer.cost, data["total"], rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", ["9x9", "25x25", "25x13"])
def test_plans_equal_the_recorded_ones(group: str, source: str) -> None:
    problem, data = load(group, source)
    assert np.abs(InteriorPoint()(problem).plan.numpy() - data["flow"]).max() < 1e-3


@pytest.mark.parametrize("strength", ["1e-4", "1e-6"])
@pytest.mark.parametrize("size", [9, 25])
def test_flow_and_gradients_equal_those_of_the_published_layer(size: int, strength: str) -> None:
    """Score = sum((1 - cost) * flow), and a random probe of the flow; by the weights before they are normalised."""
    arrays = parity("emd_small", "whole").items()
    stored = {name: array for name, array in arrays if name.startswith(f"qp_{size}x{size}/")}
    data = {name.split("/", 1)[1]: array for name, array in stored.items()}
    parts = [torch.from_numpy(data[name]).double().requires_grad_() for name in ("cost_matrix", "a", "b")]
    cost, a, b = parts
    problem = TransportProblem(cost, a * size / a.sum(1, keepdim=True), b * size / b.sum(1, keepdim=True))
    answer = InteriorPoint(regularisation=float(strength), tolerance=1e-12)(problem)
    expected = {name.rsplit("/", 1)[1]: array for name, array in data.items() if name.startswith(f"l2_{strength}/f64/")}
    np.testing.assert_allclose(answer.plan.detach(), expected["flow"], atol=1e-5)
    score = (answer.plan * (1 - cost)).sum(dim=(1, 2))
    np.testing.assert_allclose(score.detach(), expected["score"], atol=1e-6)
    by_score = torch.autograd.grad(score.sum(), parts, retain_graph=True)
    for gradient, name, limit in zip(by_score, ("cost", "a", "b"), (1e-4, 1e-5, 1e-5), strict=True):
        np.testing.assert_allclose(gradient, expected[f"grad_score_{name}"], atol=limit)
    probe = torch.from_numpy(data["probe"]).double()
    for gradient, name in zip(torch.autograd.grad((probe * answer.plan).sum(), parts), ("cost", "a", "b"), strict=True):
        if name != "cost":
            largest = np.abs(expected[f"grad_probe_{name}"]).max()
            np.testing.assert_allclose(gradient, expected[f"grad_probe_{name}"], atol=1e-4 * largest)


def test_a_large_batch_is_worked_on_in_parts() -> None:
    generator = torch.Generator().manual_seed(0)
    cost = torch.rand(300, 25, 25, generator=generator, dtype=torch.float64)
    equal = torch.full((300, 25), 0.04, dtype=torch.float64)
    whole = InteriorPoint()(TransportProblem(cost, equal, equal))
    part = InteriorPoint()(TransportProblem(cost[250:], equal[250:], equal[250:]))
    assert torch.allclose(whole.plan[250:], part.plan, atol=1e-8)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="regularisation must lie in"):
        InteriorPoint(regularisation=0.0)


BOTH_WAYS = degenerate_problems() | {f"{n} x {m}": random_problem(5, n, m) for n, m in ((25, 25), (7, 33), (30, 2))}


@pytest.mark.parametrize("regularisation", [1e-9, 1e-6, 0.3])
@pytest.mark.parametrize("name", BOTH_WAYS)
def test_compiled_steps_are_those_of_the_batched_ones(name: str, regularisation: float) -> None:
    """After three steps, and at the end; masses as the solver scales them."""
    problem = BOTH_WAYS[name]
    unit = problem.source.sum(1, keepdim=True) / problem.source.shape[1]
    scaled = TransportProblem(problem.cost, problem.source / unit, problem.target / unit)
    for steps, limit in ((3, 1e-9), (50, 1e-7)):
        options = InteriorPoint(regularisation=regularisation, max_iterations=steps)
        compiled, batched = options(problem), solve_batched(scaled, options)
        assert torch.equal(compiled.status, batched.status)
        assert (compiled.plan / unit[:, :, None] - batched.x).abs().max() <= limit
        used = (problem.source > 0)[:, :, None] & (problem.target > 0)[:, None]
        mine = compiled.source_potential[:, :, None] + compiled.target_potential[:, None]
        assert (mine - batched.u[:, :, None] - batched.v[:, None])[used].abs().max() <= limit


@pytest.mark.parametrize(("n", "m"), [(1, 1), (6, 6), (13, 25), (25, 13)])
def test_compiled_derivatives_are_those_of_the_batched_equations(n: int, m: int) -> None:
    generator = torch.Generator().manual_seed(n)
    weight, gradient = torch.rand(2, 40, n, m, generator=generator, dtype=torch.float64)
    weight[:, n // 2] *= n == 1  # a node without mass
    by_cost, by_source, by_target = pull_back(weight, gradient)
    pulled = weight * gradient
    u, v = marginal_equations(weight).solve(pulled.sum(dim=2), pulled.sum(dim=1))
    expected = weight * (u[:, :, None] + v[:, None]) - pulled
    assert torch.allclose(by_cost, expected, atol=1e-12)
    sums = (by_source[:, :, None] + by_target[:, None] - u[:, :, None] - v[:, None])[weight > 0]
    assert sums.abs().max() < 1e-12


def test_costs_beyond_double_precision_fail_in_both_ways() -> None:
    problem = random_problem(3, 5, 4)
    problem.cost[1, 0, :2] = torch.tensor([1.7e308, -1.7e308], dtype=torch.float64)
    answer = InteriorPoint()(problem)
    assert answer.status.tolist() == solve_batched(problem, InteriorPoint()).status.tolist() == [0, 2, 0]
    assert answer.plan.isfinite().all()


def test_any_number_of_threads_gives_the_same_bits() -> None:
    problem = random_problem(40, 25, 25)
    before = torch.get_num_threads()
    try:
        answers = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            answers.append(InteriorPoint()(problem).plan)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*answers)
