"""Logistic regression against the published code's answers, and against scikit-learn on a softmax of its own."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax

from fsl_core.classifiers import SCLLinear
from fsl_core.errors import OptionError
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered
from tests.parity import parity

SETTINGS = ("shot1_aug5", "shot5")
SOURCES = (("slices", "shot5"), *(("whole", setting) for setting in SETTINGS))
ANSWERS = {  # parity array -> options, factor from our probabilities to its scores
    "proba_global": ({"features": "global"}, 1),
    "proba_spatial": ({"features": "spatial"}, 1),
    "sum/score": ({"aggregation": "sum"}, 2),
    "max/score": ({"aggregation": "max"}, 1),
}


def episodes(arrays: dict[str, np.ndarray], setting: str) -> list[EpisodeFeatures]:
    parts = [arrays[f"{setting}/{name}"] for name in ("support_spatial", "support_label", "query_spatial")]
    return [
        EpisodeFeatures(*(torch.from_numpy(part[row]) for part in parts), tuple("abcde"))
        for row in range(len(parts[0]))
    ]


@pytest.mark.parametrize(("source", "setting"), SOURCES)
@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_the_published_code(source: str, setting: str, name: str) -> None:
    arrays, (options, factor) = parity("scl_meta_eval", source), ANSWERS[name]
    for row, features in enumerate(episodes(arrays, setting)):
        mine = factor * SCLLinear(**options)(features).logits.exp().numpy()
        if name.startswith("proba"):
            mine = SCLLinear(**options)(features).probabilities.numpy()
            np.testing.assert_allclose(mine, arrays[f"{setting}/{name}_converged"][row], atol=1e-5)
        np.testing.assert_allclose(mine, arrays[f"{setting}/{name}"][row], atol=5e-4 * factor)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("aggregation", ["sum", "max"])
def test_predictions_and_accuracy_of_the_published_code(setting: str, aggregation: str) -> None:
    arrays, right = parity("scl_meta_eval", "whole"), []
    for row, features in enumerate(episodes(arrays, setting)):
        mine = SCLLinear(aggregation=aggregation)(features).logits.argmax(dim=1).numpy()
        best = np.sort(arrays[f"{setting}/{aggregation}/score"][row], axis=1)[:, ::-1]
        clear = best[:, 0] - best[:, 1] > 1e-3
        assert clear.sum() > 60
        assert (mine == arrays[f"{setting}/{aggregation}/pred"][row])[clear].all()
        right.append((mine == arrays[f"{setting}/query_label"][row]).mean())
    assert abs(np.mean(right) - arrays[f"{setting}/{aggregation}/mean_acc"]) <= 2 / 150 + 1e-9


def softmax_regression(
    support: np.ndarray, labels: np.ndarray, query: np.ndarray, penalties: tuple[float, float]
) -> np.ndarray:
    """Probabilities of the optimum: mean over classes of the cross-entropy + penalties on weights and biases."""
    way, (on_weights, on_biases) = labels.max() + 1, penalties
    share = (1 / np.bincount(labels) / way)[labels]

    def unpacked(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return flat[way:].reshape(way, -1), flat[:way]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weight, bias = unpacked(flat)
        log = log_softmax(support @ weight.T + bias, axis=1)
        error = share[:, None] * (np.exp(log) - np.eye(way)[labels])
        value = -(share * log[np.arange(len(labels)), labels]).sum()
        value += on_weights / 2 * (weight**2).sum() + on_biases / 2 * (bias**2).sum()
        return value, np.concatenate(
            [error.sum(0) + on_biases * bias, (error.T @ support + on_weights * weight).ravel()]
        )

    start = np.zeros(way * (support.shape[1] + 1))
    weight, bias = unpacked(minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x)
    return np.exp(log_softmax(query @ weight.T + bias, axis=1))


def units(maps: torch.Tensor) -> np.ndarray:
    vectors = maps.double().numpy().mean((2, 3))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("shots", [(1, 1), (3, 1), (2, 2, 2), (1, 4, 2)], ids=str)
def test_the_optimum_also_for_two_classes_and_uneven_shots(shots: tuple[int, ...]) -> None:
    features = clustered(shots, 6, channels=8)
    labels = features.support_labels.numpy()
    expected = softmax_regression(units(features.support), labels, units(features.query), (1 / len(labels), 0.0))
    mine = SCLLinear(features="global")(features).probabilities.numpy()
    np.testing.assert_allclose(mine, expected, atol=2e-5)


@pytest.mark.parametrize("shots", [(1, 1), (2, 2, 2), (1, 4, 2)], ids=str)
@pytest.mark.parametrize("fit", ["torch", "imprinted"])
def test_the_torch_variant_comes_close_to_its_optimum(fit: str, shots: tuple[int, ...]) -> None:
    features = clustered(shots, 6, channels=8)
    labels = features.support_labels.numpy()
    expected = softmax_regression(units(features.support), labels, units(features.query), (0.01, 0.01))
    mine = SCLLinear(features="global", fit=fit)(features).probabilities.numpy()
    np.testing.assert_allclose(mine, expected, atol=5e-3)


def test_spatial_features_of_the_torch_variant() -> None:
    """Cells of unit length, then the largest value in each quarter."""
    features = clustered((2, 2, 2), 6, side=4, channels=8)

    def quarters(maps: torch.Tensor) -> np.ndarray:
        cells = maps.double().numpy()
        cells = cells / np.linalg.norm(cells, axis=1, keepdims=True)
        return cells.reshape(len(cells), 8, 2, 2, 2, 2).max(axis=(3, 5)).reshape(len(cells), -1)

    expected = softmax_regression(
        quarters(features.support), features.support_labels.numpy(), quarters(features.query), (0.01, 0.01)
    )
    mine = SCLLinear(features="spatial", fit="torch")(features).probabilities.numpy()
    np.testing.assert_allclose(mine, expected, atol=5e-3)


def test_imprinted_weights_are_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []
    monkeypatch.setattr(torch.optim.LBFGS, "step", lambda self, loss: starts.append(self.param_groups[0]["params"][0]))
    features = clustered((2, 3), 1, side=4, channels=8)
    SCLLinear(fit="imprinted")(features)
    vectors, maps = units(features.support), features.support.double()
    cells = torch.nn.functional.max_pool2d(maps / maps.norm(dim=1, keepdim=True), 2).numpy()
    for start, inputs in zip(starts, (vectors[:, :, None, None], cells), strict=True):
        means = np.stack([inputs[features.support_labels.numpy() == k].mean(axis=0) for k in range(2)])
        expected = means / np.linalg.norm(means, axis=1, keepdims=True)
        np.testing.assert_allclose(start.detach().numpy(), expected.reshape(2, -1), atol=1e-6)


@pytest.mark.parametrize("fit", ["scikit_learn", "torch", "imprinted"])
def test_it_answers_the_same_in_inference_mode(fit: str) -> None:
    features, classifier = clustered((2, 1), 4), SCLLinear(fit=fit)
    with torch.inference_mode():
        inside = classifier(dataclasses.replace(features, support=features.support.clone())).logits
    assert torch.equal(inside, classifier(features).logits)


def test_the_gradient_is_that_of_a_sum_of_support_vectors() -> None:
    """At the optimum a class's weights are the support vectors times what the probabilities lack."""
    features = clustered((3, 3), 4, channels=8)
    support, query = (maps.double().requires_grad_() for maps in (features.support, features.query))
    double = dataclasses.replace(features, support=support, query=query)
    classifier = SCLLinear(features="global")
    classifier(double).logits[:, 0].sum().backward()
    found = support.grad.clone()
    itself = classifier(dataclasses.replace(double, query=support)).probabilities.detach()
    lacking = (features.support_labels == 0).double() - itself[:, 0]
    vectors = [maps.mean(dim=(2, 3)) for maps in (support, query)]
    units = [vector / vector.norm(dim=1, keepdim=True) for vector in vectors]
    support.grad = None
    (units[1].detach() @ (lacking[:, None] * units[0]).sum(dim=0)).sum().backward()
    torch.testing.assert_close(found, support.grad, atol=1e-6, rtol=0)
    assert found.abs().max() > 1e-3


def test_options_are_checked() -> None:
    for name in ("features", "aggregation", "fit"):
        with pytest.raises(OptionError, match=f"{name} must be one of"):
            SCLLinear(**{name: "none"})
