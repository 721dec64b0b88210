"""Weights of regions against the paper's equation in loops, against the match that uses them, and on objects."""

import numpy as np
import pytest
import torch

from fsl_core.classifiers import DeepEMD
from fsl_core.errors import OptionError
from fsl_core.explain import RULES, match_support, node_weights
from fsl_core.explain.weights import Named
from fsl_core.records import Regions, cells
from tests.contracts.test_classifiers import clustered

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 24, 24, 3), dtype=np.uint8)
QUERY: Named = ("query", PIXELS[0])
SUPPORT: list[Named] = [(f"image {row}", PIXELS[row + 1]) for row in range(6)]


def test_cross_reference_weights_in_loops() -> None:
    features = clustered((1, 3, 2), 2)
    query = features.query[1] - 0.5  # so that some products are negative
    record = node_weights(DeepEMD(), query, features.support, (QUERY, SUPPORT))
    own, others = query.flatten(1).T.double().numpy(), features.support.flatten(2).mT.double().numpy()
    for target, nodes in enumerate(others):
        mean = sum(nodes) / len(nodes)
        raw = np.array([max(float(node @ mean), 0) + 1e-3 + 1e-5 for node in own])
        np.testing.assert_allclose(record.query_raw[target], raw, rtol=1e-4)
        np.testing.assert_allclose(record.query_weight[target], raw / raw.sum(), rtol=1e-4)
        back = np.array([max(float(node @ sum(own) / len(own)), 0) + 1e-3 + 1e-5 for node in nodes])
        np.testing.assert_allclose(record.target_raw[target], back, rtol=1e-4)
        np.testing.assert_allclose(record.target_weight[target], back / back.sum(), rtol=1e-4)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("pyramid", ["none", "2"])
def test_weights_are_the_marginals_of_the_match_and_sum_to_1(rule: str, pyramid: str) -> None:
    features, classifier = clustered((1, 3, 2), 2), DeepEMD(weights=rule, pyramid=pyramid)
    record = node_weights(classifier, features.query[1], features.support, (QUERY, SUPPORT))
    assert record.rule == rule and record.residual < 1e-6
    np.testing.assert_allclose(record.node_count.sum(axis=1), len(record.query.regions), rtol=1e-6)
    np.testing.assert_allclose(
        record.query_raw / record.query_raw.sum(axis=1, keepdims=True), record.query_weight, 1e-5
    )
    for row in range(6):
        flow = match_support(classifier, features, 1, row, (PIXELS[0], PIXELS[row + 1]))
        np.testing.assert_allclose(record.query_weight[row], flow.query_weight, atol=1e-7)
        np.testing.assert_allclose(record.target_weight[row], flow.support_weight, atol=1e-7)
        np.testing.assert_array_equal(record.targets[row].regions.boxes, flow.support_boxes)
        np.testing.assert_array_equal(record.query.image, flow.query_image)


def test_the_images_compared_to_move_cross_reference_weights_alone() -> None:
    features = clustered((1, 3, 2), 2)
    records = {
        rule: node_weights(DeepEMD(weights=rule), features.query[0], features.support, (QUERY, SUPPORT))
        for rule in RULES
    }
    assert RULES == ("cross_reference", "equal", "kmeans", "mean_shift")
    weight = records["cross_reference"].query_weight
    assert records["cross_reference"].apart[1, 3] == pytest.approx(sum(abs(weight[1] - weight[3])) / 2)
    for rule, record in records.items():
        assert (record.spread.max() > 1e-4) == (rule == "cross_reference") == (record.moved > 1e-5)
    np.testing.assert_allclose(records["equal"].query_weight, 1 / 9, rtol=1e-6)
    np.testing.assert_allclose(records["equal"].mean, 1 / 9, rtol=1e-6)


def test_what_moves_by_hand() -> None:
    """Two cells along the axes, three targets: the weights go (1, 0), (0, 1), (1, 0) but for the floor."""
    query = torch.eye(2)[:, :, None]
    targets = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])[:, :, None, None].expand(3, 2, 2, 1)
    record = node_weights(DeepEMD(), query, targets, (QUERY, SUPPORT[:3]))
    np.testing.assert_allclose(record.query_weight, [[1, 0], [0, 1], [1, 0]], atol=2e-3)
    np.testing.assert_allclose(record.spread, 1, atol=3e-3)
    np.testing.assert_allclose(record.mean, [2 / 3, 1 / 3], atol=2e-3)
    assert record.moved == pytest.approx(2 / 3, abs=3e-3)  # of three pairs two differ, wholly
    alone = node_weights(DeepEMD(), query, targets[:1], (QUERY, SUPPORT[:1]))
    assert alone.moved == 0 and not alone.spread.any()


def test_the_share_on_an_object_by_hand() -> None:
    """A 2 x 2 map of 24 pixels; the object fills the left half of the upper left cell and all of the lower right."""
    query = torch.tensor([3.0, 1.0, 0.0, 4.0]).reshape(1, 2, 2)
    record = node_weights(DeepEMD(), query, torch.ones(1, 1, 2, 2), (QUERY, SUPPORT[:1]))
    mask = np.zeros((24, 24), dtype=bool)
    mask[:12, :6], mask[12:, 12:] = True, True
    np.testing.assert_allclose(record.query.regions.covered(mask), [0.5, 0, 0, 1])
    assert record.on_object(mask) == pytest.approx([(1.5 + 4) / 8], abs=1e-3)
    assert record.object_share(mask) == pytest.approx(0.375) == mask.mean()


def test_pixels_that_two_regions_share_are_divided() -> None:
    """Against the picture enlarged until every border lies between pixels."""
    mask = np.random.default_rng(2).random((10, 7)) < 0.4
    large = mask.repeat(3 * 4, axis=0).repeat(3 * 4, axis=1)
    found = Regions(cells(4, 3)).covered(mask)
    for node in range(12):
        row, column = divmod(node, 3)
        part = large[row * 30 : row * 30 + 30, column * 28 : column * 28 + 28]
        assert found[node] == pytest.approx(part.mean())
    assert found @ np.full(12, 1 / 12) == pytest.approx(mask.mean())


def test_what_cannot_be_weighed() -> None:
    features = clustered((1, 3, 2), 2)
    with pytest.raises(OptionError, match="6 maps and 5 pictures"):
        node_weights(DeepEMD(), features.query[0], features.support, (QUERY, SUPPORT[:5]))
    with pytest.raises(OptionError, match="at least one"):
        node_weights(DeepEMD(), features.query[0], features.support[:0], (QUERY, []))
    sheet = node_weights(DeepEMD(pyramid="2"), features.query[0], features.support, (QUERY, SUPPORT))
    with pytest.raises(OptionError, match="cells of its map"):
        sheet.on_object(np.ones((24, 24), dtype=bool))
