"""The shots curve: draws, what is asked about, and accuracies against a slow re-derivation."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from fsl_core.classifiers import CLASSIFIERS, ProtoNet
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures
from fsl_core.records import ShotsCurve
from fsl_core.shots import choices, most_shots, shots_curve
from tests.contracts.test_classifiers import clustered


def hard(shots: tuple[int, ...], n_query: int = 8, seed: int = 0) -> tuple[EpisodeFeatures, np.ndarray]:
    """Classes that overlap, with the labels of their queries."""
    features = clustered(shots, n_query, seed=seed)
    generator = torch.Generator().manual_seed(seed + 1)
    noise = [1.2 * torch.rand(len(maps), 32, 1, 1, generator=generator) for maps in (features.support, features.query)]
    noisy = dataclasses.replace(features, support=features.support + noise[0], query=features.query + noise[1])
    return noisy, np.arange(n_query) % len(shots)


def nearest_mean(features: EpisodeFeatures, rows: list[int], query: torch.Tensor) -> list[int]:
    support, labels = features.support.mean((2, 3)).numpy()[rows], features.support_labels.numpy()[rows]
    means = [support[labels == k].mean(axis=0) for k in range(features.n_way)]
    return [int(np.argmin([((image - mean) ** 2).sum() for mean in means])) for image in query.mean((2, 3)).numpy()]


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("known", [True, False], ids=["labelled", "left-out"])
def test_every_classifier_has_a_curve(name: str, known: bool) -> None:
    features, labels = clustered((3, 4, 3), 6), np.arange(6) % 3
    labels = labels if known else np.full(6, -1)
    curve = shots_curve(CLASSIFIERS[name](), features, labels, np.random.default_rng(0), draws=4)
    assert curve.labelled is known and curve.shots.tolist() == [1, 2, 3][: 3 if known else 2]
    assert curve.draws.tolist() == [4, 4, 4][: len(curve.shots)]
    assert (curve.mean == 1).all(), "separated classes"
    other = CLASSIFIERS[name]()
    hard_features, hard_labels = hard((3, 3))
    hard_labels = hard_labels if known else np.full(8, -1)
    runs = [shots_curve(other, hard_features, hard_labels, np.random.default_rng(5), draws=3) for _ in range(2)]
    for first, second in zip(*(run.accuracies for run in runs), strict=True):
        np.testing.assert_array_equal(first, second)


def test_all_choices_are_taken_where_they_are_few() -> None:
    features, labels = hard((2, 3), 9)
    labels[[1, 4]] = -1
    curve = shots_curve(ProtoNet(), features, labels, np.random.default_rng(0), draws=6)
    rows = [np.flatnonzero(features.support_labels.numpy() == k).tolist() for k in (0, 1)]
    asked = np.flatnonzero(labels >= 0)
    for shots, drawn in zip((1, 2), curve.accuracies, strict=True):
        slow = [
            np.mean(np.array(nearest_mean(features, [*a, *b], features.query[asked])) == labels[asked])
            for a, b in itertools.product(*(itertools.combinations(of_class, shots) for of_class in rows))
        ]
        np.testing.assert_allclose(drawn, slow)
    assert curve.draws.tolist() == [6, 3]
    assert 0 < curve.mean.min() < 1


def test_without_labels_the_left_out_support_images_are_asked_about() -> None:
    features, _ = hard((2, 3))
    curve = shots_curve(ProtoNet(), features, np.full(8, -1), np.random.default_rng(0))
    rows = [np.flatnonzero(features.support_labels.numpy() == k).tolist() for k in (0, 1)]
    slow = []
    for choice in itertools.product(*rows):
        left = [row for row in range(5) if row not in choice]
        truth = features.support_labels[left].numpy()
        slow.append(np.mean(np.array(nearest_mean(features, list(choice), features.support[left])) == truth))
    np.testing.assert_allclose(curve.accuracies[0], slow)
    assert not curve.labelled and curve.shots.tolist() == [1]


def test_draws_are_balanced_different_and_fair() -> None:
    members = [np.array([0, 2, 4, 6]), np.array([1, 3, 5])]
    drawn = list(choices(members, 2, 17, np.random.default_rng(0)))  # of 6 * 3 = 18
    assert len(drawn) == len(set(drawn)) == 17
    assert all(len({*choice} & {*of_class}) == 2 for choice in drawn for of_class in members)
    assert len(list(choices(members, 2, 18, np.random.default_rng(0)))) == 18
    firsts = [next(choices(members, 1, 1, np.random.default_rng(seed))) for seed in range(600)]
    counts = np.bincount(np.ravel(firsts), minlength=7)
    assert (abs(counts[[0, 2, 4, 6]] - 150) < 45).all() and (abs(counts[[1, 3, 5]] - 200) < 50).all()


def test_the_callback_counts_and_can_stop() -> None:
    features, labels = hard((2, 2))
    seen: list[tuple[int, int]] = []
    shots_curve(ProtoNet(), features, labels, np.random.default_rng(0), advance=lambda *step: seen.append(step))
    assert seen == [(step, 5) for step in range(1, 6)]

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        shots_curve(ProtoNet(), features, labels, np.random.default_rng(0), advance=stop)
    assert seen == [(1, 5), (2, 5)]


def test_mean_interval_and_spread() -> None:
    drawn = np.array([0.2, 0.4, 0.9])
    curve = ShotsCurve((drawn, np.array([0.5])), True)
    assert curve.mean == pytest.approx([0.5, 0.5])
    deviation = np.sqrt((0.3**2 + 0.1**2 + 0.4**2) / 2)
    assert curve.interval[0] == pytest.approx(4.302653 * deviation / np.sqrt(3)) and np.isnan(curve.interval[1])
    assert curve.spread[0] == pytest.approx([0.21, 0.875]) and curve.spread[1] == pytest.approx([0.5, 0.5])


def test_most_shots() -> None:
    features = clustered((3, 5), 2)
    assert most_shots(features, np.array([-1, 0])) == 3
    assert most_shots(features, np.array([-1, -1])) == 2


@pytest.mark.parametrize(
    ("shots", "labels", "sentence"),
    [
        ((1, 3), (-1, -1), "queries with a known class, or at least 2 support images"),
        ((2, 2), (0,), "Each of the 2 queries .* got 1 labels"),
        ((2, 2), (0, 2), "from -1 .unknown. to 1, got 2 labels, the largest being 2"),
    ],
)
def test_what_has_no_curve_is_refused(shots: tuple[int, ...], labels: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(EpisodeError, match=sentence):
        shots_curve(ProtoNet(), clustered(shots, 2), np.array(labels), np.random.default_rng(0))


def test_no_draws_are_refused() -> None:
    features, labels = hard((2, 2))
    with pytest.raises(OptionError, match="at least 1 draw, got 0"):
        shots_curve(ProtoNet(), features, labels, np.random.default_rng(0), draws=0)
