"""Episodes drawn from a labelled data set."""

import numpy as np
import pytest

from fsl_core.data import open_dataset, sample_episode, sample_indices
from fsl_core.errors import EpisodeError

LABELS = np.repeat(np.arange(6), [10, 10, 10, 10, 10, 3])


def test_counts_labels_and_no_image_twice() -> None:
    drawn = sample_indices(LABELS, way=4, shot=2, query=3, generator=np.random.default_rng(0))
    assert drawn.support.shape == (8,)
    assert drawn.query.shape == (12,)
    assert len(set(drawn.support) | set(drawn.query)) == 20
    assert (drawn.classes[drawn.support_labels] == LABELS[drawn.support]).all()
    assert (drawn.classes[drawn.query_labels] == LABELS[drawn.query]).all()


def test_small_classes_are_left_out() -> None:
    for seed in range(20):
        assert 5 not in sample_indices(LABELS, way=5, shot=2, query=2, generator=np.random.default_rng(seed)).classes


def test_every_class_and_image_is_drawn_equally_often() -> None:
    generator = np.random.default_rng(0)
    drawn = [sample_indices(LABELS, way=2, shot=1, query=1, generator=generator) for _ in range(2000)]
    counts = np.bincount(np.concatenate([episode.support for episode in drawn]), minlength=len(LABELS))
    expected = 2000 * 2 / 6 / 10
    assert np.abs(counts[:50] - expected).max() < 5 * np.sqrt(expected)


def test_same_generator_same_episode() -> None:
    dataset = open_dataset("synthetic")
    first, second, other = (
        sample_episode(dataset, way=3, shot=1, query=1, generator=np.random.default_rng(seed)) for seed in (4, 4, 5)
    )
    assert first.query_names == second.query_names
    assert all((a == b).all() for a, b in zip(first.support_images, second.support_images, strict=True))
    assert first.query_names != other.query_names


@pytest.mark.parametrize(("way", "shot", "query"), [(6, 2, 2), (2, 20, 0), (1, 1, 1), (2, 0, 1)])
def test_impossible_episodes(way: int, shot: int, query: int) -> None:
    with pytest.raises(EpisodeError):
        sample_indices(LABELS, way=way, shot=shot, query=query, generator=np.random.default_rng(0))
