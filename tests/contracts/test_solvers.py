"""Every row of `SOLVERS` keeps the transport contract."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from fsl_core.errors import TransportError
from fsl_core.transport import SOLVERS, TransportPlan, TransportProblem

PRECISION = {"exact": 1e-9, "opencv": 2e-6}
DIFFERENTIABLE_BY_MASS = {"exact"}


def random_problem(batch: int, n: int, m: int, seed: int = 0) -> TransportProblem:
    generator = torch.Generator().manual_seed(seed)
    cost = torch.rand(batch, n, m, generator=generator, dtype=torch.float64)
    source = torch.rand(batch, n, generator=generator, dtype=torch.float64) + 0.05
    target = torch.rand(batch, m, generator=generator, dtype=torch.float64) + 0.05
    return TransportProblem(cost, source / source.sum(1, keepdim=True), target / target.sum(1, keepdim=True))


def degenerate_problems() -> dict[str, TransportProblem]:
    plain = random_problem(3, 6, 6)
    empty = plain.source.clone()
    empty[:, [0, 3]] = 0
    equal = torch.full((3, 6), 1 / 6, dtype=torch.float64)
    some_empty = plain.target.clone()
    some_empty[:, 5] = 0
    single = torch.zeros(3, 6, dtype=torch.float64)
    single[:, 2] = 1
    integer = (plain.cost * 3).round()
    return {
        "zero weights": TransportProblem(
            plain.cost, empty / empty.sum(1, keepdim=True), some_empty / some_empty.sum(1, keepdim=True)
        ),
        "one source has all": TransportProblem(plain.cost, single, plain.target),
        "equal costs": TransportProblem(torch.full_like(plain.cost, 0.7), plain.source, plain.target),
        "equal weights": TransportProblem(plain.cost, equal, equal),
        "ties": TransportProblem(integer, equal, equal),
        "free": TransportProblem(torch.zeros_like(plain.cost), plain.source, plain.target),
        "negative costs": TransportProblem(plain.cost - 0.5, plain.source, plain.target),
        "single nodes": random_problem(3, 1, 1),
        "one to many": random_problem(3, 1, 5),
        "many to one": random_problem(3, 5, 1),
        "wide": random_problem(3, 4, 9),
        "tall": random_problem(3, 9, 4),
        "totals of 25": TransportProblem(plain.cost, 25 * plain.source, 25 * plain.target),
    }


def assert_solved(problem: TransportProblem, answer: TransportPlan, precision: float) -> None:
    """Feasible, and its cost equals that of feasible potentials: by duality, optimal."""
    total = problem.source.sum(1).max().item()
    assert (answer.status == 0).all()
    assert (answer.plan >= 0).all()
    assert (answer.plan.sum(2) - problem.source).abs().max() <= precision * total
    assert (answer.plan.sum(1) - problem.target).abs().max() <= precision * total
    u, v = answer.source_potential, answer.target_potential
    assert (u[:, :, None] + v[:, None] - problem.cost).max() <= precision
    halves = (u * problem.source).sum(1), (v * problem.target).sum(1)
    assert (halves[0] - answer.cost / 2).abs().max() <= precision * total
    assert (halves[1] - answer.cost / 2).abs().max() <= precision * total
    assert ((answer.plan * problem.cost).sum((1, 2)) - answer.cost).abs().max() <= precision * total


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", degenerate_problems())
def test_degenerate_problems_are_solved(solver: str, name: str) -> None:
    problem = degenerate_problems()[name]
    assert_solved(problem, SOLVERS[solver]()(problem), PRECISION[solver])


@pytest.mark.parametrize("solver", SOLVERS)
def test_cost_is_that_of_a_general_linear_program(solver: str) -> None:
    problem = random_problem(4, 7, 5, seed=1)
    n, m = problem.cost.shape[1:]
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    mine = SOLVERS[solver]()(problem).cost
    for k in range(4):
        masses = torch.cat([problem.source[k], problem.target[k]]).numpy()
        programme = linprog(problem.cost[k].flatten().numpy(), A_eq=np.vstack([rows, columns]), b_eq=masses)
        assert abs(mine[k].item() - programme.fun) <= max(PRECISION[solver], 1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_single_precision_stays_single_precision(solver: str) -> None:
    problem = random_problem(5, 25, 25)
    single = TransportProblem(problem.cost.float(), problem.source.float(), problem.target.float())
    answer = SOLVERS[solver]()(single)
    assert answer.plan.dtype == answer.cost.dtype == answer.source_potential.dtype == torch.float32
    assert_solved(single, answer, 2e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_empty_batch_has_an_empty_answer(solver: str) -> None:
    answer = SOLVERS[solver]()(TransportProblem(torch.zeros(0, 3, 4), torch.zeros(0, 3), torch.zeros(0, 4)))
    assert answer.plan.shape == (0, 3, 4) and answer.cost.shape == (0,)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_gradient_by_the_cost_is_the_plan(solver: str) -> None:
    problem = random_problem(3, 6, 8)
    cost = problem.cost.clone().requires_grad_()
    answer = SOLVERS[solver]()(TransportProblem(cost, problem.source, problem.target))
    (answer.cost * torch.tensor([1.0, 2.0, -1.0])).sum().backward()
    expected = answer.plan * torch.tensor([1.0, 2.0, -1.0])[:, None, None]
    assert torch.allclose(cost.grad, expected, atol=1e-12)
    assert not answer.plan.requires_grad and not answer.source_potential.requires_grad
    step = 1e-3 * torch.randn(cost.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    moved = [
        SOLVERS[solver]()(TransportProblem(problem.cost + sign * step, problem.source, problem.target)).cost
        for sign in (1, -1)
    ]
    assert torch.allclose((moved[0] - moved[1]) / 2, (answer.plan * step).sum((1, 2)), atol=2e-6)


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_gradient_by_the_masses_is_declared_and_right(solver: str) -> None:
    problem = random_problem(2, 5, 4)
    raw = [mass.clone().requires_grad_() for mass in (problem.source, problem.target)]

    def cost_of(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return SOLVERS[solver]()(
            TransportProblem(problem.cost, source / source.sum(1, True), target / target.sum(1, True))
        ).cost

    total = cost_of(*raw).sum()
    if solver not in DIFFERENTIABLE_BY_MASS:
        assert not total.requires_grad
        return
    assert torch.autograd.gradcheck(cost_of, raw, eps=1e-6, atol=1e-6)
    total.backward()
    assert raw[0].grad.abs().max() > 0.01


def broken(**fields: torch.Tensor) -> TransportProblem:
    """A problem with other fields, set behind the back of the shape checks that run in the tests only."""
    problem = random_problem(2, 3, 4)
    for name, tensor in fields.items():
        object.__setattr__(problem, name, tensor)
    return problem


def spoil(tensor: torch.Tensor, value: float) -> torch.Tensor:
    tensor = tensor.clone()
    tensor[1].view(-1)[0] = value
    return tensor


PLAIN = random_problem(2, 3, 4)
INVALID = {
    "NaN cost": (broken(cost=spoil(PLAIN.cost, torch.nan)), "cost .* must be finite"),
    "infinite cost": (broken(cost=spoil(PLAIN.cost, torch.inf)), "cost .* must be finite"),
    "NaN source": (broken(source=spoil(PLAIN.source, torch.nan)), "source .* must be finite"),
    "NaN target": (broken(target=spoil(PLAIN.target, torch.nan)), "target .* must be finite"),
    "negative source": (broken(source=spoil(PLAIN.source, -0.1)), "source .* not be negative, got -0.1"),
    "negative target": (broken(target=spoil(PLAIN.target, -0.1)), "target .* not be negative"),
    "totals differ": (broken(target=PLAIN.target * 1.001), "same positive total, got 1 and 1.001 in problem 0"),
    "no mass": (broken(source=PLAIN.source * 0, target=PLAIN.target * 0), "same positive total"),
    "wrong source length": (broken(source=PLAIN.target), r"\[2, 3, 4\], \[2, 4\] and \[2, 4\]"),
    "wrong batch": (broken(target=PLAIN.target[:1]), r"\[2, 3, 4\], \[2, 3\] and \[1, 4\]"),
    "no batch axis": (broken(cost=PLAIN.cost[0]), r"needs a cost \[batch, n, m\]"),
    "no nodes": (broken(cost=PLAIN.cost[:, :0], source=PLAIN.source[:, :0]), "at least 1"),
}


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_problem_is_refused(solver: str, name: str) -> None:
    problem, sentence = INVALID[name]
    with pytest.raises(TransportError, match=sentence):
        SOLVERS[solver]()(problem)


@pytest.mark.parametrize("solver", SOLVERS)
def test_totals_may_differ_by_rounding(solver: str) -> None:
    problem = TransportProblem(PLAIN.cost, PLAIN.source, PLAIN.target * (1 + 5e-6))
    assert_solved(problem, SOLVERS[solver]()(problem), 1e-5)


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_solvers_describe_themselves(solver: type) -> None:
    assert solver.title and solver.reference and solver.gradient
