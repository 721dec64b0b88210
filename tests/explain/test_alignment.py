"""Alignments against equations 3 to 6 in loops, against the training objective, and by hand."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fsl_core.backbones.attention import AGGREGATIONS, AttentionHeads
from fsl_core.errors import OptionError, WeightsError
from fsl_core.explain import View, align, reconstruct_aligned
from fsl_core.explain.matching import Images
from fsl_core.objectives.spatial import spatial_similarity
from fsl_core.records import cells
from tests.parity import SOURCES, parity

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), dtype=np.uint8)
IMAGES: Images = (PIXELS[0], PIXELS[1])


def kept(heads: AttentionHeads) -> dict[str, Tensor]:
    """As `Backbone.heads` has them, with another one beside them."""
    state = {f"attention.{name}": tensor for name, tensor in heads.state_dict().items()}
    return state | {"classifier.weight": torch.zeros(2, 5)}


@pytest.fixture
def heads() -> AttentionHeads:
    torch.manual_seed(0)
    heads = AttentionHeads(5, 4)
    for name in ("query", "key"):
        getattr(heads, name)[2].weight.data *= 20  # so that attention is not nearly even
    return heads


def maps(first: tuple[int, int] = (3, 3), second: tuple[int, int] = (3, 3)) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(5, *first, generator=generator), torch.rand(5, *second, generator=generator)


def in_loops(heads: AttentionHeads, here: Tensor, there: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Attention and cosines of one direction, cell by cell, from the weights."""
    weights = {name: tensor.double().numpy() for name, tensor in heads.state_dict().items()}

    def projected(which: str, cell: np.ndarray) -> np.ndarray:
        return weights[f"{which}.2.weight"] @ np.maximum(weights[f"{which}.0.weight"] @ cell, 0)

    own, other = ([cell.double().numpy() for cell in one.flatten(1).T] for one in (here, there))
    attention, cosine = np.zeros((len(own), len(other))), np.zeros(len(own))
    for i, cell in enumerate(own):
        query, value = projected("query", cell), projected("value", cell)
        powers = [math.exp(query @ projected("key", one) / math.sqrt(len(query))) for one in other]
        aligned = np.zeros(len(value))
        for j, one in enumerate(other):
            attention[i, j] = powers[j] / sum(powers)
            aligned += attention[i, j] * projected("value", one)
        cosine[i] = value @ aligned / np.linalg.norm(value) / np.linalg.norm(aligned)
    return attention, cosine


@pytest.mark.parametrize("sizes", [((3, 3), (3, 3)), ((2, 3), (4, 1))])
def test_attention_and_cosines_cell_by_cell(heads: AttentionHeads, sizes: tuple) -> None:
    query, support = maps(*sizes)
    record = align(kept(heads), query, support, IMAGES)
    for direction, pair in ((record.query, (query, support)), (record.support, (support, query))):
        attention, cosine = in_loops(heads, *pair)
        np.testing.assert_allclose(direction.attention, attention, atol=1e-5)
        np.testing.assert_allclose(direction.cosine, cosine, atol=1e-5)
        np.testing.assert_allclose(direction.attention.sum(axis=1), 1, atol=1e-12)
        assert direction.attention.max() > 2 / attention.shape[1]
    assert record.attends
    assert record.query_regions.grid == sizes[0] and record.support_regions.grid == sizes[1]


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@torch.no_grad()
def test_the_score_is_that_of_the_training_objective(heads: AttentionHeads, aggregation: str) -> None:
    pair = maps()
    record = align(kept(heads), *pair, IMAGES, aggregation)
    expected = spatial_similarity(heads(torch.stack(pair)), aggregation)[0, 1].item()
    assert record.score == pytest.approx(expected, abs=1e-6)
    assert abs(record.residual) < (1e-5 if aggregation == "sum" else 2e-6)
    assert abs(record.aggregated) > 0.01


@pytest.mark.parametrize("source", SOURCES)
def test_published_similarities(source: str) -> None:
    arrays = parity("scl_attention", source)
    state = {
        f"attention.{name.removeprefix('weight/')}": torch.from_numpy(arrays[name])
        for name in arrays
        if name.startswith("weight/")
    }
    a, b = (torch.from_numpy(arrays[f"features_{name}"]) for name in "ab")
    record = align(state, b[1], a[0], IMAGES)
    assert record.aggregated == pytest.approx(float(arrays["sim_ab/mean"][1, 0]), abs=1e-5)


def test_both_directions_change_places_with_the_pictures(heads: AttentionHeads) -> None:
    query, support = maps((2, 3), (4, 2))
    one, other = align(kept(heads), query, support, IMAGES), align(kept(heads), support, query, IMAGES[::-1])
    np.testing.assert_array_equal(one.query_image, other.support_image)
    np.testing.assert_array_equal(one.query_regions.boxes, other.support_regions.boxes)
    for mine, theirs in ((one.query, other.support), (one.support, other.query)):
        np.testing.assert_allclose(mine.attention, theirs.attention, atol=1e-12)
        np.testing.assert_allclose(mine.cosine, theirs.cosine, atol=1e-12)
    assert one.score == pytest.approx(other.score, abs=1e-6)


def test_images_of_different_sizes_have_a_map_each(heads: AttentionHeads) -> None:
    record = align(kept(heads), *maps((2, 3), (4, 1)), IMAGES)
    assert not record.is_joint
    assert [len(one) for one in record.similarities] == [6, 4]
    assert record.score == pytest.approx(record.query.cosine.mean() + record.support.cosine.mean(), abs=1e-6)
    with pytest.raises(OptionError, match="equally many regions"):
        align(kept(heads), *maps((2, 3), (4, 1)), IMAGES, "max")


