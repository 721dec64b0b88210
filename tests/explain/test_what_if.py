"""Changed weights: by hand from the classifier's parts, in the limits where the answer is known, and refused."""

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DeepEMD
from fsl_core.errors import OptionError
from fsl_core.explain import Pairing, match_class, match_support, what_if
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Emphasis, WhatIf
from tests.explain.test_matching import IMAGES


@pytest.fixture
def features() -> EpisodeFeatures:
    """Classes of 1, 3 and 2 support images, 3 x 3 regions, not far apart from each other."""
    random = torch.Generator().manual_seed(0)
    labels = torch.tensor([0, 1, 1, 1, 2, 2])
    return EpisodeFeatures(
        torch.rand(6, 16, 3, 3, generator=random), labels, torch.rand(3, 16, 3, 3, generator=random), ("a", "b", "c")
    )


def changed(features: EpisodeFeatures, query: dict[int, float], support: dict[int, float]) -> WhatIf:
    return what_if(DeepEMD(), features, Pairing(1, 2), IMAGES, Emphasis(query, support))


def test_without_changes_it_is_the_classifiers_answer(features: EpisodeFeatures) -> None:
    found = changed(features, {}, {})
    np.testing.assert_allclose(found.logits_before, DeepEMD()(features).logits[1].numpy(), atol=1e-5)
    assert found.after.logit == found.before.logit
    assert found.before.logit == pytest.approx(match_class(DeepEMD(), features, 1, 2, IMAGES).logit, abs=1e-5)
    np.testing.assert_array_equal(found.logits_after, found.logits_before)


@pytest.mark.parametrize("solver", ["exact", "opencv", "interior_point", "sinkhorn"])
def test_a_removed_region_moves_nothing_and_the_rest_is_as_if_it_had_never_been(
    features: EpisodeFeatures, solver: str
) -> None:
    """Its cost and weight are cut out of the problem, which is solved again with what is left."""
    gone = what_if(DeepEMD(solver=solver), features, Pairing(1, 2), IMAGES, Emphasis({4: 0.0}, {}))
    assert gone.after.query_weight[4] == 0
    np.testing.assert_allclose(gone.after.plan[4], 0, atol=1e-7)
    left = np.delete(gone.before.query_weight, 4)
    np.testing.assert_allclose(np.delete(gone.after.query_weight, 4), left / left.sum(), rtol=1e-5)
    ot = pytest.importorskip("ot")
    cost = 1 - np.delete(gone.before.similarity, 4, axis=0)
    target = gone.before.support_weight / gone.before.support_weight.sum()
    value = ot.emd2(left / left.sum(), target, cost)
    assert gone.after.logit == pytest.approx(12.5 * (1 - value), abs=0.15 if solver == "sinkhorn" else 1e-3)
    assert abs(gone.after.residual) < 1e-3


def test_a_query_factor_reaches_every_class_and_a_support_factor_only_its_own(features: EpisodeFeatures) -> None:
    query, support = changed(features, {0: 4.0}, {}), changed(features, {}, {0: 4.0})
    assert (np.abs(query.logits_after - query.logits_before) > 1e-4).all()
    moved = np.abs(support.logits_after - support.logits_before) > 1e-6
    assert moved.tolist() == [False, False, True]


def test_a_factor_multiplies_the_share_of_the_region(features: EpisodeFeatures) -> None:
    found = changed(features, {3: 2.5}, {7: 0.5})
    for weights, node, factor in (("query_weight", 3, 2.5), ("support_weight", 7, 0.5)):
        before, after = getattr(found.before, weights), getattr(found.after, weights)
        assert after.sum() == pytest.approx(1, abs=1e-6)
        odds = (after[node] / (1 - after[node])) / (before[node] / (1 - before[node]))
        assert odds == pytest.approx(factor, rel=1e-4)
        np.testing.assert_allclose(found.after.plan.sum(axis=0 if weights[0] == "s" else 1), after, atol=1e-6)


def test_equal_factors_change_nothing(features: EpisodeFeatures) -> None:
    found = changed(features, dict.fromkeys(range(9), 3.0), {})
    np.testing.assert_allclose(found.logits_after, found.logits_before, atol=1e-5)


