"""Spectra and components against other factorisations, points on a line, and identities."""

import dataclasses
from math import hypot

import numpy as np
import pytest
import torch

from fsl_core.backbones import Backbone
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.explain import component, component_map, davies_bouldin, index_of, principal_axes, spectrum
from fsl_core.records import Spectrum
from tests.explain.conftest import BLUE, GREEN, RED, Pictures, quarters, random_pictures

LINE = np.array([[-1.0, 0], [1, 0], [9, 0], [11, 0]])  # two clusters around 0 and 10


def cloud(images: int = 30, channels: int = 8, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return draw.normal(size=(images, channels)) * np.linspace(3, 0.1, channels) + 2


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("shape", [(30, 8), (5, 12)])
def test_singular_values_are_roots_of_eigenvalues(normalised: bool, centred: bool, shape: tuple[int, int]) -> None:
    vectors = cloud(*shape)
    found = spectrum(torch.from_numpy(vectors), np.zeros(len(vectors), int), "net", normalised, centred)
    if normalised:
        vectors = np.array([vector / np.sqrt((vector**2).sum()) for vector in vectors])
    if centred:
        vectors = vectors - vectors.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(vectors @ vectors.T)[::-1][: min(shape)].clip(0)
    np.testing.assert_allclose(found.singular_values, np.sqrt(eigenvalues), atol=1e-6)
    np.testing.assert_allclose(found.explained, eigenvalues / eigenvalues.sum(), atol=1e-9)
    assert found.explained.sum() == pytest.approx(1, abs=1e-12) and found.cumulative[-1] == pytest.approx(1, abs=1e-12)
    assert (found.normalised, found.centred, found.images, found.channels) == (normalised, centred, *shape)
    assert found.quantity == ("variance" if centred else "squared length")


def test_the_shares_add_up_to_one_by_a_sum_of_squares_alone() -> None:
    matrix = np.random.default_rng(1).normal(2, 1, (12, 5))
    for centred, rest in ((True, matrix - matrix.mean(axis=0)), (False, matrix)):
        found = spectrum(matrix, np.zeros(12, int), "", False, centred)
        assert found.length**2 == pytest.approx((rest**2).sum()) and abs(found.residual) < 1e-12
    assert dataclasses.replace(found, length=2 * found.length).residual == pytest.approx(-0.75)


def test_what_the_first_components_explain_in_numbers() -> None:
    found = with_values(3, 2, 1)
    assert "the first 2 components explain" in found.formula_of(2) and "13 / 14 = 92.9%" in found.formula_of(2)
    assert "component 2 alone 2² / 14 = 28.6%" in found.formula_of(2)
    assert "the first component explains singular value² / total = 3² / 14 = 64.3%" in found.formula_of(1)
    assert "14 / 14 = 100.0%" in found.formula_of(9)


def with_values(*values: float) -> Spectrum:
    return Spectrum("", 9, 9, True, True, np.array(values, float), None, None, None, hypot(*values))


def test_effective_rank() -> None:
    """Of equal values their number; of 3 and 1 exp of the entropy of 3/4 and 1/4; zeros do not count."""
    assert with_values(2, 2, 2, 2).effective_rank == pytest.approx(4)
    assert with_values(5, 0, 0).effective_rank == pytest.approx(1)
    assert with_values(3, 1, 0).effective_rank == pytest.approx(4 / 3**0.75)
    assert with_values(1e-200, 1e-200).explained == pytest.approx([0.5, 0.5])


def test_number_of_components() -> None:
    found = with_values(*np.sqrt([0.5, 0.3, 0.15, 0.05]))
    assert [found.components(share) for share in (0.4, 0.5, 0.51, 0.9, 0.95, 0.99, 1.0)] == [1, 1, 2, 3, 3, 4, 4]
    numbers = found.to_dict()
    assert [numbers[f"components_{share}"] for share in (90, 95, 99)] == [3, 3, 4]


def test_two_clusters_on_a_line() -> None:
    """Spread 1 and 1, means 10 apart: Davies-Bouldin (1 + 1) / 10. Pairs within: 2, 2; between: 10, 12, 8, 10."""
    found = spectrum(LINE, np.array([0, 0, 1, 1]), "line", normalised=False)
    assert found.davies_bouldin == pytest.approx(0.2)
    assert davies_bouldin(LINE, np.array([0, 0, 1, 1]), normalised=False) == found.davies_bouldin
    assert (found.intra, found.inter) == (pytest.approx(2), pytest.approx(10))
    assert found.distance_ratio == pytest.approx(0.2)
    assert found.singular_values[0] == pytest.approx(np.sqrt(36 + 16 + 16 + 36)) and found.components(0.99) == 1
    assert "2.0000 / 10.0000 = 0.200" in found.formula() and "variance" in found.formula()


def test_distances_are_means_over_pairs() -> None:
    vectors, labels = cloud(17), np.arange(17) % 3
    found = spectrum(vectors, labels, "", normalised=False, centred=False)
    pairs = [(a, b) for a in range(17) for b in range(a)]
    for same, value in ((True, found.intra), (False, found.inter)):
        lengths = [np.linalg.norm(vectors[a] - vectors[b]) for a, b in pairs if (labels[a] == labels[b]) == same]
        assert value == pytest.approx(np.mean(lengths))


def test_images_without_a_class_count_for_the_singular_values_only() -> None:
    vectors = np.concatenate([LINE, [[100.0, 50]]])
    found = spectrum(vectors, np.array([0, 0, 1, 1, -1]), "", normalised=False)
    assert found.davies_bouldin == pytest.approx(0.2) and found.images == 5
    assert found.singular_values[0] > 80


@pytest.mark.parametrize(
    ("labels", "known"), [([0, 0, 0, 0], (True, False)), ([0, 1, 2, 3], (False, True)), ([-1] * 4, (False, False))]
)
def test_what_does_not_exist_is_none(labels: list[int], known: tuple[bool, bool]) -> None:
    found = spectrum(LINE, np.array(labels), "", normalised=False)
    assert found.davies_bouldin is None and found.distance_ratio is None and "Within" not in found.formula()
    assert (found.intra is not None, found.inter is not None) == known


def test_what_does_not_spread_is_refused() -> None:
    assert davies_bouldin(np.ones((4, 2)), np.array([0, 0, 1, 1])) is None
    labels = np.zeros(3, int)
    with pytest.raises(EpisodeError, match="All 3 images have the same features"):
        spectrum(np.ones((3, 4)), labels, "")
    with pytest.raises(EpisodeError, match="All 3 images"):  # of one direction
        spectrum(np.arange(1.0, 4)[:, None] * np.ones(4), labels, "")
    with pytest.raises(EpisodeError, match="At least 2 images are needed to see how features spread, got 1"):
        spectrum(np.ones((1, 4)), labels[:1], "")
    with pytest.raises(EpisodeError, match="NaN"):
        spectrum(np.full((3, 4), np.nan), labels, "")
    with pytest.raises(EpisodeError, match="got 2 labels for 3 images"):
        spectrum(cloud(3), labels[:2], "")


@pytest.mark.parametrize("normalised", [True, False])
def test_axes_rebuild_the_features(normalised: bool) -> None:
    vectors = cloud(20, 6)
    axes = principal_axes(vectors, 6, normalised)
    expected = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if normalised else vectors
    np.testing.assert_allclose(axes.mean + axes.coordinates @ axes.directions, expected, atol=1e-12)
    np.testing.assert_allclose(axes.project(vectors), axes.coordinates, atol=1e-12)
    np.testing.assert_allclose(axes.directions @ axes.directions.T, np.eye(6), atol=1e-12)
    np.testing.assert_allclose(axes.shares, spectrum(vectors, np.zeros(20, int), "", normalised).explained, atol=1e-12)
    assert (np.abs(axes.coordinates).max(axis=0) == axes.coordinates.max(axis=0)).all()
    assert len(principal_axes(LINE, 5, normalised=False).directions) == 1


@pytest.mark.parametrize("normalised", [True, False])
@pytest.mark.parametrize("centred", [True, False])
def test_the_cells_of_a_component_map_average_to_the_coordinate(
    normalised: bool, centred: bool, backbone: Backbone
) -> None:
    images = random_pictures(12)
    index = index_of(backbone, Pictures(images, [0] * 12), "")
    axes = principal_axes(index.pooled, 3, normalised, centred)
    for number in range(3):
        found = component_map(axes, number, backbone, images[5])
        assert abs(found.residual) < 1e-6 and abs(found.coordinate) > 1e-4
        assert found.coordinate == pytest.approx(axes.coordinates[5, number], abs=1e-6)
        assert np.ptp(found.values) > 0.01 and found.boxes[1].tolist() == [0, 0.5, 0.5, 1]
    assert dataclasses.replace(found, coordinate=found.coordinate + 1).residual == pytest.approx(1, abs=1e-6)
    assert f"component 3 = Σ cells / 4 = {found.values.sum():.4f} / 4" in found.formula()


def test_a_component_known_by_hand(backbone: Backbone) -> None:
    """Pictures go from red to green; the component is that direction, and sees where a picture is green."""
    images = [quarters((255 - step, step, 0)) for step in (0, 50, 100, 200, 255)]
    index = index_of(backbone, Pictures(images, [0, 0, 0, 1, 1]), "")
    axes = principal_axes(index.pooled, 2, normalised=False)
    assert len(axes.shares) == 1 and axes.shares[0] == pytest.approx(1)
    greener = axes.directions[0, 1] > 0
    np.testing.assert_allclose(np.abs(axes.directions[0]), [np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-6)
    found = component(axes, 0, index, 2)
    rows = found.rows.tolist()
    assert (rows if greener else rows[::-1]) == [0, 1, 3, 4] and found.low == 2
    assert (np.diff(found.coordinates) > 0).all() and len(found.images) == len(found.names) == 4
    shown = component_map(axes, 0, backbone, quarters(RED, GREEN, BLUE, BLUE))
    np.testing.assert_allclose(shown.values[1] - shown.values[0], np.sqrt(2) * (1 if greener else -1), atol=1e-6)
    assert component(axes, 0, index, 9).rows.tolist() == axes.coordinates[:, 0].argsort().tolist()


def test_components_that_do_not_exist(backbone: Backbone) -> None:
    index = index_of(backbone, Pictures(random_pictures(6), [0] * 6), "")
    axes = principal_axes(index.pooled, 2)
    for number in (-1, 2):
        with pytest.raises(OptionError, match=f"There are 2 components, counted from 0; got {number}"):
            component(axes, number, index)
        with pytest.raises(OptionError, match="There are 2 components"):
            component_map(axes, number, backbone, quarters(RED))
    with pytest.raises(OptionError, match="got 0"):
        component(axes, 0, index, 0)
    with pytest.raises(OptionError, match="8 channels, the backbone by hand has 3"):
        component_map(principal_axes(cloud()), 0, backbone, quarters(RED))
