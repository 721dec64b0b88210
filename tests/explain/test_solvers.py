"""The problem behind a flow, solved again by each solver."""

import numpy as np
import pytest

from fsl_core.classifiers import DeepEMD
from fsl_core.explain import Pairing, match_class, solve_again, what_if
from fsl_core.records import Emphasis
from fsl_core.transport import SOLVERS
from tests.contracts.test_classifiers import clustered
from tests.explain.test_matching import IMAGES

FEATURES = clustered((1, 2), 1, side=3)


@pytest.mark.parametrize("solver", SOLVERS)
def test_each_solver_gives_the_logit_that_the_classifier_gives_with_it(solver: str) -> None:
    run = solve_again(match_class(DeepEMD(), FEATURES, 0, 1, IMAGES), solver)
    expected = match_class(DeepEMD(solver=solver), FEATURES, 0, 1, IMAGES)
    assert run.status == 0 and 0 < run.seconds < 10
    assert run.flow.logit == pytest.approx(expected.logit, abs=1e-4)
    assert run.value == pytest.approx((run.flow.plan * (1 - run.flow.similarity)).sum(), abs=1e-5)
    np.testing.assert_allclose(run.flow.plan, expected.plan, atol=1e-5)


@pytest.mark.parametrize("solver", SOLVERS)
def test_regions_without_mass_are_no_obstacle(solver: str) -> None:
    without = what_if(DeepEMD(), FEATURES, Pairing(0, 1), IMAGES, Emphasis({0: 0.0, 4: 0.0}, {2: 0.0})).after
    run = solve_again(without, solver)
    assert run.status == 0
    np.testing.assert_allclose(run.flow.plan[[0, 4]], 0, atol=1e-7)
    np.testing.assert_allclose(run.flow.plan.sum(axis=0), without.support_weight, atol=1e-4)


def test_a_blurred_plan_costs_more_than_the_best_one() -> None:
    flow = match_class(DeepEMD(), FEATURES, 0, 1, IMAGES)
    exact, blurred = solve_again(flow, "exact"), solve_again(flow, "sinkhorn")
    assert exact.value < blurred.value
