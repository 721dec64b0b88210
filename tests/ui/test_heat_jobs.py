"""What the worker does for heat maps: the core's own maps, one bench for all methods, and an end when nobody waits."""

import gc
from collections import OrderedDict
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import DeepEMD, ProtoNet
from fsl_core.errors import OptionError
from fsl_core.explain import ATTRIBUTIONS, Options, Question, applicable, attribute, believe, bench
from fsl_core.features import extract
from fsl_core.ui import cached, heat_jobs
from fsl_core.ui.engine import Engine, Pair
from fsl_core.ui.heat_jobs import Asked
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.scene import Scene
from fsl_core.ui.store import Store

QUICK = (("path_steps", 4), ("stride", 50.0), ("window", 50.0))


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> OrderedDict:
    kept: OrderedDict = OrderedDict()
    monkeypatch.setattr(cached, "benches", lambda: kept)
    return kept


@pytest.fixture
def scene(small_backbone: str, benches: OrderedDict) -> Scene:
    store, empty = Store.create()
    project = store.adopt(cached.draw("synthetic", None, (3, 2, 2), 5), empty)
    return Scene(Ticket(lambda fraction, phase: None), Engine(), store, project, small_backbone)


def asked(scene: Scene, method: str = "grad_cam", query: int = 1, label: int = 2, against: int | None = None) -> Asked:
    project = scene.project
    other = None if against is None else project.classes[against].id
    return Asked(project.queries[query].id, project.classes[label].id, other, method, QUICK)


def asking(scene: Scene, **settings: object) -> Scene:
    return replace(scene, project=replace(scene.project, settings=replace(scene.project.settings, **settings)))


def question(scene: Scene, against: int | None = None) -> Question:
    """What `asked` asks, put together without the app."""
    backbone, episode = load_backbone(scene.name), scene.store.episode(scene.project)
    return Question(backbone, DeepEMD(), extract(backbone, episode), episode.query_images[1], 2, against)


@pytest.mark.parametrize("against", [None, 0])
@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_maps_are_those_of_the_core(scene: Scene, method: str, against: int | None) -> None:
    found = heat_jobs.map_of(scene, asked(scene, method, against=against))
    expected = attribute(question(scene, against), method, Options(**dict(QUICK)))
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-3, atol=1e-6 * np.abs(expected.values).max())
    assert (found.target, found.score) == (expected.target, pytest.approx(expected.score, rel=1e-4))
    assert found.image.shape == (320, 320, 3)  # what is shown, larger than what the model sees


def test_contributions_add_up_to_the_answer_that_classify_gives(scene: Scene) -> None:
    found = heat_jobs.map_of(scene, asked(scene, "contributions"))
    answer = scene.engine.classify(scene.ticket, scene.store, scene.project, scene.name, "")
    assert found.values.sum() == pytest.approx(answer.logits[1][2], abs=1e-3)


def test_patches_are_left_aside_for_the_whole_picture(scene: Scene) -> None:
    cut = heat_jobs.map_of(asking(scene, regions="grid:2"), asked(scene))
    np.testing.assert_allclose(cut.values, heat_jobs.map_of(scene, asked(scene)).values, rtol=1e-4, atol=1e-7)


