"""The synthetic scenes: reproducible, independent of size, honest about where the object is."""

import time
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from fsl_core.data.synthetic import CLASSES, Scene, render_scene, scene
from fsl_core.data.synthetic.backdrops import Backdrop
from fsl_core.data.synthetic.canvas import silhouette
from fsl_core.data.synthetic.outlines import box, ellipse
from fsl_core.data.synthetic.palette import WHITE
from fsl_core.data.synthetic.picture import Picture
from fsl_core.data.synthetic.pose import draw_occluder
from fsl_core.errors import DataError


@cache
def draw(class_name: str, index: int = 0, size: int = 84) -> Scene:
    return render_scene(class_name, np.random.default_rng([0, CLASSES.index(class_name), index]), size)


def test_there_are_many_classes_in_a_fixed_order():
    assert len(CLASSES) >= 24
    assert list(CLASSES) == sorted(set(CLASSES))


@pytest.mark.parametrize("class_name", CLASSES)
def test_every_class_renders_with_a_sizeable_object(class_name):
    for index in range(5):
        picture = draw(class_name, index)
        assert picture.image.shape == (84, 84, 3)
        assert picture.image.dtype == np.uint8
        assert picture.mask.shape == (84, 84)
        assert picture.mask.dtype == np.bool_
        assert picture.class_name == class_name
        assert 0.08 < picture.mask.mean() < 0.8
        assert picture.image.std() > 15


def test_same_seed_same_scene_and_other_seed_other_scene():
    first, again, other = draw("cat", 1), draw.__wrapped__("cat", 1), draw("cat", 2)
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.mask, again.mask)
    assert np.abs(first.image.astype(int) - other.image).mean() > 10


def test_one_generator_gives_different_scenes_in_turn():
    generator = np.random.default_rng(0)
    first, second = render_scene("mug", generator, 64), render_scene("mug", generator, 64)
    assert np.abs(first.image.astype(int) - second.image).mean() > 10


@pytest.mark.parametrize("class_name", CLASSES)
def test_composition_does_not_depend_on_size(class_name):
    small, large = draw(class_name, 3, 84), draw(class_name, 3, 252)
    shrunk = cv2.resize(large.image, (84, 84), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - small.image).mean() < 5
    mask = cv2.resize(large.mask.astype(np.float32), (84, 84), interpolation=cv2.INTER_AREA) > 0.5
    assert (mask & small.mask).sum() / (mask | small.mask).sum() > 0.85


def test_the_generator_advances_alike_at_every_size():
    generators = [np.random.default_rng(4) for _ in range(2)]
    for generator, size in zip(generators, (48, 160), strict=True):
        render_scene("tree", generator, size)
    assert generators[0].integers(2**60) == generators[1].integers(2**60)


@pytest.mark.parametrize("class_name", CLASSES)
def test_mask_is_where_the_object_changes_the_picture(class_name, monkeypatch):
    """The same scene without its object, and without the shadow, differs inside the mask and nowhere else."""
    monkeypatch.setattr(scene, "cast_shadow", lambda below, *_: below)
    placed = []
    monkeypatch.setattr(
        scene, "draw_pose", lambda *args, pose=scene.draw_pose: placed.append(pose(*args)) or placed[-1]
    )
    occluded = []
    monkeypatch.setattr(
        scene, "draw_occluder", lambda *args, choose=scene.draw_occluder: occluded.append(choose(*args)) or occluded[-1]
    )
    full = draw.__wrapped__(class_name, 5)
    subject = scene.SUBJECTS[class_name]
    monkeypatch.setitem(scene.SUBJECTS, class_name, replace(subject, draw=lambda rng: Picture()))
    monkeypatch.setattr(scene, "draw_pose", lambda *args: placed[0])
    monkeypatch.setattr(scene, "draw_occluder", lambda *args: occluded[0])
    empty = draw.__wrapped__(class_name, 5)
    assert not empty.mask.any()
    changed = np.abs(full.image.astype(int) - empty.image).max(axis=2)
    kernel = np.ones((3, 3), np.uint8)
    inside = cv2.erode(full.mask.astype(np.uint8), kernel) > 0
    outside = cv2.dilate(full.mask.astype(np.uint8), kernel, iterations=2) == 0
    assert (changed[inside] > 8).mean() > 0.85
    assert (changed[outside] > 8).mean() < 0.02


