"""Maps of images: PCA against the axes, neighbours that stay neighbours, sets of two to five images."""

import ast
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from fsl_core.backbones import Backbone
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.explain import Cloud, dataset_cloud, embed, episode_cloud, index_of, principal_axes
from fsl_core.features import EpisodeFeatures
from tests.explain.conftest import Pictures, random_pictures


def clusters(sizes: tuple[int, ...], seed: int = 0) -> Cloud:
    """Images around far corners of a cube of 10 channels."""
    draw, labels = np.random.default_rng(seed), np.repeat(np.arange(len(sizes)), sizes)
    vectors = 10 * np.eye(10)[labels] + draw.normal(size=(len(labels), 10))
    ids = tuple(f"image {row}" for row in range(len(labels)))
    return Cloud(vectors, labels, ("support",) * len(labels), ids, ids, tuple(map(str, range(len(sizes)))))


def brute_force_trustworthiness(matrix: np.ndarray, points: np.ndarray, k: int) -> float:
    """Venna and Kaski's definition, pair by pair."""
    n, penalty = len(matrix), 0
    for i in range(n):
        others = [j for j in range(n) if j != i]
        true = sorted(others, key=lambda j: np.linalg.norm(matrix[i] - matrix[j]))
        shown = sorted(others, key=lambda j: np.linalg.norm(points[i] - points[j]))[:k]
        penalty += sum(max(0, true.index(j) + 1 - k) for j in shown)
    return 1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty


def test_pca_is_the_first_two_components() -> None:
    cloud = clusters((6, 5, 4))
    found, axes = embed(cloud), principal_axes(cloud.vectors, 2)
    np.testing.assert_allclose(found.points, axes.coordinates, atol=1e-12)
    assert found.explained == pytest.approx(tuple(axes.shares)) and found.seed is None and found.setting == ""
    assert (found.ids, found.roles, found.class_names) == (cloud.ids, cloud.roles, cloud.class_names)
    assert "variance shown = " in found.formula() and "PCA of 15 images" in found.formula()
    plain = embed(cloud, normalised=False)
    np.testing.assert_allclose(plain.points, principal_axes(cloud.vectors, 2, False).coordinates, atol=1e-12)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_trustworthiness_by_brute_force(method: str) -> None:
    cloud = clusters((5, 5, 5, 5))
    found = embed(cloud, method, normalised=False)
    expected = brute_force_trustworthiness(cloud.vectors, found.points, found.neighbours)
    assert found.neighbours == 5 and found.trustworthiness == pytest.approx(expected)
    assert f"{expected:.3f}" in found.formula()


def test_neighbours_and_squares_by_brute_force() -> None:
    cloud = clusters((5, 5, 5))
    found = embed(cloud, normalised=False)
    for row in range(15):
        order = sorted(range(15), key=lambda other: np.linalg.norm(cloud.vectors[row] - cloud.vectors[other]))
        assert found.near[row].tolist() == order[1:6]
        shown = sorted(range(15), key=lambda other: np.linalg.norm(found.points[row] - found.points[other]))
        assert found.near_on_map(row, 3) == shown[1:4] and len(found.near_on_map(row, 99)) == 14
    assert found.squares == pytest.approx(((cloud.vectors - cloud.vectors.mean(axis=0)) ** 2).sum(axis=1))
    assert abs(found.residual) < 1e-12
    assert dataclasses.replace(found, squares=2 * found.squares).residual == pytest.approx(sum(found.explained) / 2)
    assert embed(cloud, "tsne").residual is None


def test_what_the_map_keeps_of_one_image_in_numbers() -> None:
    points = np.array([[3.0, 4], [0, 0], [9, 9], [9, 8]])
    near = np.array([[1], [0], [0], [2]])
    found = dataclasses.replace(
        embed(clusters((1,) * 4)), points=points, near=near, neighbours=1, squares=np.array([50.0, 0, 200, 200])
    )
    said = found.formula_of(0)
    assert "(3.000)² + (4.000)² = 25.0000" in said and "50.0000 from the mean of all = 50%" in said
    assert "1 is among its 1 nearest" in said and "0 are among its 1 nearest" in found.formula_of(2)
    assert "mean of all" not in found.formula_of(1)
    assert embed(clusters((1, 1))).formula_of(0).count(";") == 0


def apart(points: np.ndarray, labels: np.ndarray) -> bool:
    """Whether every image's nearest other image on the map is of its class."""
    distances = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(len(points), np.inf))
    return bool((labels[distances.argmin(axis=1)] == labels).all())


