"""The network simplex against recorded optima (`emd_small`: whole file, or the first 2 problems of each group)."""

import numpy as np
import pytest
import torch

from fsl_core.errors import OptionError
from fsl_core.transport import Exact, TransportProblem
from tests.parity import SOURCES, parity

GENERIC = ("9x9", "25x25", "25x13", "38x38")
KINDS = ("equal_weights", "zero_weights", "constant_cost", "integer_cost", "same_distribution", "single_source")
DEGENERATE = tuple(f"degenerate_{kind}_{size}" for kind in KINDS for size in (9, 25))


def load(group: str, source: str) -> tuple[TransportProblem, dict[str, np.ndarray]]:
    arrays = parity("emd_small", source).items()
    data = {name.removeprefix(f"{group}/"): array for name, array in arrays if name.startswith(f"{group}/")}
    if not data:
        pytest.skip(f"the slices leave {group} out")
    cost, a, b = (torch.from_numpy(data[name]).double() for name in ("cost_matrix", "a", "b"))
    return TransportProblem(cost, a, b), data


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", GENERIC + DEGENERATE)
def test_optimal_cost_equals_the_recorded_one(group: str, source: str) -> None:
    problem, data = load(group, source)
    answer = Exact()(problem)
    np.testing.assert_allclose(answer.cost, data["total"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(answer.cost, data["cv2_total"], rtol=0, atol=5e-5 if group == "38x38" else 1e-5)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", GENERIC)
def test_potentials_equal_the_recorded_ones_up_to_their_constant(group: str, source: str) -> None:
    problem, data = load(group, source)
    answer = Exact()(problem)
    off = answer.source_potential.numpy() - data["u"]
    shift = off[:, :1]
    np.testing.assert_allclose(off, np.broadcast_to(shift, off.shape), atol=1e-7)
    np.testing.assert_allclose(answer.target_potential.numpy() - data["v"], -shift + 0 * data["v"], atol=1e-7)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", ["9x9", "25x25", "25x13"])
def test_plans_equal_the_recorded_ones(group: str, source: str) -> None:
    problem, data = load(group, source)
    assert np.abs(Exact()(problem).plan.numpy() - data["flow"]).max() < 1e-3


@pytest.mark.parametrize("source", SOURCES)
def test_gradients_equal_those_of_the_differentiable_programme(source: str) -> None:
    """Score = sum((1 - cost) * plan) with weights scaled to a total of n: what DeepEMD trains through."""
    data = parity("emd_small", source)
    cost, a, b = (
        torch.from_numpy(data[f"qp_9x9/{name}"]).double().requires_grad_() for name in ("cost_matrix", "a", "b")
    )
    n = a.shape[1]
    answer = Exact()(TransportProblem(cost, a * n / a.sum(1, keepdim=True), b * n / b.sum(1, keepdim=True)))
    score = n - answer.cost
    np.testing.assert_allclose(score.detach(), data["qp_9x9/exact/score"], atol=1e-6)
    score.sum().backward()
    for tensor, name in ((cost, "cost"), (a, "a"), (b, "b")):
        np.testing.assert_allclose(tensor.grad, data[f"qp_9x9/exact/grad_score_{name}"], atol=1e-5)


def test_second_call_gives_the_same_bits() -> None:
    problem, _ = load("25x25", "slices")
    first, second = Exact()(problem), Exact()(problem)
    assert torch.equal(first.plan, second.plan) and torch.equal(first.source_potential, second.source_potential)


def test_too_few_iterations_are_reported_by_the_status() -> None:
    generator = torch.Generator().manual_seed(0)
    equal = torch.full((2, 100), 0.01)
    problem = TransportProblem(torch.rand(2, 100, 100, generator=generator), equal, equal)
    assert Exact(max_iterations=1)(problem).status.tolist() == [1, 1]
    assert Exact()(problem).status.tolist() == [0, 0]


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="max_iterations must lie in"):
        Exact(max_iterations=0)
