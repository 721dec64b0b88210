"""The sample sets that ship are what their table says and what the scenes are drawn as."""

import numpy as np
import pytest

from fsl_core.data.synthetic import CLASSES, render_scene
from fsl_core.errors import EpisodeError
from fsl_core.ui import cached
from fsl_core.ui.samples import DEFAULT, FOLDER, SIZE, THEMES, load


@pytest.mark.parametrize("name", THEMES)
def test_five_classes_and_one_outsider(name: str) -> None:
    theme, episode = THEMES[name], load(name)
    assert (episode.way, episode.class_names, episode.shots) == (5, tuple(sorted(theme.classes)), (theme.shot,) * 5)
    assert theme.outsider in CLASSES and theme.outsider not in theme.classes
    assert sorted(episode.query_labels or ()) == sorted([-1, *list(range(5)) * theme.query])
    assert (FOLDER / f"{name}.zip").stat().st_size < 250_000


@pytest.mark.parametrize("name", THEMES)
def test_the_pictures_are_those_that_are_drawn(name: str) -> None:
    theme, episode, row = THEMES[name], load(name), list(THEMES).index(name)
    scene = render_scene(theme.outsider, np.random.default_rng([row, CLASSES.index(theme.outsider), 0]), SIZE)
    place = (episode.query_labels or ()).index(-1)
    assert np.abs(scene.image.astype(float) - episode.query_images[place]).mean() < 6
    assert np.abs(scene.image.astype(float) - episode.support_images[0]).mean() > 20
    np.testing.assert_array_equal(episode.query_masks[place], scene.mask)
    first = np.random.default_rng([row, CLASSES.index(episode.class_names[0]), 0])
    np.testing.assert_array_equal(episode.support_masks[0], render_scene(episode.class_names[0], first, SIZE).mask)


def test_neither_order_nor_names_give_the_classes_away() -> None:
    episode = cached.sample("animals")
    labels = list(episode.query_labels or ())
    assert labels != sorted(labels)
    assert set(episode.query_names) == {f"picture {number}.png" for number in range(1, 12)}


def test_unknown_themes_are_one_sentence() -> None:
    assert DEFAULT in THEMES
    with pytest.raises(EpisodeError, match="sample sets are mixed, animals"):
        load("../secrets")
