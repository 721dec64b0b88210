"""Dense classification, cell by cell."""

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DenseClassification, ProtoNet
from tests.contracts.test_classifiers import clustered


@pytest.mark.parametrize("temperature", [4.0, 30.0])
def test_probabilities_are_the_mean_of_those_of_the_cells(temperature: float) -> None:
    features = clustered((1, 3, 2), 4)
    support, query = features.support.double().numpy(), features.query.double().numpy()
    labels = features.support_labels.numpy()
    prototypes = [support[labels == k].mean(axis=(0, 2, 3)) for k in range(3)]
    expected = np.zeros((4, 3))
    for row, image in enumerate(query):
        for cell in image.reshape(32, 9).T:
            cosines = [cell @ mean / np.linalg.norm(cell) / np.linalg.norm(mean) for mean in prototypes]
            powers = np.exp(temperature * np.array(cosines))
            expected[row] += powers / powers.sum() / 9
    mine = DenseClassification(temperature=temperature)(features)
    np.testing.assert_allclose(mine.probabilities.numpy(), expected, atol=1e-5)
    np.testing.assert_allclose(mine.logits.numpy(), np.log(expected), atol=1e-4)


def test_a_map_of_one_cell_is_classified_by_the_cosine_to_the_prototypes() -> None:
    features = clustered((2, 1, 3), 5, side=1)
    single = ProtoNet(metric="cosine", temperature=10.0)(features).probabilities
    assert torch.allclose(DenseClassification(temperature=10.0)(features).probabilities, single, atol=1e-5)
