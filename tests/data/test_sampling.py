"""Episodes drawn from a labelled data set."""

import numpy as np
import pytest

from fsl_core.data import open_dataset, sample_episode, sample_indices, shuffled
from fsl_core.data.datasets import SyntheticScenes
from fsl_core.data.synthetic import render_scene
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


def test_the_masks_of_drawn_scenes_go_along_with_their_pictures() -> None:
    scenes = SyntheticScenes(per_class=3, size=32)
    drawn = sample_episode(scenes, way=2, shot=1, query=2, generator=np.random.default_rng(0))
    episode = shuffled(drawn, np.random.default_rng(2))
    assert episode.query_names != drawn.query_names
    for images, masks, names in (
        (episode.support_images, episode.support_masks, episode.support_names),
        (episode.query_images, episode.query_masks, episode.query_names),
    ):
        for image, mask, name in zip(images, masks, names, strict=True):
            class_name, number = name.removesuffix(".png").rsplit(" ", 1)
            label = scenes.class_names.index(class_name)
            scene = render_scene(class_name, np.random.default_rng([0, label, int(number) - 1]), 32)
            np.testing.assert_array_equal(image, scene.image)
            np.testing.assert_array_equal(mask, scene.mask)
