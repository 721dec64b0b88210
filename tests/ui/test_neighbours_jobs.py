"""Neighbours in the project and in a data set: exact, the query itself left out, the index built once and stoppable."""

import time
from dataclasses import replace

import numpy as np
import pytest

from fsl_core.backbones import load_backbone
from fsl_core.data import sample_episode
from fsl_core.data.datasets import SyntheticScenes
from fsl_core.data.synthetic import CLASSES
from fsl_core.ui import cached
from fsl_core.ui.engine import Engine
from fsl_core.ui.indexes import Chosen, Opened
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.neighbours_jobs import Asked, nearest_examples, nearest_in, nearest_own
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store

QUIET = Ticket(lambda fraction, phase: None)


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    """Three classes of two examples and two queries."""
    store, empty = Store.create()
    return store, store.adopt(cached.draw("synthetic", None, (3, 2, 2), 5), empty)


@pytest.fixture
def scene(work: tuple[Store, Project]) -> Scene:
    return Scene(QUIET, Engine(), *work, "tiny")


def cosines(scene: Scene, query_id: str, others: list[str]) -> np.ndarray:
    """Of the pooled features, by the backbone itself."""
    maps = load_backbone("tiny").maps([scene.pixels(one) for one in (query_id, *others)])
    vectors = maps.mean(dim=(2, 3)).double().numpy()
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors[1:] @ vectors[0]


def test_the_examples_nearest_to_a_query(scene: Scene) -> None:
    query = scene.project.queries[1]
    found = nearest_examples(scene, query.id, 4).record
    expected = cosines(scene, query.id, scene.support_ids)
    assert found.rows.tolist() == np.argsort(-expected, kind="stable")[:4].tolist()
    np.testing.assert_allclose(found.similarity, np.sort(expected)[::-1][:4], atol=1e-5)
    assert found.class_names == tuple(one.name for one in scene.project.classes)
    assert found.class_names[found.query_label] == scene.project.image_class(query.true_class).name
    assert found.labels.tolist() == [row // 2 for row in found.rows.tolist()]


def test_own_pictures_are_the_examples_and_the_other_queries_of_known_class(scene: Scene) -> None:
    project = scene.project
    asked, unknown = project.queries[0], project.queries[1]
    scene = replace(scene, project=project.with_true_class(unknown.id, None))
    found = nearest_own(scene, Asked(asked.id, 24)).record
    assert found.searched == len(found.rows) == 6 + 6 - 2
    others = [*scene.support_ids, *(one.id for one in project.queries[2:])]
    np.testing.assert_allclose(found.similarity, np.sort(cosines(scene, asked.id, others))[::-1], atol=1e-5)
    assert nearest_own(scene, Asked(unknown.id)).record.query_label == -1


def test_a_region_is_asked_about_on_the_backbones_own_grid(scene: Scene) -> None:
    found = nearest_own(scene, Asked(scene.project.queries[0].id, 3, (0.1, 0.9)))
    assert found.grid == (4, 4)
    assert found.record.query_box.tolist() == [0, 0.75, 0.25, 1]


@pytest.fixture
def opened() -> Opened:
    """36 small scenes of six classes: more than one batch."""
    scenes = SyntheticScenes(per_class=6, size=32, class_names=CLASSES[:6])
    return Opened(Chosen("synthetic", "", "all", 6, 0, time.time_ns()), scenes)


def test_neighbours_in_a_data_set_leave_the_query_itself_out(scene: Scene, opened: Opened) -> None:
    store, empty = Store.create()
    scenes = opened.images
    drawn = sample_episode(scenes, way=3, shot=1, query=1, generator=np.random.default_rng(0))
    project = store.adopt(drawn, empty)
    asked = Asked(project.queries[0].id, 5)
    found = nearest_in(replace(scene, store=store, project=project), opened, asked).record
    (itself,) = (row for row in range(36) if (scenes.image(row) == drawn.query_images[0]).all())
    assert itself not in found.rows.tolist() and found.searched == 35 and found.similarity[0] < 1
    assert scenes.class_names[found.query_label] == drawn.class_names[drawn.query_labels[0]]
    assert found.searched_alike == 5


def test_a_class_that_the_data_set_lacks_is_not_marked(scene: Scene, opened: Opened) -> None:
    project = scene.project
    query = project.queries[0]
    strange = project.renamed(query.true_class, "gadget")
    found = nearest_in(replace(scene, project=strange), opened, Asked(query.id, 5)).record
    assert found.query_label == -1 and found.share_alike is None
