"""Influence on the queue's worker: the core's numbers, counted progress, a stop; the classifier asked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import ProtoNet
from fsl_core.features import extract
from fsl_core.ui import cached
from fsl_core.ui.engine import Engine
from fsl_core.ui.influence_jobs import influence
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    store, empty = Store.create()
    project = store.adopt(cached.draw("synthetic", None, (3, 2, 2), 5), empty)
    return store, replace(project, settings=replace(project.settings, classifier="protonet"))


def test_each_example_is_left_out_in_turn(work: tuple[Store, Project]) -> None:
    store, project = work
    phases: list[str] = []
    ticket = Ticket(lambda fraction, phase: phases.append(phase))
    record = influence(Scene(ticket, Engine(), store, project, "tiny"))
    assert phases[-1] == "Asking again without one example: 7 of 7 times"
    owner = project.classes[1]
    assert record.support_names[3] == f"{owner.name} · {owner.pictures[1].name}"
    assert record.query_names == tuple(query.picture.name for query in project.queries)
    for image, (place, pictures) in enumerate([(0, slice(1, None)), (0, slice(1)), (1, slice(1, None)), (1, slice(1))]):
        shot = project.classes[place]
        less = project.with_class(replace(shot, pictures=shot.pictures[pictures]))
        logits = ProtoNet()(extract(load_backbone("tiny"), store.episode(less))).logits
        np.testing.assert_allclose(record.without[image], logits.numpy(), atol=1e-4)


def test_it_stops_between_two_calls(work: tuple[Store, Project]) -> None:
    phases: list[str] = []

    def report(fraction: float, phase: str) -> None:
        phases.append(phase)
        if "3 of 7" in phase:
            raise Abandoned

    with pytest.raises(Abandoned):
        influence(Scene(Ticket(report), Engine(), *work, "tiny"))
    assert "3 of 7" in phases[-1]
