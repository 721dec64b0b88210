"""The contrastive loss against the published numbers, loops and closed forms."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fsl_core.objectives.contrastive import batch_loss, contrastive_loss, global_similarity
from tests.parity import SOURCES, parity

KINDS = ("views2_distinct", "views2_repeated", "single_repeated", "single_distinct")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", SOURCES)
def test_published_losses_and_gradients(source: str, kind: str) -> None:
    arrays = parity("scl_attention", source)
    features = torch.from_numpy(arrays["global_features"]).requires_grad_()
    labels = torch.from_numpy(arrays[f"labels_global/{kind}"])
    targets = labels.repeat(len(features) // len(labels))
    loss = batch_loss(global_similarity(features), targets, 0.1)
    assert loss.item() == pytest.approx(float(arrays[f"loss_global/{kind}"]), abs=1e-5)
    if f"grad_global/{kind}" in arrays:
        loss.backward()
        reference = arrays[f"grad_global/{kind}"]
        assert features.grad is not None
        np.testing.assert_allclose(features.grad.numpy(), reference, rtol=0, atol=1e-4 * np.abs(reference).max())


@pytest.mark.parametrize("kind", ["views2_distinct", "views2_repeated", "single_repeated"])
@pytest.mark.parametrize("source", SOURCES)
def test_two_sets_against_each_other(source: str, kind: str) -> None:
    arrays = parity("scl_attention", source)
    rows, columns = (F.normalize(torch.from_numpy(arrays[f"global_features{end}"])) for end in ("", "_b"))
    labels = torch.from_numpy(arrays[f"labels_global/{kind}"])
    targets = labels.repeat(len(rows) // len(labels))
    positives = targets == targets[:, None]
    loss = contrastive_loss(rows @ columns.T, positives, torch.ones_like(positives), 0.1)
    assert loss.item() == pytest.approx(float(arrays[f"loss_global_ab/{kind}"]), abs=1e-5)


def test_against_equation_4_in_loops() -> None:
    torch.manual_seed(0)
    similarity, targets, temperature = torch.rand(5, 5, dtype=torch.double), torch.tensor([0, 1, 0, 2, 0]), 0.3
    total = 0.0
    for i in range(5):
        denominator = sum(math.exp(similarity[i, k] / temperature) for k in range(5) if k != i)
        terms = [
            -math.log(math.exp(similarity[i, j] / temperature) / denominator)
            for j in range(5)
            if j != i and targets[j] == targets[i]
        ]
        total += sum(terms) / max(len(terms), 1)
    assert batch_loss(similarity, targets, temperature).item() == pytest.approx(total / 5)


def test_constant_similarity() -> None:
    """Every other view is as probable as the positive one: ln(2N - 1), whatever the temperature."""
    for temperature in (0.1, 1.0):
        loss = batch_loss(torch.full((128, 128), 0.7), torch.arange(64).repeat(2), temperature)
        assert loss.item() == pytest.approx(math.log(127), abs=1e-5)


def test_large_similarities_do_not_overflow() -> None:
    similarity = 2000 * torch.eye(4)[[2, 3, 0, 1]]
    assert batch_loss(similarity, torch.arange(2).repeat(2), 0.1).item() == 0
    assert batch_loss(-similarity, torch.arange(2).repeat(2), 0.1).item() == pytest.approx(20_000 + math.log(2))


def test_half_precision_is_left() -> None:
    features = torch.randn(6, 8).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        similarity = global_similarity(features)
    assert similarity.dtype == torch.float32
    torch.testing.assert_close(similarity, global_similarity(features.float()))
