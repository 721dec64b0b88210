"""The spatial similarity against the published numbers and against its equations, written out."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.contrastive import IMPLEMENTATIONS, Case, largest_gap, run
from fsl_core.backbones import attention
from fsl_core.backbones.attention import AGGREGATIONS, AttentionHeads, Projected, aligned_cosines
from fsl_core.objectives.contrastive import batch_loss, contrastive_loss
from fsl_core.objectives.spatial import spatial_similarity
from tests.parity import SOURCES, parity

PUBLISHED = {"mean": "mean", "sum": "sum", "max": "max", "logsumexp": "logsum"}  # our name -> that of the reference
KINDS = ("views2_distinct", "views2_repeated", "single_repeated", "single_distinct")


def published_heads(arrays: dict[str, np.ndarray]) -> AttentionHeads:
    heads = AttentionHeads(64, 16)
    names = [name for name in arrays if name.startswith("weight/")]
    heads.load_state_dict({name.removeprefix("weight/"): torch.from_numpy(arrays[name]) for name in names})
    return heads


def two_sets(rows: Projected, columns: Projected, aggregation: str) -> Tensor:
    cosines = aligned_cosines(rows, columns) + aligned_cosines(columns, rows).transpose(0, 1)
    return AGGREGATIONS[aggregation](cosines)


@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("source", SOURCES)
@torch.no_grad()
def test_published_similarities(source: str, aggregation: str) -> None:
    arrays = parity("scl_attention", source)
    heads = published_heads(arrays)
    a, b = (heads(torch.from_numpy(arrays[f"features_{name}"])) for name in "ab")
    name, atol = PUBLISHED[aggregation], 5e-5 if aggregation == "sum" else 1e-5
    np.testing.assert_allclose(spatial_similarity(a, aggregation), arrays[f"sim_aa/{name}"], rtol=0, atol=atol)
    np.testing.assert_allclose(two_sets(b, a, aggregation), arrays[f"sim_ab/{name}"], rtol=0, atol=atol)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
@pytest.mark.parametrize("source", SOURCES)
def test_published_losses_and_gradients(source: str, aggregation: str, kind: str) -> None:
    arrays = parity("scl_attention", source)
    heads, maps = published_heads(arrays), torch.from_numpy(arrays["features_a"]).requires_grad_()
    labels = torch.from_numpy(arrays[f"labels_spatial/{kind}"])
    targets = labels.repeat(len(maps) // len(labels))
    loss = batch_loss(spatial_similarity(heads(maps), aggregation), targets, 0.1)
    name, tolerance = PUBLISHED[aggregation], 5e-5 if aggregation == "sum" else 1e-5
    assert loss.item() == pytest.approx(float(arrays[f"loss_spatial/{name}/{kind}"]), abs=tolerance)
    loss.backward()
    found = {f"grad_weight/{name}/{kind}/{key}": weight.grad for key, weight in heads.named_parameters()}
    for key, gradient in (found | {f"grad_spatial/{name}/{kind}": maps.grad}).items():
        if key in arrays:
            assert gradient is not None
            np.testing.assert_allclose(gradient, arrays[key], rtol=0, atol=1e-4 * np.abs(arrays[key]).max())


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_published_losses_of_two_sets(kind: str) -> None:
    arrays = parity("scl_attention", "whole")
    heads = published_heads(arrays)
    a, b = (heads(torch.from_numpy(arrays[name])) for name in ("features_a", "features_b6"))
    labels = torch.from_numpy(arrays[f"labels_spatial/{kind}"])
    positives = (labels == labels[:, None]).tile(2, 2) if len(labels) == 3 else labels == labels[:, None]
    loss = contrastive_loss(two_sets(b, a, "mean"), positives, torch.ones_like(positives), 0.1)
    assert loss.item() == pytest.approx(float(arrays[f"loss_spatial_ab/mean/{kind}"]), abs=1e-5)


def random_images(count: int, positions: int = 6, width: int = 4) -> Projected:
    return Projected(*(torch.randn(count, positions, width, dtype=torch.double) for _ in range(3)))


def test_equations_5_and_6_written_out() -> None:
    torch.manual_seed(0)
    images = random_images(3)
    found = spatial_similarity(images, "mean")
    for i in range(3):
        for j in range(3):
            total = 0.0
            for here, there in ((i, j), (j, i)):
                scores = images.query[here] @ images.key[there].T / math.sqrt(4)
                aligned = scores.softmax(dim=1) @ images.value[there]
                total += F.cosine_similarity(images.value[here], aligned).mean().item()
            assert found[i, j].item() == pytest.approx(total)


@pytest.mark.parametrize("block", [1, 50, 2**20])
def test_the_gradient_is_that_of_the_cosines(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "BLOCK", block)
    torch.manual_seed(0)
    target, source = random_images(2, 3), random_images(3, 5)
    inputs = tuple(tensor.requires_grad_() for tensor in (target.query, target.value, source.key, source.value))

    def cosines(query: Tensor, value: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        return aligned_cosines(Projected(query, query, value), Projected(keys, keys, values))

    assert torch.autograd.gradcheck(cosines, inputs)


def test_symmetric_and_at_most_two() -> None:
    torch.manual_seed(0)
    images = random_images(4)
    for aggregation in AGGREGATIONS:
        similarity = spatial_similarity(images, aggregation)
        torch.testing.assert_close(similarity, similarity.T, rtol=0, atol=1e-12)
    assert spatial_similarity(images, "max").max() <= 2
    sharp = Projected(100 * images.value, images.value, images.value)  # each position attends to itself alone
    alike = spatial_similarity(sharp._replace(value=F.one_hot(torch.arange(6)).double().expand(4, 6, 6)), "mean")
    assert alike.diagonal().max() <= 2


def test_values_without_length() -> None:
    """As with dead units: no similarity, and no gradient that is not finite."""
    torch.manual_seed(0)
    images = random_images(2)
    value = torch.zeros_like(images.value).requires_grad_()
    similarity = spatial_similarity(images._replace(value=value), "mean")
    similarity.sum().backward()
    assert (similarity == 0).all()
    assert value.grad is not None and value.grad.isfinite().all()


def test_half_precision_is_left() -> None:
    torch.manual_seed(0)
    heads, maps = AttentionHeads(8, 4), torch.rand(5, 8, 3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        similarity = spatial_similarity(heads(maps), "mean")
    assert similarity.dtype == torch.float32
    torch.testing.assert_close(similarity, spatial_similarity(heads(maps), "mean"), rtol=0, atol=0.02)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_what_the_benchmark_compares_agrees(name: str) -> None:
    """In single precision with the paper's equations as they stand, in double precision."""
    case = Case(views=24, side=3, channels=16, width=8, repetitions=1)
    exact = run(IMPLEMENTATIONS["by the equations"], case, torch.float64)
    found = run(IMPLEMENTATIONS[name], case, torch.float32)
    assert exact.loss > 0.1 and abs(found.loss - exact.loss) < 1e-5
    assert largest_gap(found.gradients, exact.gradients) < 1e-4
