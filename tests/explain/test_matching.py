"""A flow record adds up to the classifier's own logit; the reconstruction shows the right patches."""

import dataclasses

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DeepEMD
from fsl_core.explain import View, match_class, match_support, reconstruct
from fsl_core.explain.matching import Images
from fsl_core.records import Flow, cells
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
            assert flow.query_regions.grid == flow.support_regions.grid == (4, 4) and flow.plan.shape == (16, 16)
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


def test_a_view_says_what_is_shown_and_where_the_nodes_lie_in_it() -> None:
    """Three patches of 4x1 maps, as tiles with names; the picture of the other side keeps its grid."""
    features, classifier = clustered((1, 1), 1, side=2), DeepEMD()
    patches = dataclasses.replace(
        features, support=features.support.reshape(2, -1, 4, 1), query=features.query.reshape(1, -1, 4, 1)
    )
    view = View(PIXELS[0], np.linspace(0, 1, 16).reshape(4, 4), ("a", "b", "c", "d"))
    flow = match_class(classifier, patches, 0, 1, (view, PIXELS[1]))
    assert flow.query_regions.grid is None and flow.query_regions.name(2) == "c"
    assert flow.query_image is view.image and flow.query_boxes is view.boxes
    assert flow.support_regions.grid == (4, 1)
    assert flow.logit == pytest.approx(match_class(classifier, features, 0, 1, IMAGES).logit)


def hand_made(
    plan: np.ndarray, query_grid: tuple[int, int], support_grid: tuple[int, int], images: Images = IMAGES
) -> Flow:
    return Flow(
        query_image=images[0],
        support_image=images[1],
        query_boxes=cells(*query_grid),
        support_boxes=cells(*support_grid),
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


def test_tiles_are_rebuilt_from_tiles() -> None:
    """Two query tiles with a gap; the first takes the second support tile, enlarged, the other the first, turned."""
    support = np.zeros((40, 40, 3), dtype=np.uint8)
    support[:10, :10], support[10:20, :10] = 200, 60
    support[30:, 20:] = np.arange(20)[None, :, None] * 10
    plan = np.array([[0.1, 0.4], [0.3, 0.2]])
    flow = dataclasses.replace(
        hand_made(plan, (1, 2), (1, 2), (np.full((40, 40, 3), 9, dtype=np.uint8), support)),
        query_boxes=np.array([[0, 0, 0.5, 0.5], [0.5, 0.75, 1.0, 1.0]]),
        support_boxes=np.array([[0, 0, 0.5, 0.25], [0.75, 0.5, 1.0, 1.0]]),
    )
    rebuilt = reconstruct(flow)
    np.testing.assert_array_equal(rebuilt[:20, :20], np.broadcast_to(np.arange(20)[None, :, None] * 10, (20, 20, 3)))
    assert (rebuilt[20:30, 30:] == 200).all() and (rebuilt[30:, 30:] == 60).all()
    assert not rebuilt[:20, 20:].any() and not rebuilt[20:, :30].any()
