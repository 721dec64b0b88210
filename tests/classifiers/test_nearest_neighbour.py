"""Nearest neighbours against scikit-free loops."""

import numpy as np
import pytest

from fsl_core.classifiers import NearestNeighbour
from fsl_core.errors import OptionError
from tests.contracts.test_classifiers import clustered


@pytest.mark.parametrize("k", [1, 2, 50])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_logits_are_the_mean_of_the_k_best_similarities_of_each_class(metric: str, k: int) -> None:
    features = clustered((1, 4, 2), 5)
    support, query = (maps.double().numpy().mean((2, 3)) for maps in (features.support, features.query))
    labels = features.support_labels.numpy()
    expected = np.zeros((5, 3))
    for row, vector in enumerate(query):
        for label in range(3):
            others = support[labels == label]
            if metric == "cosine":
                similar = [vector @ other / np.linalg.norm(vector) / np.linalg.norm(other) for other in others]
            else:
                similar = [-np.sqrt(np.mean((vector - other) ** 2)) for other in others]
            expected[row, label] = 4 * np.mean(sorted(similar, reverse=True)[:k])
    mine = NearestNeighbour(k=k, metric=metric, temperature=4.0)(features).logits
    np.testing.assert_allclose(mine.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_k_of_1_answers_with_the_class_of_the_nearest_support_image(metric: str) -> None:
    features = clustered((3, 3, 3), 9, seed=4)
    support, query = (maps.numpy().mean((2, 3)) for maps in (features.support, features.query))
    if metric == "cosine":
        support, query = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (support, query))
    nearest = np.linalg.norm(query[:, None] - support[None], axis=2).argmin(axis=1)
    expected = features.support_labels.numpy()[nearest]
    assert (NearestNeighbour(metric=metric)(features).logits.argmax(dim=1).numpy() == expected).all()


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="k must lie in"):
        NearestNeighbour(k=0)
    with pytest.raises(OptionError, match="k must be a whole number"):
        NearestNeighbour(k=1.5)
