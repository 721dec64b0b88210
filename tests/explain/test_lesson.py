"""The lesson: every solver on one small problem, against a linear programme and the limits of the blur."""

import numpy as np
import pytest
from scipy.optimize import linprog

from fsl_core.explain import teach
from fsl_core.records import Piles
from fsl_core.transport import SOLVERS


@pytest.mark.parametrize("power", [1, 2])
def test_a_lesson_agrees_with_a_linear_programme(power: int) -> None:
    draw = np.random.default_rng(power)
    masses = [mass / mass.sum() for mass in (draw.random(3), draw.random(4))]
    piles = Piles(draw.random((3, 2)), draw.random((4, 2)), *masses)
    lesson = teach(piles, power, np.array([0.001, 0.1, 50.0]))
    cost = np.array([[np.hypot(*(p - h)) ** power for h in piles.hole_at] for p in piles.pile_at])
    rows = np.concatenate([np.kron(np.eye(3), np.ones(4)), np.kron(np.ones(3), np.eye(4))])
    optimum = linprog(cost.ravel(), A_eq=rows, b_eq=np.concatenate(masses)).fun
    assert set(lesson.solutions) == set(SOLVERS) - {"sinkhorn"}
    for solution in lesson.solutions.values():
        assert solution.value == pytest.approx(optimum, abs=1e-5)
        assert solution.earnings == pytest.approx(optimum, abs=1e-5)
        assert solution.slack.min() > -1e-5
        assert solution.note == "solved"
    values = [solution.value for solution in lesson.blurred]
    assert values[0] == pytest.approx(optimum, abs=1e-3)
    assert values[0] < values[1] < values[2]
    assert values[2] == pytest.approx(lesson.spread_value, rel=1e-2)