def test_with_one_region_left_the_logit_is_its_mean_similarity(features: EpisodeFeatures) -> None:
    """All mass leaves from one place: the plan is the support's weights, whatever the costs."""
    found = changed(features, dict.fromkeys(range(1, 9), 0.0), {})
    expected = 12.5 * (found.before.support_weight * found.before.similarity[0]).sum()
    assert found.after.logit == pytest.approx(expected, abs=1e-3)


def test_one_support_image_stands_for_its_class_alone(features: EpisodeFeatures) -> None:
    row = int((features.support_labels == 1).nonzero()[0])
    found = what_if(DeepEMD(), features, Pairing(0, 1, row), IMAGES, Emphasis())
    whole = DeepEMD()(features).logits[0].numpy()
    assert found.logits_before[1] == pytest.approx(match_support(DeepEMD(), features, 0, row, IMAGES).logit, abs=1e-5)
    np.testing.assert_allclose(found.logits_before[[0, 2]], whole[[0, 2]], atol=1e-5)
    assert found.logits_before[1] != pytest.approx(whole[1], abs=1e-4)


@pytest.mark.parametrize("shots", ["mean", "structured", "nearest", "fused"])
def test_every_way_to_take_several_shots_answers_as_the_classifier_does(features: EpisodeFeatures, shots: str) -> None:
    """Without changes; and a change of the support reaches its own class alone."""
    classifier = DeepEMD(shots=shots, pyramid="2")
    found = what_if(classifier, features, Pairing(2, 1), IMAGES, Emphasis({}, {0: 4.0}))
    np.testing.assert_allclose(found.logits_before, classifier(features).logits[2].numpy(), atol=2e-5)
    moved = np.abs(found.logits_after - found.logits_before) > 1e-6
    assert moved.tolist() == [False, True, False]
    if shots in ("mean", "structured"):
        assert found.before.logit == pytest.approx(found.logits_before[1], abs=1e-5)
    assert len(found.after.query_weight) == len(found.after.query_regions) == 4 + 9
    assert found.after.logit == pytest.approx(found.after.contributions.sum(), abs=1e-3)


@pytest.mark.parametrize("shots", ["nearest", "fused"])
def test_the_support_images_of_a_class_are_changed_one_by_one(features: EpisodeFeatures, shots: str) -> None:
    emphasis = Emphasis({}, {8: 0.0, 2: 3.0})
    found = what_if(DeepEMD(shots=shots), features, Pairing(0, 1), IMAGES, emphasis)
    alone = [what_if(DeepEMD(), features, Pairing(0, 1, row), IMAGES, emphasis).after.logit for row in (1, 2, 3)]
    assert found.logits_after[1] == pytest.approx(max(alone) if shots == "nearest" else np.mean(alone), abs=1e-5)


@pytest.mark.parametrize(
    ("query", "support", "says"),
    [
        (dict.fromkeys(range(9), 0.0), {}, "Every region of the query is removed"),
        ({}, dict.fromkeys(range(9), 0.0), "Every region of the support picture is removed"),
        ({9: 1.0}, {}, "has 9 regions, so there is no region 9"),
        ({0: -1.0}, {}, "from 0 upwards, got -1.0"),
        ({}, {0: float("nan")}, "from 0 upwards, got nan"),
    ],
)
def test_impossible_changes_are_refused_in_one_sentence(
    features: EpisodeFeatures, query: dict[int, float], support: dict[int, float], says: str
) -> None:
    with pytest.raises(OptionError, match=says):
        changed(features, query, support)


def test_places_and_probabilities_follow_the_logits(features: EpisodeFeatures) -> None:
    one = changed(features, {}, {})
    given = WhatIf(
        ("a", "b", "c"), 0, Emphasis({0: 0.0}), one.before, one.after, np.array([1.0, 3, 2]), np.array([4.0, 0, 2])
    )
    assert [place.tolist() for place in given.places] == [[2, 0, 1], [0, 2, 1]]
    expected = torch.tensor([[1.0, 3, 2], [4, 0, 2]]).softmax(1).numpy()
    np.testing.assert_allclose(np.array(given.probabilities), expected, atol=1e-6)
