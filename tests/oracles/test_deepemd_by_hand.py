"""DeepEMD derived again from its equations: loops, double precision, a general linear programme."""

import numpy as np
import pytest
from scipy.optimize import linprog

from fsl_core.classifiers import DeepEMD
from tests.contracts.test_classifiers import clustered

Array = np.ndarray


def logit_by_hand(query: Array, target: Array, metric: str, centre: bool) -> float:
    """Maps `[channels, height, width]`; weights from raw features, similarity from centred ones."""
    u, v = query.reshape(len(query), -1).T, target.reshape(len(target), -1).T
    supply = np.array([max(node @ v.mean(axis=0), 0) + 1e-3 + 1e-5 for node in u])
    demand = np.array([max(node @ u.mean(axis=0), 0) + 1e-3 + 1e-5 for node in v])
    similarity = np.zeros((len(u), len(v)))
    for i, a in enumerate(u):
        for j, b in enumerate(v):
            left, right = (a - a.mean(), b - b.mean()) if centre else (a, b)
            if metric == "cosine":
                similarity[i, j] = left @ right / np.linalg.norm(left) / np.linalg.norm(right)
            else:
                similarity[i, j] = 1 - np.sum((left - right) ** 2)
    rows, columns = np.kron(np.eye(len(u)), np.ones(len(v))), np.kron(np.ones(len(u)), np.eye(len(v)))
    masses = np.concatenate([supply / supply.sum(), demand / demand.sum()])
    programme = linprog((1 - similarity).ravel(), A_eq=np.vstack([rows, columns]), b_eq=masses)
    return 12.5 * float((programme.x * similarity.ravel()).sum())


@pytest.mark.parametrize("solver", ["exact", "opencv"])
@pytest.mark.parametrize(("metric", "centre"), [("cosine", True), ("cosine", False), ("l2", True)])
def test_logits_of_an_uneven_episode(metric: str, centre: bool, solver: str) -> None:
    features = clustered((1, 3, 2), 4)
    support, query = features.support.double().numpy() - 0.6, features.query.double().numpy() - 0.6
    shifted = type(features)(
        features.support - 0.6, features.support_labels, features.query - 0.6, features.class_names
    )
    labels = features.support_labels.numpy()
    means = [
        np.mean([image for image, label in zip(support, labels, strict=True) if label == k], axis=0) for k in range(3)
    ]
    expected = [[logit_by_hand(image, mean, metric, centre) for mean in means] for image in query]
    mine = DeepEMD(solver=solver, metric=metric, centre=centre)(shifted).logits
    np.testing.assert_allclose(mine.numpy(), expected, atol=2e-4)
