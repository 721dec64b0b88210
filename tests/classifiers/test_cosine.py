"""Matching networks against equation 1, sample by sample."""

import numpy as np
import pytest

from fsl_core.classifiers import Cosine
from tests.contracts.test_classifiers import clustered


@pytest.mark.parametrize("balanced", [False, True])
def test_probabilities_are_the_summed_attention(balanced: bool) -> None:
    features = clustered((1, 4, 2), 5)
    support, query = (maps.double().numpy().mean((2, 3)) for maps in (features.support, features.query))
    labels = features.support_labels.numpy()
    expected = np.zeros((5, 3))
    for row, vector in enumerate(query):
        cosines = [vector @ other / np.linalg.norm(vector) / np.linalg.norm(other) for other in support]
        attention = np.exp(7 * np.array(cosines))
        for weight, label in zip(attention, labels, strict=True):
            expected[row, label] += weight / (np.sum(labels == label) if balanced else 1)
    expected /= expected.sum(axis=1, keepdims=True)
    mine = Cosine(temperature=7.0, balanced=balanced)(features).probabilities
    np.testing.assert_allclose(mine.numpy(), expected, atol=1e-5)


def test_balancing_changes_nothing_for_equal_shots() -> None:
    features = clustered((3, 3), 6)
    loose, balanced = (Cosine(balanced=choice)(features).probabilities.numpy() for choice in (False, True))
    np.testing.assert_allclose(loose, balanced, atol=1e-6)
