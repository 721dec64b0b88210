"""Every row of `SOLVERS` keeps the transport contract."""

import numpy as np
import pytest
import torch
from scipy.optimize import linprog

from fsl_core.errors import TransportError
from fsl_core.transport import SOLVERS, TransportPlan, TransportProblem

PRECISION = {"exact": 1e-9, "opencv": 2e-6, "interior_point": 1e-9, "sinkhorn": 2e-6}  # of the plan's marginals
GAP = PRECISION | {"interior_point": 3e-6, "sinkhorn": 0.15}  # of cost and potentials: what the regularisation leaves
COST_ERROR = PRECISION | {"interior_point": 5e-9, "sinkhorn": 0.01}
CONSTANT_PLAN = ("exact", "opencv")
SMOOTH_PLAN = ("interior_point", "sinkhorn")


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


def assert_solved(problem: TransportProblem, answer: TransportPlan, precision: float, gap: float | None = None) -> None:
    """Feasible, and its cost equals that of feasible potentials: by duality, optimal up to the gap."""
    gap = precision if gap is None else gap
    total = problem.source.sum(1).max().item()
    assert (answer.status == 0).all()
    assert (answer.plan >= 0).all()
    assert (answer.plan.sum(2) - problem.source).abs().max() <= precision * total
    assert (answer.plan.sum(1) - problem.target).abs().max() <= precision * total
    u, v = answer.source_potential, answer.target_potential
    assert (u[:, :, None] + v[:, None] - problem.cost).max() <= gap
    halves = (u * problem.source).sum(1), (v * problem.target).sum(1)
    assert (halves[0] - answer.cost / 2).abs().max() <= gap * total
    assert (halves[1] - answer.cost / 2).abs().max() <= gap * total
    assert ((answer.plan * problem.cost).sum((1, 2)) - answer.cost).abs().max() <= precision * total


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", degenerate_problems())
def test_degenerate_problems_are_solved(solver: str, name: str) -> None:
    problem = degenerate_problems()[name]
    assert_solved(problem, SOLVERS[solver]()(problem), PRECISION[solver], GAP[solver])


@pytest.mark.parametrize("solver", SOLVERS)
def test_cost_is_that_of_a_general_linear_program(solver: str) -> None:
    problem = random_problem(4, 7, 5, seed=1)
    n, m = problem.cost.shape[1:]
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    mine = SOLVERS[solver]()(problem).cost
    for k in range(4):
        masses = torch.cat([problem.source[k], problem.target[k]]).numpy()
        programme = linprog(problem.cost[k].flatten().numpy(), A_eq=np.vstack([rows, columns]), b_eq=masses)
        assert abs(mine[k].item() - programme.fun) <= COST_ERROR[solver]


@pytest.mark.parametrize("solver", SOLVERS)
def test_single_precision_stays_single_precision(solver: str) -> None:
    problem = random_problem(5, 25, 25)
    single = TransportProblem(problem.cost.float(), problem.source.float(), problem.target.float())
    answer = SOLVERS[solver]()(single)
    assert answer.plan.dtype == answer.cost.dtype == answer.source_potential.dtype == torch.float32
    assert_solved(single, answer, 2e-6, max(2e-6, GAP[solver]))


@pytest.mark.parametrize("solver", SOLVERS)
def test_an_empty_batch_has_an_empty_answer(solver: str) -> None:
    answer = SOLVERS[solver]()(TransportProblem(torch.zeros(0, 3, 4), torch.zeros(0, 3), torch.zeros(0, 4)))
    assert answer.plan.shape == (0, 3, 4) and answer.cost.shape == (0,)


@pytest.mark.parametrize("solver", CONSTANT_PLAN)
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


def inputs(problem: TransportProblem) -> list[torch.Tensor]:
    return [part.clone().requires_grad_() for part in (problem.cost, problem.source, problem.target)]


