"""Weights on the queue's worker: what a query is compared to, and the same numbers as the core's function."""

from dataclasses import replace

import numpy as np
import pytest

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import DeepEMD
from fsl_core.errors import OptionError
from fsl_core.explain import RULES, node_weights
from fsl_core.features import EpisodeFeatures, extract
from fsl_core.ui import cached
from fsl_core.ui.engine import Engine, Pair
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store
from fsl_core.ui.weights_jobs import MOST, targets_of, weigh


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    store, empty = Store.create()
    return store, store.adopt(cached.draw("synthetic", None, (3, 2, 2), 5), empty)


def scene(work: tuple[Store, Project], **settings: str) -> Scene:
    store, project = work
    project = replace(project, settings=replace(project.settings, **settings))
    return Scene(Ticket(lambda fraction, phase: None), Engine(), store, project, "tiny")


def features(work: tuple[Store, Project]) -> EpisodeFeatures:
    store, project = work
    return extract(load_backbone("tiny"), store.episode(project))


def test_every_class_or_every_example_is_compared_to(work: tuple[Store, Project]) -> None:
    project = work[1]
    query, (_, second, third) = project.queries[1].id, project.classes
    chosen = Pair(query, second.id, second.pictures[1].id)
    assert targets_of(project, chosen, False) == ([Pair(query, one.id) for one in project.classes], 1)
    found, own = targets_of(project, chosen, True)
    assert len(found) == 6 and (own, found[own]) == (3, chosen)
    assert targets_of(project, Pair(query, third.id), True)[1] == 4  # of a class its first example


def test_of_many_examples_those_of_the_class_are_taken(work: tuple[Store, Project]) -> None:
    project = work[1]
    first, second = project.classes[:2]
    many = replace(first, pictures=tuple(replace(first.pictures[0], id=str(number)) for number in range(MOST)))
    found, own = targets_of(project.with_class(many), Pair(project.queries[0].id, second.id), True)
    assert [pair.picture_id for pair in found] == [picture.id for picture in second.pictures] and own == 0


def test_the_weights_of_examples_are_those_of_the_core(work: tuple[Store, Project]) -> None:
    project, asked = work[1], features(work)
    query = project.queries[1].id
    pairs, _ = targets_of(project, Pair(query, project.classes[0].id), True)
    blank = np.zeros((8, 8, 3), np.uint8)
    for rule in RULES:
        record = weigh(scene(work), pairs, rule)
        expected = node_weights(DeepEMD(weights=rule), asked.query[1], asked.support, (("", blank), [("", blank)] * 6))
        np.testing.assert_allclose(record.query_weight, expected.query_weight, atol=1e-5)
        np.testing.assert_allclose(record.target_weight, expected.target_weight, atol=1e-5)
        assert record.residual < 1e-6 and record.query.regions.grid == (4, 4)
    owner = project.classes[1]
    assert record.rule == "mean_shift" and record.targets[3].name == f"{owner.name} · {owner.pictures[1].name}"
    assert record.query.name == project.queries[1].picture.name


def test_a_class_is_the_mean_of_its_maps(work: tuple[Store, Project]) -> None:
    project, asked = work[1], features(work)
    pairs, _ = targets_of(project, Pair(project.queries[0].id, project.classes[0].id), False)
    record = weigh(scene(work), pairs, "cross_reference")
    query, mean = asked.query[0].flatten(1).T.numpy(), asked.support[2:4].mean(dim=(0, 2, 3)).numpy()
    raw = np.maximum(query @ mean, 0) + 1.01e-3
    np.testing.assert_allclose(record.query_weight[1], raw / raw.sum(), rtol=1e-3)
    assert [one.name for one in record.targets] == [one.name for one in project.classes]


def test_a_learnt_class_weighs_other_than_the_mean(work: tuple[Store, Project]) -> None:
    store, project = work
    pairs, _ = targets_of(project, Pair(project.queries[0].id, project.classes[0].id), False)
    mean = weigh(scene(work), pairs, "cross_reference")
    options = {"deepemd": {"shots": "structured"}}
    learnt = weigh(
        scene((store, replace(project, settings=replace(project.settings, options=options)))), pairs, "cross_reference"
    )
    assert np.abs(learnt.query_weight - mean.query_weight).max() > 1e-5


@pytest.mark.parametrize(("regions", "count"), [("grid:1,2", 5), ("sampling:3", 3)])
def test_patches_have_names(work: tuple[Store, Project], regions: str, count: int) -> None:
    pairs, _ = targets_of(work[1], Pair(work[1].queries[0].id, work[1].classes[0].id), False)
    record = weigh(scene(work, regions=regions), pairs, "kmeans")
    assert record.query_weight.shape == (3, count) and len(record.query.regions.names) == count
    with pytest.raises(OptionError, match="mask"):
        record.on_object(np.ones(record.query.image.shape[:2], bool))
