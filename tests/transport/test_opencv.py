"""OpenCV's solver against its recorded totals, and the potentials derived from its plans."""

import numpy as np
import pytest
import torch

from fsl_core.transport import OpenCV, TransportProblem
from fsl_core.transport.potentials import from_plan
from tests.parity import SOURCES
from tests.transport.test_exact import DEGENERATE, GENERIC, load


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("group", GENERIC + DEGENERATE)
def test_cost_equals_the_recorded_one(group: str, source: str) -> None:
    problem, data = load(group, source)
    answer = OpenCV()(problem)
    limit = 5e-5 if group == "38x38" else 1e-5
    np.testing.assert_allclose(answer.cost, data["cv2_total"], rtol=0, atol=limit)
    dual = (answer.source_potential * problem.source).sum(1) + (answer.target_potential * problem.target).sum(1)
    np.testing.assert_allclose(dual, data["total"], rtol=0, atol=limit)
    slack = problem.cost - answer.source_potential[:, :, None] - answer.target_potential[:, None]
    assert slack.min() > -1e-12


def test_potentials_of_a_plan_that_is_not_optimal_miss_its_cost() -> None:
    cost = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]], dtype=torch.float64)
    half = torch.full((1, 2), 0.5, dtype=torch.float64)
    problem = TransportProblem(cost, half, half)
    crossed = torch.tensor([[[0.0, 0.5], [0.5, 0.0]]], dtype=torch.float64)
    u, v = from_plan(problem, crossed)
    assert (u[:, :, None] + v[:, None] <= cost).all()
    assert (half * (u + v)).sum() <= 0


def test_a_plan_that_opencv_left_before_the_optimum_is_no_solution() -> None:
    """OpenCV gives up without a word on large problems; a small one of the same kind is solved."""
    for n, status in ((25, 0), (300, 1)):
        generator = torch.Generator().manual_seed(1)
        masses = torch.rand(2, 1, n, generator=generator) + 0.05
        source, target = masses / masses.sum(dim=2, keepdim=True)
        answer = OpenCV()(TransportProblem(torch.rand(1, n, n, generator=generator), source, target))
        assert answer.status.tolist() == [status]