@pytest.mark.parametrize("method", ["tsne", pytest.param("umap", marks=pytest.mark.slow)])
def test_clusters_stay_apart_and_the_seed_decides(method: str) -> None:
    cloud = clusters((8, 8, 8))
    found, again, other = (embed(cloud, method, seed) for seed in (0, 0, 1))
    assert apart(found.points, found.labels) and np.isfinite(found.points).all()
    np.testing.assert_array_equal(found.points, again.points)
    assert method == "tsne" or not np.allclose(found.points, other.points)
    assert found.trustworthiness > 0.8 and found.explained is None and found.seed == 0
    assert f"{found.setting}, seed 0" in found.formula()


@pytest.mark.parametrize("method", ["pca", "tsne", pytest.param("umap", marks=pytest.mark.slow)])
@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_a_few_images(method: str, count: int) -> None:
    cloud = clusters((1,) * count)
    if method != "pca" and count < 4:
        with pytest.raises(OptionError, match=f"at least 4; got {count}. Choose PCA or add images"):
            embed(cloud, method)
        return
    found = embed(cloud, method)
    assert found.points.shape == (count, 2) and np.isfinite(found.points).all() and np.ptp(found.points) > 0
    assert found.neighbours == (count - 1) // 2 and (found.trustworthiness is None) == (count == 2)
    assert "None" not in found.formula()


def test_images_on_a_line_have_no_second_coordinate() -> None:
    cloud = clusters((3,))._replace(vectors=np.array([[1.0, 2], [2, 4], [4, 8]]))
    found = embed(cloud, normalised=False)
    assert found.explained == pytest.approx((1, 0)) and not found.points[:, 1].any()


def test_what_cannot_be_placed() -> None:
    with pytest.raises(OptionError, match="no map 'mds'; choose one of pca, tsne, umap"):
        embed(clusters((3, 3)), "mds")
    with pytest.raises(EpisodeError, match="got 1"):
        embed(clusters((1,)))
    same = clusters((5,))._replace(vectors=np.ones((5, 10)))
    for method in ("pca", "tsne", "umap"):
        with pytest.raises(EpisodeError, match="same features"):
            embed(same, method)
    with pytest.raises(OptionError, match=r"at most 4000 images.* got 4001. Leave some out"):
        embed(clusters((4001,)))


def test_an_episode_beside_a_data_set(backbone: Backbone) -> None:
    """The class "class 1" is in both; pooled features are the means over the cells."""
    support, query = torch.rand(3, 3, 2, 2), torch.rand(2, 3, 2, 2)
    features = EpisodeFeatures(support, torch.tensor([0, 1, 1]), query, ("cat", "class 1"))
    cloud = episode_cloud(features, np.array([1, -1]), tuple("abcde"), tuple("ABCDE"))
    np.testing.assert_allclose(cloud.vectors[3], query[0].mean(dim=(1, 2)), rtol=1e-6)
    assert cloud.labels.tolist() == [0, 1, 1, 1, -1] and cloud.roles[2:4] == ("support", "query")
    dataset = Pictures(random_pictures(9), [0, 1, 2] * 3)
    beside = dataset_cloud(index_of(backbone, dataset, ""), 4, np.random.default_rng(0))
    rows = [int(one.removeprefix("data ")) for one in beside.ids]
    assert len(set(rows)) == 4 and beside.roles == ("other",) * 4
    both = cloud.beside(beside)
    assert both.class_names == ("cat", "class 1", "class 0", "class 2")
    assert [both.class_names[label] for label in both.labels[5:]] == [f"class {row % 3}" for row in rows]
    assert both.labels[:5].tolist() == [0, 1, 1, 1, -1]
    found = embed(both)
    assert found.roles == (*("support",) * 3, *("query",) * 2, *("other",) * 4) and found.names[1] == "B"
    unknown = beside.beside(cloud)
    assert unknown.labels[-1] == -1 and unknown.class_names[unknown.labels[4]] == "cat"


def test_every_image_needs_an_id_of_its_own() -> None:
    features = EpisodeFeatures(torch.rand(2, 3, 1, 1), torch.tensor([0, 1]), torch.rand(1, 3, 1, 1), ("a", "b"))
    for labels, ids, names in (([0, 1], "abc", "abc"), ([0], "aab", "abc"), ([0], "abc", "ab")):
        with pytest.raises(OptionError, match="needs a label"):
            episode_cloud(features, np.array(labels), tuple(ids), tuple(names))


def test_nobody_who_wants_no_umap_waits_for_it() -> None:
    for path in (Path(__file__).parents[2] / "fsl_core").rglob("*.py"):
        first = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert "umap" not in " ".join(map(ast.unparse, first)), f"{path} imports umap before it is needed"