def test_the_usual_map_is_grad_cam_or_occlusion(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    project = scene.project
    pair = Pair(project.queries[0].id, project.classes[1].id, project.classes[1].pictures[0].id)
    assert heat_jobs.usual_map(scene, pair).method == "grad_cam"
    monkeypatch.setattr(DeepEMD, "differentiable", False)
    assert heat_jobs.usual_map(scene, pair).method == "occlusion"


def test_every_stage_s_grid_is_known(scene: Scene) -> None:
    found = heat_jobs.grids_of(scene, scene.project.queries[0].id)
    stages = load_backbone(scene.name).network.stages(question(scene).prepared)
    assert found == tuple(stage.shape[2:] for stage in stages)


def test_the_judgement_is_that_of_the_core(scene: Scene) -> None:
    one = asked(scene, "occlusion", against=0)
    found = heat_jobs.judge(scene, one)
    explain = partial(attribute, method="occlusion", options=Options(**dict(QUICK)))
    posed = question(scene, 0)
    expected = believe(bench(posed, scene.store.episode(scene.project).support_images), explain(posed), explain)
    np.testing.assert_allclose(found.belief.deletion, expected.deletion, atol=1e-4)
    np.testing.assert_allclose(found.belief.random, expected.random, atol=1e-4)
    assert found.belief.agreement == pytest.approx(expected.agreement, abs=1e-3)
    assert found.verdict == found.belief.verdict and found.saliency.method == "occlusion"


def test_random_orders_are_measured_once_for_all_methods(scene: Scene, benches: OrderedDict) -> None:
    seen: list[str] = []
    scene = replace(scene, ticket=Ticket(lambda fraction, phase: seen.append(phase)))
    first = heat_jobs.judge(scene, asked(scene, "contributions"))
    looks = len(seen)
    seen.clear()
    second = heat_jobs.judge(scene, asked(scene, "weights"))
    assert second.belief.random is first.belief.random and len(benches) == 1 and len(seen) < looks
    kept = next(iter(benches.values()))
    other = heat_jobs.judge(scene, asked(scene, "weights", query=0))
    assert len(benches) == 2 and not np.array_equal(other.belief.random, first.belief.random)
    assert list(benches.values())[1].rivals[0].backbone is kept.rivals[0].backbone  # of the same episode
    with_protonet = asking(scene, classifier="protonet")
    heat_jobs.judge(with_protonet, asked(scene, "occlusion"))
    assert list(benches.values())[2].rivals[0].backbone is not kept.rivals[0].backbone
    for label in (0, 1):
        heat_jobs.judge(scene, asked(scene, "weights", label=label))
    assert len(benches) == heat_jobs.KEPT_BENCHES


def test_a_kept_bench_reports_to_the_job_that_uses_it(scene: Scene) -> None:
    def stopped(fraction: float, phase: str) -> None:
        raise Abandoned

    calls = iter(range(1000))

    def later(fraction: float, phase: str) -> None:
        if phase.startswith("Testing") and next(calls) > 6:
            raise Abandoned

    heat_jobs.judge(scene, asked(scene, "occlusion"))
    with pytest.raises(Abandoned):
        heat_jobs.judge(replace(scene, ticket=Ticket(stopped)), asked(scene, "occlusion"))
    assert heat_jobs.judge(scene, asked(scene, "contributions")).belief  # not with the stopped job's ticket
    with pytest.raises(Abandoned):
        heat_jobs.judge(replace(scene, ticket=Ticket(later)), asked(scene, "grad_cam", query=0))


def test_a_map_that_shows_nothing_is_not_tested(scene: Scene, benches: OrderedDict) -> None:
    one = asked(scene)._replace(options=(("sign", "positive"),))
    known = heat_jobs.map_of(scene, one)
    blank = replace(known, values=-1 - np.random.default_rng(0).random(known.values.shape))
    for found in (heat_jobs.judge(scene, one, blank), heat_jobs.judged(one, blank)):
        assert (found.verdict.word, found.belief) == ("no map", None)
        assert "nothing speaks for the target" in found.verdict.sentence
    assert not benches


def test_a_method_that_does_not_fit_says_so_in_its_judgement(scene: Scene) -> None:
    found = heat_jobs.judge(asking(scene, classifier="protonet"), asked(scene, "weights"))
    assert found.saliency is None and "not for Prototypical network" in found.verdict.sentence


def test_transductive_classifiers_are_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProtoNet, "transductive", True)
    with pytest.raises(OptionError, match="answers all queries together"):
        heat_jobs.map_of(asking(scene, classifier="protonet"), asked(scene))


@pytest.mark.slow
def test_two_hundred_maps_and_their_tests_leave_no_memory_behind(scene: Scene) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux's /proc")
    methods = applicable(DeepEMD())

    def explain(number: int) -> None:
        one = asked(scene, methods[number % len(methods)], query=number % 6, label=number // 6 % 3)
        if number % 5:
            heat_jobs.map_of(scene, one)
        else:
            heat_jobs.judge(scene, one)

    def resident() -> float:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    for number in range(30):
        explain(number)
    before = resident()
    for number in range(200):
        explain(number)
    assert resident() - before < 50
