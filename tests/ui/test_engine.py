"""The worker's functions: the same answers as the command line, and nothing computed twice."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from fsl_core.backbones import Conv4, load_backbone, save_weights
from fsl_core.classifiers import DeepEMD
from fsl_core.classify import classify
from fsl_core.data.patches import parse_regions
from fsl_core.data.transforms import InputSpec
from fsl_core.manifest import own_weights
from fsl_core.records import Emphasis
from fsl_core.ui import cached
from fsl_core.ui.engine import UNCHANGED, Engine, Pair
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

QUIET = Ticket(lambda fraction, phase: None)


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project]:
    store, empty = Store.create()
    episode = cached.draw("synthetic", None, (3, 2, 2), 5)
    return store, store.adopt(episode, empty)


def test_the_app_answers_as_the_command_line_does(work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    answer = Engine().classify(QUIET, store, project, small_backbone, "key")
    backbone = load_backbone(small_backbone)
    expected = classify(store.episode(project), backbone, DeepEMD()).scores
    np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-5)
    assert (answer.key, answer.class_names, answer.computed_images) == ("key", expected.class_names, 12)
    assert min(answer.feature_seconds, answer.classifier_seconds) > 0


def test_only_new_pictures_are_computed(work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    engine, fewer = Engine(), project.without_query(project.queries[0].id)
    assert engine.classify(QUIET, store, fewer, small_backbone, "").computed_images == 11
    assert engine.classify(QUIET, store, project, small_backbone, "").computed_images == 1
    assert engine.classify(QUIET, store, project, small_backbone, "").computed_images == 0


def test_weights_that_are_replaced_under_their_name_answer_at_once(work: tuple[Store, Project]) -> None:
    store, project = work
    engine, answers = Engine(), []
    own_weights().mkdir(parents=True, exist_ok=True)
    for seed in (0, 1):
        torch.manual_seed(seed)
        save_weights(own_weights() / "mine.safetensors", Conv4(8), "conv4", {"width": 8}, InputSpec(32))
        answers.append(engine.classify(QUIET, store, project, "mine", ""))
    assert [answer.computed_images for answer in answers] == [12, 12]
    assert not np.allclose(answers[0].probabilities, answers[1].probabilities, atol=1e-4)


@pytest.mark.parametrize("regions", ["grid:2", "sampling:3:1"])
def test_patches_are_answered_as_on_the_command_line_and_kept_apart(
    regions: str, work: tuple[Store, Project], small_backbone: str
) -> None:
    store, project = work
    engine, cut = Engine(), replace(project, settings=replace(project.settings, regions=regions))
    whole = engine.classify(QUIET, store, project, small_backbone, "")
    answer = engine.classify(QUIET, store, cut, small_backbone, "")
    expected = classify(
        store.episode(project), load_backbone(small_backbone), DeepEMD(), patches=parse_regions(regions)
    ).scores
    np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-5)
    assert not np.allclose(answer.probabilities, whole.probabilities, atol=1e-4)
    assert (answer.computed_images, engine.classify(QUIET, store, cut, small_backbone, "").computed_images) == (12, 0)
    assert engine.classify(QUIET, store, project, small_backbone, "").computed_images == 0
    other = replace(project, settings=replace(project.settings, regions="sampling:3:2"))
    assert engine.classify(QUIET, store, other, small_backbone, "").computed_images == 12


def test_a_job_that_nobody_waits_for_stops_between_batches(work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    phases: list[str] = []

    def report(fraction: float, phase: str) -> None:
        phases.append(phase)
        if phase.startswith("Looking at picture 9"):
            raise Abandoned

    with pytest.raises(Abandoned):
        Engine().classify(Ticket(report), store, project, small_backbone, "")
    assert phases[-1] == "Looking at picture 9 of 12"


def test_the_match_of_a_class_adds_up_to_its_logit(work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    project = replace(project, settings=project.settings.with_option("deepemd", "temperature", 4.0))
    engine = Engine()
    answer = engine.classify(QUIET, store, project, small_backbone, "")
    pair = Pair(project.queries[1].id, project.classes[2].id)
    match = engine.match(QUIET, store, project, small_backbone, pair)
    assert match.flow.logit == pytest.approx(answer.logits[1][2], abs=1e-4)
    assert abs(match.flow.residual) < 1e-3
    assert match.flow.temperature == 4.0
    assert match.reconstruction.shape == match.flow.query_image.shape
    assert match.flow.query_regions.grid == (4, 4)


def test_a_structured_class_is_learnt_once_for_a_support_set(
    work: tuple[Store, Project], small_backbone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, project = work
    project = replace(project, settings=project.settings.with_option("deepemd", "shots", "structured"))
    learnt, prototypes = [], DeepEMD.prototypes
    monkeypatch.setattr(DeepEMD, "prototypes", lambda *args: learnt.append(1) or prototypes(*args))
    engine, owner = Engine(), project.classes[2].id

    def logit(project: Project, query: int, emphasis: Emphasis = UNCHANGED) -> float:
        pair = Pair(project.queries[query].id, owner)
        return engine.match(QUIET, store, project, small_backbone, pair, emphasis).flow.logit

    first = logit(project, 0)
    assert logit(project, 0) == first != logit(project, 0, Emphasis({0: 4.0, 5: 0.0, 10: 0.0}, {}))
    assert logit(project, 1) != first and len(learnt) == 1
    longer = replace(project, settings=project.settings.with_option("deepemd", "structured_layer", "published"))
    assert logit(longer, 0) != first and len(learnt) == 2
    other = project.classes[0]
    assert logit(project.with_class(replace(other, pictures=other.pictures[:1])), 0) and len(learnt) == 3


@pytest.mark.parametrize("regions", ["grid:1,2", "sampling:5"])
def test_patches_are_matched_on_sheets(regions: str, work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    project, engine = replace(project, settings=replace(project.settings, regions=regions)), Engine()
    answer = engine.classify(QUIET, store, project, small_backbone, "")
    match = engine.match(QUIET, store, project, small_backbone, Pair(project.queries[1].id, project.classes[2].id))
    assert match.flow.logit == pytest.approx(answer.logits[1][2], abs=1e-4)
    assert len({match.flow.query_regions.name(node) for node in range(5)}) == 5
    patches = parse_regions(regions)
    assert patches is not None
    sheet, places = patches.sheet(store.pixels(project.queries[1].id), len(match.flow.query_image))
    np.testing.assert_array_equal(match.flow.query_image, sheet)
    np.testing.assert_array_equal(match.flow.query_boxes, places)
    examples = [patches.sheet(store.pixels(one.id), len(sheet))[0] for one in project.classes[2].pictures]
    np.testing.assert_array_equal(match.flow.support_image, np.mean(examples, axis=0).round())


def test_one_picture_of_a_class_can_be_matched_alone(work: tuple[Store, Project], small_backbone: str) -> None:
    store, project = work
    owner, engine = project.classes[1], Engine()
    flows = [
        engine.match(QUIET, store, project, small_backbone, Pair(project.queries[0].id, owner.id, picture.id)).flow
        for picture in owner.pictures
    ]
    assert not np.array_equal(flows[0].support_image, flows[1].support_image)
    alone = replace(owner, pictures=owner.pictures[1:])
    single = engine.match(
        QUIET, store, project.with_class(alone), small_backbone, Pair(project.queries[0].id, owner.id)
    )
    assert flows[1].logit == pytest.approx(single.flow.logit, abs=1e-4)
