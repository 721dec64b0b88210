"""Nodes of a pyramid, the written-out gradient and the clusterings, each against another derivation."""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from fsl_core.classifiers.nodes import (
    Nodes,
    cluster_sizes,
    cross_reference_weights,
    embed,
    pooling,
    similarities,
    similarity_gradient,
)


def nodes_of(raw: torch.Tensor, metric: str, centre: bool) -> Nodes:
    return Nodes(raw, *embed(raw, metric, centre), None)


@pytest.mark.parametrize(("height", "width"), [(5, 5), (4, 7), (2, 2)])
def test_every_node_of_a_pyramid_is_the_mean_of_the_cells_below_it(height: int, width: int) -> None:
    """Adaptive pooling: cell i of s covers the rows from floor(i h / s) to ceil((i + 1) h / s)."""
    cells = np.random.default_rng(0).normal(size=(height, width))
    expected = []
    for rows, columns in ((2, 2), (3, 3), (height, width)):
        for i in range(rows):
            for j in range(columns):
                top, bottom = i * height // rows, -(-(i + 1) * height // rows)
                left, right = j * width // columns, -(-(j + 1) * width // columns)
                expected.append(cells[top:bottom, left:right].mean())
    made = pooling((height, width), (2, 3)) @ torch.from_numpy(cells.ravel()).float()
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_without_a_pyramid_the_nodes_are_the_cells() -> None:
    assert torch.equal(pooling((2, 3), ()), torch.eye(6))


@pytest.mark.parametrize("centre", [True, False])
@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_the_gradient_of_similarities_is_that_of_autograd(metric: str, centre: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    query, target = (
        torch.randn(count, nodes, 7, generator=generator, dtype=torch.float64) for count, nodes in ((3, 4), (2, 5))
    )
    pull = torch.randn(3, 2, 4, 5, generator=generator, dtype=torch.float64)
    target[1, 2] = 0.3  # centred it has no length, and the floor stands in for it
    target.requires_grad_()
    of_query, of_target = nodes_of(query, metric, centre), nodes_of(target, metric, centre)
    (pull * similarities(of_query, of_target, metric)).sum().backward()
    with torch.no_grad():
        mine = similarity_gradient(of_query, of_target, pull, metric, centre)
    empty = centre and metric == "cosine"
    rows = [(k, j) for k in range(2) for j in range(5) if not (empty and (k, j) == (1, 2))]
    for row in rows:
        assert torch.allclose(mine[row], target.grad[row], atol=1e-9), row
    assert mine.isfinite().all()


@pytest.mark.parametrize("metric", ["cosine", "l2"])
def test_similarities_are_those_of_scipy(metric: str) -> None:
    query, target = (torch.rand(1, nodes, 6, generator=torch.Generator().manual_seed(nodes)) for nodes in (4, 5))
    mine = similarities(nodes_of(query, metric, True), nodes_of(target, metric, True), metric)[0, 0]
    if metric == "cosine":
        expected = 1 - cdist(query[0], target[0], "correlation")
    else:
        means = [(part[0] - part[0].mean(1, keepdim=True)).numpy() for part in (query, target)]
        expected = 1 - cdist(*means, "sqeuclidean")
    np.testing.assert_allclose(mine, expected, atol=1e-6)


def test_cross_reference_weights_have_a_floor() -> None:
    raw = torch.tensor([[[1.0, 0.0], [-1.0, 0.0]]])
    given, taken = cross_reference_weights(raw, raw + torch.tensor([1.0, 0.0]))
    assert given.tolist() == [[pytest.approx([1.001, 0.001])]] and taken.tolist() == [[pytest.approx([0.001, 0.001])]]


@pytest.mark.parametrize("method", ["kmeans", "mean_shift"])
def test_each_node_weighs_as_much_as_its_cluster_has_nodes(method: str) -> None:
    """Five clear clusters of 9, 4, 2, 1 and 1 nodes."""
    sizes = np.array([9, 4, 2, 1, 1])
    generator = torch.Generator().manual_seed(0)
    centres = 100 * torch.eye(8)[:5]
    raw = centres.repeat_interleave(torch.from_numpy(sizes), dim=0) + 0.1 * torch.rand(17, 8, generator=generator)
    order = torch.randperm(17, generator=generator)
    size = cluster_sizes(raw[order][None], method)[0]
    expected = np.repeat(sizes, sizes)[order.numpy()]
    if method == "mean_shift":  # the estimated bandwidth may join clusters: its own labels are the oracle
        from sklearn.cluster import MeanShift

        label = MeanShift().fit(raw[order].double().numpy()).labels_
        expected = np.bincount(label)[label]
    assert size.tolist() == expected.tolist()
    assert torch.equal(size, cluster_sizes(raw[order][None], method)[0])


@pytest.mark.parametrize("method", ["kmeans", "mean_shift"])
def test_an_image_without_structure_has_equal_weights(method: str) -> None:
    assert torch.equal(cluster_sizes(torch.ones(2, 9, 4), method), torch.ones(2, 9))
    assert cluster_sizes(torch.rand(1, 1, 4), method).tolist() == [[1.0]]


def test_mean_shift_tells_few_nodes_apart_by_more_than_rounding() -> None:
    """Of six nodes the usual estimate sees none but the node itself."""
    places = torch.tensor([[0.0, 0.0], [0.1, 0.0], [50.0, 0.0], [50.1, 0.0], [0.0, 80.0], [0.1, 80.0]])
    assert cluster_sizes(places[None], "mean_shift").tolist() == [[2.0] * 6]
    nearly = 1 + 1e-8 * torch.randn(4, 13, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert cluster_sizes(nearly, "mean_shift").isfinite().all()
