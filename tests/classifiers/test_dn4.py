"""DN4's image-to-class measure, cell by cell."""

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DN4
from fsl_core.errors import OptionError
from fsl_core.features import EpisodeFeatures
from tests.contracts.test_classifiers import clustered


@pytest.mark.parametrize("k", [1, 3, 100])
def test_logits_are_the_mean_of_each_cells_k_best_cosines(k: int) -> None:
    features = clustered((1, 3, 2), 4)
    expected = np.zeros((4, 3))
    for row, image in enumerate(features.query.double().numpy()):
        for label in range(3):
            pool = [
                support[:, y, x]
                for support in features.support[features.support_labels == label].double().numpy()
                for y in range(3)
                for x in range(3)
            ]
            best = []
            for cell in image.reshape(32, 9).T:
                cosines = [cell @ other / np.linalg.norm(cell) / np.linalg.norm(other) for other in pool]
                best.append(np.mean(sorted(cosines, reverse=True)[:k]))
            expected[row, label] = 6 * np.mean(best)
    mine = DN4(k=k, temperature=6.0)(features).logits
    np.testing.assert_allclose(mine.numpy(), expected, atol=2e-5)


def test_where_a_region_lies_does_not_matter() -> None:
    features = clustered((2, 2), 3, side=4)
    cells = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    moved = EpisodeFeatures(
        features.support.flatten(2)[:, :, cells].unflatten(2, (4, 4)),
        features.support_labels,
        features.query.flip(3),
        features.class_names,
    )
    assert torch.allclose(DN4()(moved).logits, DN4()(features).logits, atol=1e-4)


def test_a_query_is_classified_alike_alone_and_among_others(monkeypatch: pytest.MonkeyPatch) -> None:
    features = clustered((2, 3), 5)
    together = DN4()(features).logits
    monkeypatch.setattr("fsl_core.classifiers.dn4.BLOCK", 1)
    assert torch.allclose(DN4()(features).logits, together, atol=1e-5)


def test_options_are_checked() -> None:
    with pytest.raises(OptionError, match="k must lie in"):
        DN4(k=0)
