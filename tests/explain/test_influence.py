"""The influence of support images against closed forms, by hand and against smaller episodes."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from fsl_core.classifiers import CLASSIFIERS, ProtoNet
from fsl_core.classifiers.base import Classifier, Prediction
from fsl_core.errors import EpisodeError
from fsl_core.explain import support_influence
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered


def names(features: EpisodeFeatures) -> tuple[list[str], list[str]]:
    return [f"s{row}" for row in range(len(features.support))], [f"q{row}" for row in range(len(features.query))]


def on_a_line(support: list[float], labels: list[int], query: list[float]) -> EpisodeFeatures:
    """Features of one channel and one cell."""

    def as_maps(values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float32)[:, None, None, None]

    classes = tuple("abc"[: max(labels) + 1])
    return EpisodeFeatures(as_maps(support), torch.tensor(labels), as_maps(query), classes)


def test_prototypes_in_closed_form() -> None:
    """Without x of k images the mean m becomes (k m - x) / (k - 1); other classes stay as they are."""
    features = clustered((4, 3, 2), 5)
    record = support_influence(ProtoNet(temperature=0.7), features, names(features))
    support, query = (maps.double().mean(dim=(2, 3)).numpy() for maps in (features.support, features.query))
    labels = features.support_labels.numpy()
    means = np.stack([support[labels == label].mean(axis=0) for label in range(3)])
    for image, label in enumerate(labels):
        changed, k = means.copy(), (labels == label).sum()
        changed[label] = (k * means[label] - support[image]) / (k - 1)
        expected = -0.7 * ((query[:, None] - changed) ** 2).sum(axis=2)
        np.testing.assert_allclose(record.without[image], expected, atol=1e-5)
        others = [other for other in range(3) if other != label]
        assert not record.effect[image][:, others].any() and record.effect[image][:, label].all()
    np.testing.assert_array_equal(record.support_labels, labels)
    assert not record.removes_class.any()


def test_a_tiny_example_by_hand() -> None:
    """Class a at 0 and 4 (mean 2), class b at 7; the query at 4 is 2 from a and 3 from b.

    Without 4 it is 4 from a: the answer flips. Without 0 it is 0 from a. Without 7 there is no b.
    """
    features = on_a_line([0, 4, 7], [0, 0, 1], [4])
    record = support_influence(ProtoNet(), features, names(features))
    np.testing.assert_allclose(record.logits, [[-4, -9]])
    np.testing.assert_allclose(record.without[:, 0], [[0, -9], [-16, -9], [-4, np.nan]])
    np.testing.assert_array_equal(record.answers_without[:, 0], [0, 1, 0])
    np.testing.assert_array_equal(record.flips[:, 0], [False, True, False])
    np.testing.assert_array_equal(record.removes_class, [False, False, True])
    np.testing.assert_allclose(record.on_answer("margin")[:, 0], [5 - 9, 5 + 7, -np.inf])
    before, certain = 1 / (1 + np.exp(-5)), 1 / (1 + np.exp(-9))
    expected = [before - certain, before - 1 / (1 + np.exp(7)), before - 1]
    np.testing.assert_allclose(record.on_answer("probability")[:, 0], expected, atol=1e-6)
    np.testing.assert_array_equal(record.ranked(0, "margin"), [2, 1, 0])
    np.testing.assert_array_equal(record.ranked(0, "probability"), [1, 2, 0])


def test_a_class_goes_with_its_only_image() -> None:
    """The answer's class is gone: all of its probability goes, and the answer is the next one."""
    features = on_a_line([0, 10, 30], [0, 1, 2], [1])
    record = support_influence(ProtoNet(temperature=0.01), features, names(features))
    assert record.removes_class.all()
    np.testing.assert_array_equal(np.isnan(record.without[:, 0]), np.eye(3, dtype=bool))
    np.testing.assert_array_equal(record.answers_without[:, 0], [1, 0, 0])
    assert record.on_answer("margin")[0, 0] == np.inf and np.isfinite(record.on_answer("margin")[1:]).all()
    powers = np.exp(record.logits[0] - record.logits[0].max())
    assert record.on_answer("probability")[0, 0] == pytest.approx(powers[0] / powers.sum())
    assert (record.on_answer("probability")[1:] < 0).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_answers_as_to_the_smaller_episode(name: str) -> None:
    features, classifier = clustered((2, 1, 2), 3), CLASSIFIERS[name]()
    record = support_influence(classifier, features, names(features))
    image = int((features.support_labels == 1).nonzero())
    kept = torch.arange(5) != image
    less = EpisodeFeatures(
        features.support[kept], features.support_labels[kept].clamp(max=1), features.query, ("class 0", "class 2")
    )
    np.testing.assert_allclose(record.without[image][:, [0, 2]], classifier(less).logits.numpy(), atol=1e-5)
    assert np.isnan(record.without[image][:, 1]).all()
    np.testing.assert_allclose(record.logits, classifier(features).logits.numpy(), atol=1e-5)


def test_copies_of_an_image_are_left_out_together() -> None:
    features = on_a_line([0, 2, 4, 6, 20, 22], [0, 0, 0, 0, 1, 1], [5])
    record = support_influence(ProtoNet(), features, (["x", "y", "z"], ["q"]), copies=2)
    np.testing.assert_allclose(record.without[:, 0], [[0, -256], [-16, -256], [-4, np.nan]])
    np.testing.assert_array_equal(record.support_labels, [0, 0, 1])
    np.testing.assert_array_equal(record.removes_class, [False, False, True])


def test_each_image_costs_one_call_and_progress_is_told() -> None:
    calls = []

    @dataclasses.dataclass(frozen=True)
    class Counting(Classifier):
        transductive = False

        def __call__(self, features: EpisodeFeatures) -> Prediction:
            calls.append(len(features.support))
            return ProtoNet()(features)

    features, told = clustered((2, 3), 2), []
    support_influence(Counting(), features, names(features), advance=lambda *done: told.append(done))
    assert calls == [5, 4, 4, 4, 4, 4]
    assert told == [(done, 6) for done in range(1, 7)]


def test_what_has_no_influence() -> None:
    features = on_a_line([1, 2], [0, 0], [1])
    with pytest.raises(EpisodeError, match="add another class"):
        support_influence(ProtoNet(), features, names(features))
    features = clustered((2, 3), 2)
    with pytest.raises(EpisodeError, match="4 and 2 names"):
        support_influence(ProtoNet(), features, (["a"] * 4, ["q"] * 2))