def test_occluders_hide_some_objects_but_never_much(monkeypatch):
    hidden = []
    for class_name in CLASSES[::2]:
        with monkeypatch.context() as patch:
            seen = draw(class_name, 3).mask.sum()
            patch.setattr(scene, "draw_occluder", lambda *_: (Picture(), np.eye(3)))
            hidden.append(1 - seen / draw.__wrapped__(class_name, 3).mask.sum())
    assert max(hidden) < 0.25
    assert np.mean(np.array(hidden) > 0.01) > 0.1


@pytest.mark.parametrize("edge", [0.3, 0.55, 0.9])
def test_an_occluder_is_moved_away_or_left_out(edge):
    """A wall that would hide most of a disc ends up hiding at most a fifth of it."""
    wall, disc = Picture(), Picture()
    wall.fill(box(-0.5, -0.5, edge, 1.5), WHITE)
    disc.fill(ellipse(0, 0, 1), WHITE)
    matrix = np.array([[0.4, 0, 0.5], [0, 0.4, 0.5], [0, 0, 1]])
    backdrop = Backdrop(hiders=(lambda rng: wall,))
    whole = silhouette(disc.shapes, matrix, 100)
    found = 0
    for seed in range(12):
        occluder, place = draw_occluder(backdrop, disc, matrix, np.random.default_rng(seed))
        found += bool(occluder.shapes)
        assert (whole & silhouette(occluder.shapes, place, 100)).sum() <= 0.22 * whole.sum()
    assert (found > 0) == (edge < 0.6)


def test_silhouettes_tell_the_classes_apart():
    """Nearest class mean of tightly cropped masks, far above the chance of 1 in 27."""

    def outline(class_name: str, index: int) -> np.ndarray:
        mask = draw(class_name, index).mask.astype(np.uint8)
        left, top, width, height = cv2.boundingRect(mask)
        crop = cv2.resize(mask[top : top + height, left : left + width].astype(np.float32), (24, 24))
        return np.maximum(crop, crop[:, ::-1]).ravel()

    means = np.stack([np.mean([outline(name, index) for index in range(4)], axis=0) for name in CLASSES])
    tests = np.stack([outline(name, 4) for name in CLASSES])
    nearest = np.square(tests[:, None] - means[None]).sum(axis=2).argmin(axis=1)
    assert (nearest == np.arange(len(CLASSES))).mean() > 0.5


def test_mean_colour_does_not_give_the_class_away():
    """Nearest class mean of the object's average colour stays far below what the shape gives."""

    def colour(class_name: str, index: int) -> np.ndarray:
        picture = draw(class_name, index)
        return picture.image[picture.mask].mean(axis=0)

    means = np.stack([np.mean([colour(name, index) for index in range(4)], axis=0) for name in CLASSES])
    tests = np.stack([colour(name, 4) for name in CLASSES])
    nearest = np.square(tests[:, None] - means[None]).sum(axis=2).argmin(axis=1)
    assert (nearest == np.arange(len(CLASSES))).mean() < 0.4


def test_unknown_class_names_the_choices():
    with pytest.raises(DataError, match=r"apple.*umbrella.*'dragon'"):
        render_scene("dragon", np.random.default_rng(0))


@pytest.mark.parametrize("size", [0, -5, 31, 1025])
def test_size_out_of_range(size):
    with pytest.raises(DataError, match=f"32 to 1024 pixels, got {size}"):
        render_scene("fish", np.random.default_rng(0), size)


def test_a_scene_is_quick():
    start = time.process_time()
    for index in range(5):
        draw.__wrapped__("turtle", index, 224)
    assert (time.process_time() - start) / 5 < 0.5
