"""Attribution maps against hand-made answers, captum's hooks, loops, identities.

Of all explanations: shared networks stay as they are, and no memory is left behind.
"""

import copy
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import GuidedGradCam, LayerGradCam
from torch import nn

from fsl_core.backbones.attention import AttentionHeads
from fsl_core.backbones.resnet12 import ResNet12
from fsl_core.classifiers import CLASSIFIERS, Cosine, DeepEMD, ProtoNet
from fsl_core.errors import OptionError
from fsl_core.explain import (
    ATTRIBUTIONS,
    Options,
    Question,
    Trial,
    align,
    applicable,
    attribute,
    bench,
    component_map,
    index_from,
    match_class,
    nearest,
    node_weights,
    principal_axes,
    stage_grids,
    support_influence,
)
from fsl_core.features import EpisodeFeatures
from tests.explain.conftest import Pictures
from tests.explain.tiny import Opaque, Readout, conv4, frozen, pictures, readout


def test_grad_cam_by_pencil() -> None:
    """D logit / d channel is 1 at one cell of 49, so alpha = (factor / 49, 0); against class 1 also -1 / 49."""
    question = readout(Readout(factor=3.0))
    maps = question.backbone.network(question.prepared)[0].double().numpy()
    found = attribute(question, "grad_cam")
    np.testing.assert_allclose(found.values, 3 / 49 * maps[0], rtol=1e-5)
    assert (found.target, found.stage, found.sign, found.residual) == ("logit of cat", "stage 2 of 2", "positive", None)
    assert found.score == pytest.approx(3 * maps[0, 2, 5], rel=1e-5)
    both = attribute(replace(question, against=1), "grad_cam", Options(sign="all"))
    np.testing.assert_allclose(both.values, 3 / 49 * maps[0] - maps[1] / 49, rtol=1e-4, atol=1e-7)
    assert both.target == "logit of cat minus logit of dog" and both.sign == "all"
    assert both.score == pytest.approx(3 * maps[0, 2, 5] - maps[1].mean(), rel=1e-4)


