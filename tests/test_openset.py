"""None of these: fits, leave-one-out and the threshold against slow re-derivations."""

import dataclasses

import numpy as np
import pytest
import torch

from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures
from fsl_core.openset import class_fits, leave_one_out, none_of_these
from tests.contracts.test_classifiers import clustered


def similarity(first: torch.Tensor, second: torch.Tensor) -> float:
    """The centred cosine of two pooled maps is Pearson's correlation over the channels."""
    return float(np.corrcoef(first.double().numpy().mean((1, 2)), second.double().numpy().mean((1, 2)))[0, 1])


def fit(image: torch.Tensor, features: EpisodeFeatures, label: int, without: int | None = None) -> float:
    rows = [row for row in np.flatnonzero(features.support_labels.numpy() == label) if row != without]
    return float(np.mean([similarity(image, features.support[row]) for row in rows])) if rows else -np.inf


def expected(features: EpisodeFeatures) -> tuple[list[float], list[float], list[float]]:
    own, best, strangers = [], [], []
    for row, label in enumerate(features.support_labels.tolist()):
        fits = [fit(features.support[row], features, k, row) for k in range(features.n_way)]
        if np.isfinite(fits[label]):
            own.append(fits[label])
            best.append(max(fits))
        strangers.append(max(value for k, value in enumerate(fits) if k != label))
    return own, best, strangers


def noisy(shots: tuple[int, ...], n_query: int = 6, seed: int = 0) -> EpisodeFeatures:
    """Classes that overlap, so that the best class of a left-out image is not always its own."""
    features = clustered(shots, n_query, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    noise = [torch.rand(len(maps), 32, 1, 1, generator=generator) for maps in (features.support, features.query)]
    return dataclasses.replace(features, support=features.support + noise[0], query=features.query + noise[1])


@pytest.mark.parametrize("shots", [(1, 1, 1), (2, 3), (1, 4, 2), (5, 5, 5)], ids=str)
def test_leave_one_out_is_what_removing_each_image_gives(shots: tuple[int, ...]) -> None:
    features = noisy(shots)
    for mine, slow in zip(leave_one_out(features), expected(features), strict=True):
        np.testing.assert_allclose(mine, slow, atol=1e-5)


def test_fits_are_mean_correlations_and_the_best_class_counts() -> None:
    features = noisy((1, 4, 2))
    slow = np.array([[fit(image, features, label) for label in range(3)] for image in features.query])
    np.testing.assert_allclose(class_fits(features.query, features).numpy(), slow, atol=1e-5)
    answer = none_of_these(features)
    np.testing.assert_allclose(answer.fit, slow.max(axis=1), atol=1e-5)
    assert answer.nearest.tolist() == slow.argmax(axis=1).tolist()


def test_with_enough_images_the_threshold_is_the_quantile_of_their_left_out_fits() -> None:
    features = noisy((5, 5, 5, 4))  # 19 images: rank 0.1 * 20 = 2
    own, best, _ = expected(features)
    answer = none_of_these(features)
    assert answer.calibrated and answer.false_alarms == 0.1
    assert answer.threshold == pytest.approx(sorted(best)[1], abs=1e-5)
    assert answer.typical == pytest.approx(np.mean(own), abs=1e-5)
    assert none_of_these(features, 0.5).threshold == pytest.approx(sorted(best)[9], abs=1e-5)


def test_nine_left_out_images_are_enough_for_one_false_alarm_in_ten() -> None:
    features = noisy((3, 3, 3))
    assert none_of_these(features).threshold == pytest.approx(min(expected(features)[1]), abs=1e-5)
    few = noisy((3, 3, 2))
    assert none_of_these(features).calibrated and not none_of_these(few).calibrated
    assert none_of_these(few).threshold == pytest.approx(min(expected(few)[2]), abs=1e-5)
    assert min(expected(few)[1]) != pytest.approx(min(expected(few)[2]), abs=1e-3), "the two rules differ here"
    assert not none_of_these(noisy((3, 3, 3, 1)), 0.09).calibrated


def test_with_one_shot_the_threshold_is_what_strangers_reach() -> None:
    features = noisy((1,) * 19)
    answer = none_of_these(features)
    assert not answer.calibrated and answer.typical is None
    assert answer.threshold == pytest.approx(sorted(expected(features)[2])[1], abs=1e-5)


def test_a_query_below_the_threshold_is_none_and_one_at_it_is_not() -> None:
    features = noisy((5, 5, 5))
    answer = none_of_these(features)
    cut = dataclasses.replace(answer, threshold=float(np.sort(answer.fit)[2]))
    assert cut.is_none.sum() == 2 and cut.is_none[answer.fit.argmin()]


def test_false_alarms_keep_their_rate_and_strangers_are_flagged() -> None:
    """Over many episodes of images that scatter around their class, one query in ten is a false alarm."""
    alarms, flagged = [], []
    for seed in range(120):
        features = noisy((5, 5, 5), n_query=15, seed=seed)
        strangers = torch.rand(15, 32, 3, 3, generator=torch.Generator().manual_seed(1000 + seed))
        strangers = strangers + torch.rand(15, 32, 1, 1, generator=torch.Generator().manual_seed(2000 + seed))
        alarms.append(none_of_these(features).is_none.mean())
        flagged.append(none_of_these(dataclasses.replace(features, query=strangers)).is_none.mean())
    assert 0.06 < np.mean(alarms) < 0.14
    assert np.mean(flagged) > 2 * np.mean(alarms)


@pytest.mark.parametrize("shots", [(1, 1), (6, 6)], ids=str)
def test_order_does_not_matter_and_no_query_is_fine(shots: tuple[int, ...]) -> None:
    features = noisy(shots)
    order = torch.arange(len(features.support)).flip(0)
    other = dataclasses.replace(
        features, support=features.support[order], support_labels=features.support_labels[order]
    )
    assert none_of_these(other).threshold == pytest.approx(none_of_these(features).threshold, abs=1e-6)
    assert none_of_these(dataclasses.replace(features, query=features.query[:0])).is_none.shape == (0,)


def test_features_without_any_variation_flag_nothing() -> None:
    features = noisy((5, 5))
    flat = dataclasses.replace(features, support=torch.ones_like(features.support), query=torch.ones(2, 32, 3, 3))
    answer = none_of_these(flat)
    assert answer.threshold == 0 and not answer.is_none.any()


def test_one_class_needs_enough_images() -> None:
    one = EpisodeFeatures(torch.rand(9, 8, 1, 1), torch.zeros(9, dtype=torch.int64), torch.rand(2, 8, 1, 1), ("a",))
    assert none_of_these(one).calibrated
    few = dataclasses.replace(one, support=one.support[:8], support_labels=one.support_labels[:8])
    with pytest.raises(EpisodeError, match="a second class, or 9 support images in the only one, got 8"):
        none_of_these(few)


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.6, float("nan")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(OptionError, match=r"must lie in \(0, 0.5\]"):
        none_of_these(noisy((2, 2)), rate)