def test_an_image_that_knows_itself_by_hand() -> None:
    """Sharp attention to equal cells: each cell finds itself, its aligned value is its own, the similarity is 2."""
    heads = AttentionHeads(4, 4)
    for name, size in (("query", 30.0), ("key", 30.0), ("value", 1.0)):
        for layer in (0, 2):
            getattr(heads, name)[layer].weight.data = torch.eye(4) * (size if layer == 2 else 1.0)
    own = torch.eye(4).reshape(4, 2, 2)
    record = align(kept(heads), own, own, IMAGES)
    np.testing.assert_allclose(record.query.attention, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(record.query.affinity, 450 * np.eye(4))
    np.testing.assert_allclose(record.similarities[0], 2)
    np.testing.assert_allclose(record.query.reach, 1, atol=1e-9)
    assert record.score == pytest.approx(2)


def test_values_without_length_are_like_nothing(heads: AttentionHeads) -> None:
    heads.value[2].weight.data.zero_()
    record = align(kept(heads), *maps(), IMAGES)
    assert not record.query.cosine.any() and record.score == record.residual == 0


def test_even_attention_reaches_everywhere(heads: AttentionHeads) -> None:
    heads.query[2].weight.data.zero_()
    np.testing.assert_allclose(align(kept(heads), *maps((3, 3), (2, 2)), IMAGES).query.reach, 4)


def test_without_heads_the_best_partners_are_shown() -> None:
    query = torch.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 3.0]])[:, None]  # right, up and between
    support = torch.tensor([[0.0, 5.0], [1.0, 0.0]])[:, None]
    record = align({"classifier.weight": torch.zeros(2, 2)}, query, support, IMAGES)
    assert not record.attends
    half = math.sqrt(0.5)
    np.testing.assert_allclose(record.query.affinity, [[0, 1], [1, 0], [half, half]], atol=1e-7)
    np.testing.assert_array_equal(record.query.attention, [[0, 1], [1, 0], [1, 0]])
    np.testing.assert_array_equal(record.support.attention, [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(record.query.cosine, [1, 1, half], atol=1e-7)
    assert record.score == pytest.approx((2 + half) / 3 + 1) and abs(record.residual) < 1e-12


def test_maps_can_be_pooled_as_in_training(heads: AttentionHeads) -> None:
    query, support = maps((4, 4), (4, 4))
    record = align(kept(heads), query, support, IMAGES, side=2)
    small = [one.reshape(5, 2, 2, 2, 2).mean(dim=(2, 4)) for one in (query, support)]
    np.testing.assert_allclose(record.query.attention, in_loops(heads, *small)[0], atol=1e-5)
    assert record.query_regions.grid == (2, 2)
    with pytest.raises(OptionError, match="set side to 0"):
        align(kept(heads), *maps((4, 1), (4, 1)), IMAGES, side=2)


def test_patches_keep_their_names(heads: AttentionHeads) -> None:
    view = View(PIXELS[0], np.array([[0, 0, 0.5, 0.5], [0.5, 0.25, 1, 1.0]]), ("a", "b"))
    record = align(kept(heads), *maps((2, 1), (2, 2)), (view, PIXELS[1]))
    assert record.query_regions.name(1) == "b" and record.support_regions.grid == (2, 2)


def test_what_cannot_be_aligned(heads: AttentionHeads) -> None:
    query, support = maps()
    with pytest.raises(OptionError, match="mean, sum, max, logsumexp"):
        align(kept(heads), query, support, IMAGES, "median")
    with pytest.raises(WeightsError, match="5 channels, the maps have 3"):
        align(kept(heads), query[:3], support[:3], IMAGES)


def test_one_patch_each_is_put_in_place(heads: AttentionHeads) -> None:
    """Best partners only: the query is the support image with its quarters moved around."""
    support = torch.eye(4).reshape(4, 2, 2)
    order = [2, 0, 3, 1]
    record = align({}, support.flatten(1)[:, order].reshape(4, 2, 2), support, IMAGES)
    rebuilt = reconstruct_aligned(record)
    for place, source in enumerate(order):
        (top, left), (from_top, from_left) = (np.array(divmod(one, 2)) * 12 for one in (place, source))
        patch = PIXELS[1][from_top : from_top + 12, from_left : from_left + 12]
        np.testing.assert_array_equal(rebuilt[top : top + 12, left : left + 12], patch)
    back = reconstruct_aligned(record, "support")
    np.testing.assert_array_equal(back[:12, :12], PIXELS[0][:12, 12:])


def test_patches_are_blended_by_attention(heads: AttentionHeads) -> None:
    record = align(kept(heads), *maps((2, 2), (1, 3)), IMAGES)
    rebuilt = reconstruct_aligned(record)
    wide = np.stack([PIXELS[1][:, 8 * place : 8 * place + 8] for place in range(3)]).astype(float)
    rows, columns = 2 * np.arange(12) + 1, (8 * (np.arange(12) + 0.5) / 12).astype(int)
    patches = wide[:, rows][:, :, columns]
    for node in range(4):
        top, left = np.array(divmod(node, 2)) * 12
        expected = sum(share * patch for share, patch in zip(record.query.attention[node], patches, strict=True))
        np.testing.assert_allclose(rebuilt[top : top + 12, left : left + 12], expected, atol=0.51)
    assert record.query_regions.boxes.shape == cells(2, 2).shape