@pytest.mark.parametrize("against", [None, 2])
@pytest.mark.parametrize("method", ["grad_cam", "guided_grad_cam", "integrated_gradients", "contributions"])
def test_values_are_the_sums_of_their_products(method: str, against: int | None) -> None:
    found = attribute(conv4(DeepEMD(), against=against), method)
    rows, columns = found.values.shape
    for row, column in ((0, 0), (rows - 1, columns // 2)):
        terms = found.products.at(row, column)
        total = sum(term.product for term in terms)
        assert total == pytest.approx(found.values[row, column], rel=1e-4, abs=1e-7)
        assert abs(terms[0].product) >= abs(terms[-1].product)
    assert len(found.products.names) == {"grad_cam": 8, "contributions": 16 if against is None else 32}.get(method, 3)


def test_the_products_of_a_contribution_are_flows_and_similarities() -> None:
    question = conv4(DeepEMD())
    known = replace(question.features, query=question.backbone.maps([question.image]))
    flow = match_class(question.classifier, known, 0, 1, (question.seen,) * 2)
    products = attribute(question, "contributions").products
    np.testing.assert_allclose(products.left.reshape(16, 16).T, 12.5 * flow.plan, atol=1e-5)
    np.testing.assert_allclose(products.right.reshape(16, 16).T, flow.similarity, atol=1e-5)
    assert products.names == tuple(f"region ({row}, {column}) of the class" for row in range(4) for column in range(4))


def test_grad_cams_factors_by_pencil() -> None:
    question = readout(Readout(factor=3.0))
    term, other = attribute(question, "grad_cam").products.at(2, 5)
    maps = question.backbone.network(question.prepared)[0]
    assert (term.name, other.product) == ("channel 0", 0)
    assert (term.left, term.right) == (pytest.approx(3 / 49), pytest.approx(maps[0, 2, 5].item()))


def test_every_picture_that_the_network_looks_at_is_told_of_and_the_work_can_be_stopped() -> None:
    seen: list[int] = []
    question = replace(conv4(DeepEMD()), looks=seen.append)
    attribute(question, "grad_cam")
    assert seen == [1, 1]
    seen.clear()
    attribute(question, "integrated_gradients", Options(path_steps=16))
    assert sum(seen) >= 16 and max(seen) <= 8

    def stop(pictures: int) -> None:
        raise KeyboardInterrupt

    for method in ATTRIBUTIONS:
        with pytest.raises(KeyboardInterrupt):
            attribute(replace(question, looks=stop), method)


@pytest.mark.parametrize("method", ATTRIBUTIONS)
def test_what_the_thread_explains_in_between_is_not_touched(method: str) -> None:
    """A job that steps aside lets others compute on its thread wherever it says that the network looks."""
    question, options = conv4(DeepEMD()), Options(path_steps=4, window=50.0, stride=50.0)
    expected = attribute(question, "integrated_gradients", options).values
    between: list[np.ndarray] = []

    def other(pictures: int) -> None:
        between.append(attribute(question, "integrated_gradients", options).values)

    attribute(replace(question, looks=other), method, options)
    for found in between:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8)
    assert between


def test_grad_cam_of_an_earlier_stage_by_pencil() -> None:
    """Through the mixing weights (1, 2, 0): alpha = (1, 2, 0) / 49."""
    question = readout()
    red, green, _ = question.backbone.network.stages(question.prepared)[0][0].double().numpy()
    found = attribute(question, "grad_cam", Options(stage=1))
    np.testing.assert_allclose(found.values, (red + 2 * green) / 49, rtol=1e-4, atol=1e-7)
    assert found.stage == "stage 1 of 2" and stage_grids(question) == ((7, 7), (7, 7))


@pytest.mark.parametrize("against", [None, 2])
@pytest.mark.parametrize("classifier", [ProtoNet(), DeepEMD(), DeepEMD(solver="opencv"), Cosine()])
def test_gradient_maps_are_those_of_captum_s_hooks(classifier: object, against: int | None) -> None:
    question = conv4(classifier, against=against)
    shell = copy.deepcopy(question.backbone.network)

    class Scored(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = shell

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return question.of_maps(self.network(images))

    model = Scored()
    for stage, layer in enumerate(shell.children(), start=1):
        image = question.prepared.clone().requires_grad_()
        expected = LayerGradCam(model, layer).attribute(image).detach()[0, 0]
        found = attribute(question, "grad_cam", Options(stage=stage)).values
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * expected.abs().max().item())
    with pytest.warns(UserWarning, match="Setting backward hooks"):
        guided = GuidedGradCam(model, shell.layer4).attribute(image, interpolate_mode="bilinear").detach()[0]
    found = attribute(question, "guided_grad_cam").values
    np.testing.assert_allclose(found, guided.sum(dim=0), rtol=1e-3, atol=1e-6 * guided.abs().max().item())


@pytest.mark.parametrize("classifier", [ProtoNet(), Cosine()])
def test_integrated_gradients_add_up_to_the_score(classifier: object) -> None:
    question = conv4(classifier, against=0)
    found = attribute(question, "integrated_gradients", Options(path_steps=128))
    with torch.no_grad():
        gained = (question.score(question.prepared) - question.score(torch.zeros_like(question.prepared))).item()
    assert found.values.shape == (32, 32)
    assert found.values.sum() + found.residual == pytest.approx(gained, abs=1e-4)
    assert abs(found.residual) < 0.03 * abs(gained)
    assert abs(attribute(question, "integrated_gradients", Options(path_steps=2)).residual) > abs(found.residual)


def test_integrated_gradients_of_a_linear_score_by_pencil() -> None:
    """(red + 2 green) / 4 at the 2 x 2 pixels of the cell, nothing elsewhere, and no residual."""
    question = readout()
    expected = np.zeros((14, 14))
    red, green, _ = question.prepared[0].double().numpy()
    expected[4:6, 10:12] = ((red + 2 * green) / 4)[4:6, 10:12]
    found = attribute(question, "integrated_gradients")
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert abs(found.residual) < 1e-5


def test_deepemds_gradients_go_through_the_transport_layer() -> None:
    """What the gradients say the score gains is what it gains; opencv holds plan and weights constant and is off."""
    residual = {}
    for solver in ("exact", "opencv"):
        found = attribute(conv4(DeepEMD(solver=solver)), "integrated_gradients", Options(path_steps=128))
        residual[solver] = abs(found.residual)
    assert residual["exact"] < 0.05 < residual["opencv"]


@pytest.mark.parametrize(("window", "stride"), [(25.0, 12.5), (40.0, 30.0), (100.0, 100.0)])
def test_occlusion_is_a_loop_over_squares(window: float, stride: float) -> None:
    question = conv4(against=2)
    side, step = round(window / 100 * 32), round(stride / 100 * 32)
    total, times = np.zeros((32, 32)), np.zeros((32, 32))
    with torch.no_grad():
        score = question.score(question.prepared).item()
        for top in range(0, 32 - side + step, step):
            for left in range(0, 32 - side + step, step):
                covered = question.prepared.clone()
                covered[:, :, top : top + side, left : left + side] = 0
                total[top : top + side, left : left + side] += score - question.score(covered).item()
                times[top : top + side, left : left + side] += 1
    found = attribute(question, "occlusion", Options(window=window, stride=stride))
    np.testing.assert_allclose(found.values, total / times, atol=2e-4)


def test_deepemds_own_maps_are_those_of_its_matching() -> None:
    question = conv4(DeepEMD(solver="exact"))
    known = replace(question.features, query=question.backbone.maps([question.image]))
    flows = [match_class(question.classifier, known, 0, label, (question.seen,) * 2) for label in range(3)]
    one = attribute(question, "contributions")
    np.testing.assert_allclose(one.values.ravel(), flows[1].contributions, atol=1e-5)
    assert one.score == pytest.approx(flows[1].logit, abs=1e-4) and abs(one.residual) < 1e-4
    both = attribute(replace(question, against=2), "contributions")
    np.testing.assert_allclose(both.values.ravel(), flows[1].contributions - flows[2].contributions, atol=1e-5)
    assert abs(both.residual) < 1e-4
    np.testing.assert_allclose(attribute(question, "weights").values.ravel(), flows[1].query_weight, atol=1e-6)


@pytest.mark.parametrize("shots", ["nearest", "fused", "structured"])
def test_contributions_add_up_however_several_shots_are_taken(shots: str) -> None:
    question = conv4()
    support = torch.cat([question.features.support, question.backbone.maps(pictures(3, 32, seed=5))])
    features = EpisodeFeatures(support, torch.arange(6) % 3, question.features.query, ("cat", "dog", "cow"))
    found = attribute(replace(question, features=features, classifier=DeepEMD(shots=shots), against=0), "contributions")
    assert abs(found.residual) < 1e-4 < abs(found.score)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_method_that_fits_explains_every_classifier(name: str) -> None:
    question = conv4(CLASSIFIERS[name]())
    for method in applicable(question.classifier):
        found = attribute(question, method)
        nothing_for_it = method == "guided_grad_cam" and not attribute(question, "grad_cam").shown.any()
        assert np.isfinite(found.values).all() and found.values.any() != nothing_for_it
        assert ("blank" in found.fault) == nothing_for_it or method == "grad_cam"
        assert found.score == pytest.approx(question.score(question.prepared).item(), rel=1e-4)
        assert found.image.shape == (32, 32, 3) and found.title == ATTRIBUTIONS[method].title


def test_a_network_that_calls_leaky_rectifiers_is_guided_too() -> None:
    torch.manual_seed(0)
    backbone, images = frozen(ResNet12((4, 4, 8, 8)), 32), pictures(3, 32)
    features = EpisodeFeatures(backbone.maps(images[:2]), torch.arange(2), backbone.maps(images[2:]), ("a", "b"))
    question = Question(backbone, ProtoNet(), features, images[2], 0)
    image = question.prepared.clone().requires_grad_()
    plain = torch.autograd.grad(question.score(image).sum(), image)[0][0].sum(dim=0).numpy()
    found = attribute(question, "guided_grad_cam").values
    seen = np.abs(found) > 0
    assert seen.any() and not np.allclose(np.sign(found[seen]), np.sign(plain[seen]))


def test_features_made_in_inference_mode_and_calls_within_it_are_explained() -> None:
    question = conv4(DeepEMD())
    assert question.features.support.is_inference()
    expected = attribute(question, "grad_cam").values
    with torch.inference_mode():
        found = attribute(replace(question), "grad_cam")
        bench(replace(question), pictures(3, 32), Trial(pairs=2))
    assert expected.any()
    np.testing.assert_allclose(found.values, expected, rtol=1e-5)


def test_what_cannot_be_done_is_said_in_one_sentence() -> None:
    opaque = readout(Opaque())
    assert applicable(opaque.classifier) == ("occlusion",)
    assert attribute(opaque, "occlusion").values.any()
    for method in ("grad_cam", "guided_grad_cam", "integrated_gradients"):
        with pytest.raises(OptionError, match="Readout has none by its query; choose occlusion"):
            attribute(opaque, method)
    with pytest.raises(OptionError, match=r"DeepEMD \(FCN\) only, not for Readout"):
        attribute(opaque, "contributions")
    with pytest.raises(OptionError, match="choose one of grad_cam"):
        attribute(opaque, "magic")
    with pytest.raises(OptionError, match="has 2 stages, so there is no stage 3"):
        attribute(readout(), "grad_cam", Options(stage=3))
    with pytest.raises(OptionError, match="tiny has none"):
        attribute(readout(), "guided_grad_cam")
    assert "contributions" not in applicable(DeepEMD(pyramid="2")) and "weights" in applicable(DeepEMD())
    with pytest.raises(OptionError, match="set pyramid to none"):
        attribute(conv4(DeepEMD(pyramid="2")), "contributions")
    with pytest.raises(OptionError, match="must not exceed its window"):
        Options(window=10.0, stride=20.0)
    with pytest.raises(OptionError, match="no class 2"):
        replace(readout(), label=2)
    with pytest.raises(OptionError, match="against itself"):
        replace(readout(), against=0)


def explanations(question: Question, options: Options | None = None) -> list[Callable[[np.ndarray], np.ndarray]]:
    """Everything that explains a query, as functions from its picture to numbers; all share the question's network."""
    backbone, known, images = question.backbone, question.features, pictures(3, 32)
    index = index_from(backbone, Pictures(images, range(3)), "three", known.support)
    axes, names = principal_axes(index.pooled, 2), list(zip("abc", images, strict=True))
    heads = {f"attention.{name}": one for name, one in AttentionHeads(8, 4).state_dict().items()}

    def by(method: str) -> Callable[[np.ndarray], np.ndarray]:
        def found(image: np.ndarray) -> np.ndarray:
            saliency = attribute(replace(question, image=image), method, options or Options())
            return np.append(saliency.values, saliency.score)

        return found

    return [
        *map(by, ATTRIBUTIONS),
        lambda image: align(heads, backbone.maps([image])[0], known.support[0], (image, images[0])).query.attention,
        lambda image: (
            node_weights(DeepEMD(), backbone.maps([image])[0], known.support, (("query", image), names)).query_weight
        ),
        lambda image: nearest(index, image, 3).similarity,
        lambda image: component_map(axes, 1, backbone, image).values,
        lambda image: (
            support_influence(
                question.classifier, replace(known, query=backbone.maps([image])), ("abc", ["query"])
            ).without
        ),
    ]


def test_one_shared_network_explains_in_eight_threads_as_in_one_and_stays_as_it_was() -> None:
    question = conv4(DeepEMD())
    network = question.backbone.network
    before = copy.deepcopy(network.state_dict())
    images, every = pictures(8, 32, seed=7), explanations(question)
    tasks = [(explain, image) for image in images for explain in every]
    alone = [explain(image) for explain, image in tasks]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda task: task[0](task[1]), tasks, chunksize=1))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-7)
    for first, second in zip(alone, alone[len(every) : 2 * len(every)], strict=False):
        assert not np.allclose(first, second, equal_nan=True)
    for module in network.modules():
        hooks = [kept for name, kept in vars(module).items() if "hooks" in name]
        assert hooks and not any(hooks)
    assert not network.training
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_two_hundred_explanations_leave_no_memory_behind() -> None:
    question = conv4(DeepEMD())
    every = explanations(question, Options(path_steps=4, window=50.0, stride=50.0))

    def resident() -> float:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux's /proc")
    for number in range(3 * len(every)):
        every[number % len(every)](question.image)
    before = resident()
    for number in range(200):
        every[number % len(every)](question.image)
    assert resident() - before < 50
