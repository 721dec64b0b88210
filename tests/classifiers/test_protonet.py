"""ProtoNet against its formula, sample by sample."""

import numpy as np
import pytest
import torch

from fsl_core.classifiers import ProtoNet
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered


def episode(normalise: bool) -> tuple[EpisodeFeatures, list[np.ndarray], np.ndarray]:
    """Features, and by numpy alone the class means and the query vectors."""
    features = clustered((1, 4, 2), 5)
    support, query = (maps.double().numpy().mean((2, 3)) for maps in (features.support, features.query))
    if normalise:
        support, query = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (support, query))
    labels = features.support_labels.numpy()
    return features, [support[labels == k].mean(axis=0) for k in range(3)], query


@pytest.mark.parametrize("normalise", [False, True])
def test_logits_are_minus_the_squared_distances_to_the_class_means(normalise: bool) -> None:
    features, means, query = episode(normalise)
    expected = [[-2.5 * np.sum((row - mean) ** 2) for mean in means] for row in query]
    mine = ProtoNet(temperature=2.5, normalise=normalise)(features).logits
    np.testing.assert_allclose(mine.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_normalised_distances_are_at_most_4() -> None:
    features = clustered((1, 1), 4)
    opposite = type(features)(100 * features.support, features.support_labels, -features.support, features.class_names)
    logits = ProtoNet(normalise=True)(opposite).logits
    assert torch.allclose(logits[0, features.support_labels[0]], torch.tensor(-4.0), atol=1e-4)


@pytest.mark.parametrize("normalise", [False, True])
def test_the_metric_cosine_compares_angles_to_the_class_means(normalise: bool) -> None:
    features, means, query = episode(normalise)
    expected = [[8 * row @ mean / np.linalg.norm(row) / np.linalg.norm(mean) for mean in means] for row in query]
    mine = ProtoNet(metric="cosine", temperature=8.0, normalise=normalise)(features).logits
    np.testing.assert_allclose(mine.numpy(), expected, rtol=1e-5)
