"""The fine-tuned linear layer against torch.optim.SGD on a torch.nn.Linear, and against scikit-learn's optimum."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from fsl_core.classifiers import Linear
from fsl_core.errors import OptionError
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered


def prepared(features: EpisodeFeatures) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Support and query vectors, centred and scaled as the docstring says, and the support labels."""
    support, query = (maps.double().numpy().mean((2, 3)) for maps in (features.support, features.query))
    labels = features.support_labels.numpy()
    centre = np.mean([support[labels == k].mean(axis=0) for k in range(features.n_way)], axis=0)
    squares = [np.mean([np.sum((row - centre) ** 2) for row in support[labels == k]]) for k in range(features.n_way)]
    scale = np.sqrt(np.mean(squares))
    return (support - centre) / scale, (query - centre) / scale, labels


@pytest.mark.parametrize("shots", [(1, 1, 1), (4, 4, 4), (1, 4, 2)], ids=str)
def test_the_steps_are_those_of_sgd_on_the_whole_support_set(shots: tuple[int, ...]) -> None:
    features = clustered(shots, 5)
    support, query, labels = (torch.from_numpy(part) for part in prepared(features))
    layer = torch.nn.Linear(support.shape[1], 3, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight), torch.nn.init.zeros_(layer.bias)
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.3, momentum=0.9, weight_decay=0.02)
    criterion = torch.nn.CrossEntropyLoss(weight=1 / torch.tensor(shots).double())
    for _ in range(30):
        optimiser.zero_grad()
        criterion(layer(support), labels).backward()
        optimiser.step()
    mine = Linear(temperature=1.5, steps=30, learning_rate=0.3, weight_decay=0.02)(features).logits
    np.testing.assert_allclose(mine.numpy(), 1.5 * layer(query).detach().numpy(), atol=2e-4)


def test_many_steps_reach_the_optimum_of_logistic_regression() -> None:
    features = clustered((2, 5, 3), 8)
    support, query, labels = prepared(features)
    shares = (1 / np.bincount(labels) / 3)[labels]
    support, query = (np.hstack([part, np.ones((len(part), 1))]) for part in (support, query))  # decay of the bias
    oracle = LogisticRegression(C=1 / 0.05, fit_intercept=False, tol=1e-8, max_iter=1000)
    oracle.fit(support, labels, sample_weight=shares)
    mine = Linear(steps=500, learning_rate=1.0, weight_decay=0.05)(features).probabilities
    np.testing.assert_allclose(mine.numpy(), oracle.predict_proba(query), atol=1e-4)


def test_brightness_and_contrast_of_all_features_change_nothing() -> None:
    features = clustered((2, 3), 6)
    other = dataclasses.replace(features, support=50 * features.support - 7, query=50 * features.query - 7)
    assert torch.allclose(Linear()(features).logits, Linear()(other).logits, atol=2e-3)


def test_it_answers_the_same_in_inference_mode() -> None:
    features = clustered((2, 1), 4)
    with torch.inference_mode():
        inside = Linear()(dataclasses.replace(features, support=features.support.clone())).logits
    assert torch.equal(inside, Linear()(features).logits)


@pytest.mark.parametrize("shots", [(1, 1), (5,) * 5, (1, 9, 2, 4)], ids=str)
@pytest.mark.parametrize("weight_decay", [0.02, 0.1])
def test_the_longest_steps_arrive_where_short_ones_do(weight_decay: float, shots: tuple[int, ...]) -> None:
    """The curvature is at most 0.5 + weight decay; momentum 0.9 and longer steps can circle the optimum for ever."""
    features = clustered(shots, 6)
    longest, usual = (Linear(steps=500, learning_rate=r, weight_decay=weight_decay)(features) for r in (2.0, 0.5))
    assert torch.allclose(longest.logits, usual.logits, atol=2e-2)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="steps must lie in"):
        Linear(steps=0)
    with pytest.raises(OptionError, match="weight_decay must lie in"):
        Linear(weight_decay=-0.1)
