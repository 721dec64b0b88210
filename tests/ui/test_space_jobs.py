"""The worker's functions of the Feature space page, against the core called directly, and identities."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fsl_core.backbones import load_backbone
from fsl_core.data import some_of_each
from fsl_core.data.datasets import SyntheticScenes
from fsl_core.explain import embed, episode_cloud, index_of, principal_axes, spectrum
from fsl_core.features import extract
from fsl_core.ui import cached, space_jobs
from fsl_core.ui.engine import Engine
from fsl_core.ui.indexes import Chosen, Opened
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene
from fsl_core.ui.space_jobs import place, see, spots, spread
from fsl_core.ui.store import Store

PHASES: list[str] = []


@pytest.fixture
def scene(small_backbone: str) -> Scene:
    """3 classes with 2 pictures each and 2 queries of each; the last query's class is unknown."""
    store, empty = Store.create()
    project = store.adopt(cached.draw("synthetic", None, (3, 2, 2), 5), empty)
    last = replace(project.queries[-1], true_class=None)
    return scene_of(store, replace(project, queries=(*project.queries[:-1], last)), small_backbone)


def scene_of(store: Store, project: Project, backbone: str) -> Scene:
    PHASES.clear()
    return Scene(Ticket(lambda fraction, phase: PHASES.append(phase)), Engine(), store, project, backbone)


@pytest.fixture
def data() -> Opened:
    images = some_of_each(SyntheticScenes(per_class=2, size=32), 1, np.random.default_rng(0))
    return Opened(Chosen("synthetic", "", "all", 1, 0, 0), images)


def test_the_map_is_the_cores_of_the_same_pictures(scene: Scene) -> None:
    found = place(scene, "pca", True, 0, None)
    episode = scene.store.episode(scene.project)
    features = extract(load_backbone(scene.name), episode)
    ids = tuple(map(str, range(12)))
    expected = embed(episode_cloud(features, np.array(episode.query_labels), ids, ids))
    np.testing.assert_allclose(found.embedding.points, expected.points, atol=1e-5)
    np.testing.assert_array_equal(found.embedding.labels, expected.labels)
    assert found.embedding.labels[-1] == -1 and not found.pictures
    known = spots(scene.project)
    assert found.embedding.ids == tuple(known)
    assert [known[one].role for one in found.embedding.ids] == list(found.embedding.roles)
    assert abs(found.embedding.residual or 1) < 1e-12


def test_a_picture_may_be_an_example_and_a_query(scene: Scene) -> None:
    first = scene.project.classes[0].pictures[0]
    both = replace(scene.project, queries=(replace(scene.project.queries[0], picture=first),))
    found = place(replace(scene, project=both), "tsne", True, 0, None).embedding
    rows = [row for row, name in enumerate(found.names) if name == first.name]
    assert len(rows) >= 2 and found.near[rows[0]][0] == rows[-1] and len(set(found.ids)) == 7


def test_images_of_a_data_set_lie_beside_the_project(scene: Scene, data: Opened) -> None:
    found = place(scene, "pca", True, 0, data)
    others = [one for one, role in zip(found.embedding.ids, found.embedding.roles, strict=True) if role == "other"]
    assert len(others) == len(data.images) == 27 and set(found.pictures) == set(others)
    assert all(one.startswith(b"\xff\xd8") for one in found.pictures.values())
    assert any("image 27 of 27" in phase for phase in PHASES)
    alone = place(replace(scene, project=replace(scene.project, classes=())), "pca", True, 0, data)
    assert set(alone.embedding.roles) == {"other"}


def test_spectra_of_the_project_and_of_a_data_set(scene: Scene, data: Opened) -> None:
    backbone = load_backbone(scene.name)
    features = extract(backbone, scene.store.episode(scene.project))
    pooled = torch.cat([features.support, features.query]).mean(dim=(2, 3))
    labels = np.array([0, 0, 1, 1, 2, 2, *scene.store.episode(scene.project).query_labels])
    for normalised, centred in ((True, True), (False, False)):
        expected = spectrum(pooled, labels, "name", normalised, centred)
        found = spread(scene, "name", normalised, centred, None)
        np.testing.assert_allclose(found.singular_values, expected.singular_values, atol=1e-5)
        assert (found.intra, found.inter) == pytest.approx((expected.intra, expected.inter), rel=1e-4)
    index = index_of(backbone, data.images, "")
    found, expected = spread(scene, "", True, True, data), spectrum(index.pooled, data.images.labels, "")
    np.testing.assert_allclose(found.singular_values, expected.singular_values, atol=1e-6)
    assert abs(found.residual) < 1e-9 and found.images == 27


def test_what_a_component_sees_adds_up(scene: Scene, data: Opened) -> None:
    query = scene.project.queries[0].id
    for asked in (None, data):
        seen = see(scene, 1, True, True, asked, query)
        assert len(seen.maps) == len(seen.ends.rows) == 12 and seen.query
        for one, at in zip(seen.maps, seen.ends.coordinates, strict=True):
            assert abs(one.residual) < 1e-5 and one.coordinate == pytest.approx(at, abs=1e-4)
        assert abs(seen.query.residual) < 1e-5 and seen.shares[0] >= seen.shares[1]
    own = see(scene, 1, True, True, None, None)
    assert own.query is None and sorted(own.ends.rows) == list(range(12))
    assert own.ends.labels[list(own.ends.rows).index(11)] == -1
    features = scene.features(whole=True)
    pooled = torch.cat([features.support, features.query]).mean(dim=(2, 3))
    expected = principal_axes(pooled, 12).coordinates[:, 1]
    np.testing.assert_allclose(np.sort(own.ends.coordinates), np.sort(expected), atol=1e-5)


def test_of_few_pictures_the_last_component_stands_for_those_that_are_missing(scene: Scene) -> None:
    project = scene.project
    few = replace(
        project, classes=tuple(replace(one, pictures=one.pictures[:1]) for one in project.classes), queries=()
    )
    seen = see(replace(scene, project=few), 9, True, True, None, None)
    assert seen.ends.number == 1 and len(seen.shares) == 2 and len(seen.maps) == 3


def test_ids_of_data_sets() -> None:
    assert space_jobs.row_of("data 17") == 17