def normalised(cost: torch.Tensor, source: torch.Tensor, target: torch.Tensor) -> TransportProblem:
    return TransportProblem(cost, source / source.sum(1, True), target / target.sum(1, True))


@pytest.mark.parametrize("solver", ["exact", *SMOOTH_PLAN])
def test_the_gradient_of_the_cost_agrees_with_finite_differences(solver: str) -> None:
    parts = inputs(random_problem(2, 5, 4))
    fine = {"exact": {}, "interior_point": {"tolerance": 1e-12}, "sinkhorn": {"tolerance": 1e-12}}[solver]
    solve = SOLVERS[solver](**fine)
    assert torch.autograd.gradcheck(lambda *parts: solve(normalised(*parts)).cost, parts, eps=1e-6, atol=2e-6)
    solve(normalised(*parts)).cost.sum().backward()
    assert min(part.grad.abs().max() for part in parts) > 0.01


def test_opencv_holds_masses_constant() -> None:
    cost, source, target = inputs(random_problem(2, 5, 4))
    assert not SOLVERS["opencv"]()(normalised(cost.detach(), source, target)).cost.requires_grad


@pytest.mark.parametrize("solver", SMOOTH_PLAN)
@pytest.mark.parametrize("zeros", [False, True])
def test_the_gradient_of_the_plan_agrees_with_finite_differences(solver: str, zeros: bool) -> None:
    """Where the blur is wide enough for the plan to move; also with nodes that have no mass."""
    problem = random_problem(2, 4, 3)
    if zeros:
        problem.source[:, 1], problem.target[:, 0] = 0, 0
    blur = {"interior_point": {"regularisation": 0.3, "tolerance": 1e-12}, "sinkhorn": {"epsilon": 0.1}}[solver]
    solve = SOLVERS[solver](**({"tolerance": 1e-12} | blur))
    parts = inputs(normalised(problem.cost, problem.source, problem.target))
    occupied = [torch.ones_like(parts[0]), (parts[1] > 0).double(), (parts[2] > 0).double()]

    def plan(*parts: torch.Tensor) -> torch.Tensor:
        answer = solve(normalised(*(part * mask for part, mask in zip(parts, occupied, strict=True))))
        assert not answer.source_potential.requires_grad
        return answer.plan

    assert torch.autograd.gradcheck(plan, parts, eps=1e-5, atol=1e-5)
    (plan(*parts) ** 2).sum().backward()
    assert min(part.grad.abs().max() for part in parts) > 0.001


@pytest.mark.parametrize("solver", SMOOTH_PLAN)
def test_the_gradient_agrees_with_the_exact_solver(solver: str) -> None:
    """Away from ties the derivative of the cost by the cost matrix is the optimal plan, and by the masses the duals."""
    options = {"interior_point": {}, "sinkhorn": {"epsilon": 0.005}}[solver]
    problem = random_problem(4, 5, 4, seed=7)
    mine, exact = inputs(problem), inputs(problem)
    answer = SOLVERS[solver](**options)(normalised(*mine))
    assert (answer.status == 0).all()
    answer.cost.sum().backward()
    SOLVERS["exact"]()(normalised(*exact)).cost.sum().backward()
    for part, expected in zip(mine, exact, strict=True):
        assert (part.grad - expected.grad).abs().max() < 0.01 * expected.grad.abs().max()


@pytest.mark.parametrize("solver", ["exact", *SMOOTH_PLAN])
def test_too_few_iterations_are_reported_by_the_status(solver: str) -> None:
    problem = random_problem(3, 30, 30)
    assert SOLVERS[solver](max_iterations=1)(problem).status.tolist() == [1, 1, 1]
    assert SOLVERS[solver]()(problem).status.tolist() == [0, 0, 0]


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
    assert_solved(problem, SOLVERS[solver]()(problem), 1e-5, max(1e-5, GAP[solver]))


@pytest.mark.parametrize("solver", SOLVERS.values())
def test_solvers_describe_themselves(solver: type) -> None:
    assert solver.title and solver.reference and solver.gradient
