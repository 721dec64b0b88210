"""A flow record adds up to the classifier's own logit; the reconstruction shows the right patches."""

import dataclasses

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DeepEMD
from fsl_core.explain import match_class, match_support, reconstruct
from fsl_core.explain.matching import Images
from fsl_core.records import Flow
from tests.contracts.test_classifiers import clustered

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 84, 84, 3), dtype=np.uint8)
IMAGES: Images = (PIXELS[0], PIXELS[1])


@pytest.mark.parametrize("solver", ["exact", "opencv"])
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_contributions_add_up_to_the_classifiers_logit(metric: str, solver: str) -> None:
    classifier, features = DeepEMD(solver=solver, metric=metric, temperature=9.0), clustered((1, 3, 2), 4, side=4)
    logits = classifier(features).logits
    for query in range(4):
        for label in range(3):
            flow = match_class(classifier, features, query, label, IMAGES)
            assert flow.logit == pytest.approx(logits[query, label].item(), abs=2e-5)
            assert abs(flow.residual) < 2e-5
            assert flow.query_grid == flow.support_grid == (4, 4) and flow.plan.shape == (16, 16)
            np.testing.assert_allclose(flow.plan.sum(axis=1), flow.query_weight, atol=1e-6)
            np.testing.assert_allclose(flow.plan.sum(axis=0), flow.support_weight, atol=1e-6)


def test_a_single_support_image_is_matched_as_if_it_were_the_class() -> None:
    features, classifier = clustered((1, 3), 2), DeepEMD()
    only = int((features.support_labels == 0).nonzero())
    of_class, of_image = (
        match_class(classifier, features, 1, 0, IMAGES),
        match_support(classifier, features, 1, only, IMAGES),
    )
    assert of_class.logit == of_image.logit
    for row in range(4):
        alone = dataclasses.replace(features, support=features.support[[row, row]], support_labels=torch.arange(2))
        expected = classifier(alone).logits[1, 0].item()
        assert match_support(classifier, features, 1, row, IMAGES).logit == pytest.approx(expected, abs=2e-5)


def test_the_residual_shows_a_logit_that_the_plan_does_not_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    features, classifier = clustered((1, 1), 1), DeepEMD()
    honest = DeepEMD.match

    def shifted(self: DeepEMD, query: torch.Tensor, target: torch.Tensor) -> object:
        answer = honest(self, query, target)
        return type(answer)(
            answer.similarity, answer.query_weight, answer.target_weight, answer.plan, answer.logits + 1
        )

    monkeypatch.setattr(DeepEMD, "match", shifted)
    assert match_class(classifier, features, 0, 0, IMAGES).residual == pytest.approx(1, abs=1e-4)


def hand_made(
    plan: np.ndarray, query_grid: tuple[int, int], support_grid: tuple[int, int], images: Images = IMAGES
) -> Flow:
    return Flow(
        query_image=images[0],
        support_image=images[1],
        query_grid=query_grid,
        support_grid=support_grid,
        similarity=np.zeros_like(plan),
        query_weight=plan.sum(axis=1),
        support_weight=plan.sum(axis=0),
        plan=plan,
        temperature=12.5,
        logit=0.0,
    )


def test_the_reconstruction_of_the_identity_is_the_support_image() -> None:
    flow = hand_made(np.eye(16) / 16, (4, 4), (4, 4), (PIXELS[0], PIXELS[1]))
    np.testing.assert_array_equal(reconstruct(flow), PIXELS[1])


def test_each_cell_shows_its_best_patch_as_bright_as_it_is_heavy() -> None:
    """A 1 x 2 query over a 2 x 1 support image of another size; the lighter cell is at half brightness."""
    support = np.zeros((20, 10, 3), dtype=np.uint8)
    support[:10], support[10:] = 200, 100
    plan = np.array([[0.2, 0.4], [0.25, 0.05]])
    picture = reconstruct(hand_made(plan, (1, 2), (2, 1), (np.zeros((8, 8, 3), dtype=np.uint8), support)))
    assert picture.shape == (8, 8, 3)
    assert (picture[:, :4] == 100).all() and (picture[:, 4:] == 100).all()
    darker = reconstruct(hand_made(plan * [[1], [0.5]], (1, 2), (2, 1), (np.zeros((8, 8, 3), dtype=np.uint8), support)))
    assert (darker[:, :4] == 100).all() and (darker[:, 4:] == 50).all()


def test_cells_that_are_no_whole_number_of_pixels_are_filled_completely() -> None:
    moved = np.roll(np.eye(25), 1, axis=1) / 25
    white = np.full((84, 84, 3), 255, dtype=np.uint8)
    assert (reconstruct(hand_made(moved, (5, 5), (5, 5), (white, white))) == 255).all()
