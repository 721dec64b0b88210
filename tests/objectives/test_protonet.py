"""ProtoNet's loss and its auxiliaries against loops, and the gradients that they leave."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from fsl_core.backbones import Conv4
from fsl_core.errors import OptionError
from fsl_core.objectives import EpisodicProtoNet
from fsl_core.objectives.base import Loss

WAY, SHOT, QUERY, CHANNELS = 3, 2, 2, 6
LABELS = torch.tensor([70, 70, 4, 4, 31, 31, 70, 70, 4, 4, 31, 31])
N = len(LABELS)


def objective(**options: float | bool | str) -> EpisodicProtoNet:
    torch.manual_seed(1)
    return EpisodicProtoNet(CHANNELS, WAY, SHOT, QUERY, **options).double()


def maps_of(copies: int, images: int = N) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(copies * images, CHANNELS, 3, 3, generator=generator, dtype=torch.double)


def by_hand(vectors: np.ndarray, labels: list[int]) -> tuple[float, float]:
    """Mean loss and accuracy of one episode of vectors, its support images first."""
    support = range(WAY * SHOT)
    classes = sorted(set(labels))
    means = [np.mean([vectors[row] for row in support if labels[row] == name], axis=0) for name in classes]
    losses, right = [], []
    for row in range(WAY * SHOT, len(labels)):
        logits = [-sum((a - b) ** 2 for a, b in zip(vectors[row], mean, strict=True)) for mean in means]
        true = classes.index(labels[row])
        losses.append(math.log(sum(math.exp(logit) for logit in logits)) - logits[true])
        right.append(max(logits) == logits[true])
    return float(np.mean(losses)), float(np.mean(right))


def contrast_by_hand(similarity: np.ndarray, targets: list[int]) -> float:
    """Equations 4 and 7, a mean over the rows, temperature 0.1."""
    total = 0.0
    for i in range(len(targets)):
        others = [j for j in range(len(targets)) if j != i]
        everything = math.log(sum(math.exp(similarity[i, j] / 0.1) for j in others))
        total += np.mean([everything - similarity[i, j] / 0.1 for j in others if targets[j] == targets[i]])
    return total / len(targets)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def head(weights: dict[str, Tensor], name: str, nodes: np.ndarray) -> np.ndarray:
    first, last = (weights[f"{name}.{layer}.weight"].numpy() for layer in (0, 2))
    return np.maximum(nodes @ first.T, 0) @ last.T


def aligned(target: list[np.ndarray], source: list[np.ndarray]) -> float:
    """Mean cosine of the target's values and the source's, aligned to them (equations 5 and 6, one direction)."""
    (query, _, values), (_, key, others) = target, source
    cosines = []
    for position in range(len(query)):
        weights = np.exp(query[position] @ key.T / math.sqrt(query.shape[1]))
        cosines.append(cosine(values[position], (weights / weights.sum()) @ others))
    return float(np.mean(cosines))


def test_the_loss_of_an_episode() -> None:
    maps = maps_of(1)
    expected, right = by_hand(maps.mean(dim=(2, 3)).numpy(), LABELS.tolist())
    loss, accuracy = objective(cls_weight=0.7)(maps, LABELS)
    assert loss.item() == pytest.approx(0.7 * expected, rel=1e-6)
    assert accuracy.item() == pytest.approx(right)
    assert 0 < right < 1


def test_several_episodes_count_alike() -> None:
    maps, labels = maps_of(2), torch.cat((LABELS, LABELS + 1))
    vectors = maps.mean(dim=(2, 3)).numpy()
    apart = [by_hand(vectors[rows], LABELS.tolist())[0] for rows in (slice(N), slice(N, None))]
    assert objective()(maps, labels).loss.item() == pytest.approx(sum(apart) / 2, rel=1e-6)


@pytest.mark.parametrize("self_supervised", [False, True])
@pytest.mark.parametrize("episodes", [1, 2])
def test_pooled_features_of_support_and_queries_are_contrasted(episodes: int, self_supervised: bool) -> None:
    labels = torch.cat((LABELS, LABELS + 27))[: episodes * N]  # 4 + 27 = 31: a class of both episodes
    protonet = objective(cls_weight=0.0, global_weight=0.5, self_supervised=self_supervised, projection=4)
    maps = maps_of(2, len(labels))
    features = head(protonet.heads(), "projection", maps.mean(dim=(2, 3)).numpy())
    similarity = np.array([[cosine(a, b) for b in features] for a in features])
    targets = list(range(len(labels))) if self_supervised else labels.tolist()
    assert protonet.views == 2
    expected = 0.5 * contrast_by_hand(similarity, 2 * targets)
    assert protonet(maps, labels).loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("self_supervised", [False, True])
def test_maps_are_contrasted_after_pooling(self_supervised: bool) -> None:
    """Maps of 3x3 to 2x2: adaptive windows overlap, each of 2x2 cells."""
    options = {"self_supervised": self_supervised, "projection": 4, "spatial_side": 2}
    protonet = objective(cls_weight=0.0, spatial_weight=0.5, **options)
    maps = maps_of(2)
    corners = [(row, column) for row in (0, 1) for column in (0, 1)]
    images = []
    for image in maps.numpy():
        nodes = np.stack([image[:, row : row + 2, column : column + 2].mean((1, 2)) for row, column in corners])
        images.append([head(protonet.heads(), f"attention.{part}", nodes) for part in ("query", "key", "value")])
    similarity = np.array([[aligned(a, b) + aligned(b, a) for b in images] for a in images])
    targets = list(range(N)) if self_supervised else LABELS.tolist()
    expected = 0.5 * contrast_by_hand(similarity, 2 * targets)
    assert protonet(maps, LABELS).loss.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("contrast", [0.0, 0.5])
def test_rotations_are_told_by_pooled_features(contrast: float) -> None:
    protonet = objective(cls_weight=0.0, rotation_weight=0.3, global_weight=contrast, projection=4)
    maps = maps_of(protonet.views + 3)
    turned = [maps[:N], *maps[protonet.views * N :].chunk(3)]
    weight, bias = (protonet.heads()[f"rotation.{name}"].numpy() for name in ("weight", "bias"))
    losses = []
    for turns, images in enumerate(turned):
        for vector in images.mean(dim=(2, 3)).numpy():
            logits = weight @ vector + bias
            losses.append(math.log(np.exp(logits).sum()) - logits[turns])
    plain = objective(cls_weight=0.0, global_weight=contrast, projection=4) if contrast else None
    others = plain(maps[: 2 * N], LABELS).loss.item() if plain else 0.0
    assert protonet.rotated and len(turned[1]) == N
    assert protonet(maps, LABELS).loss.item() == pytest.approx(0.3 * np.mean(losses) + others, rel=1e-6)


AUXILIARIES = [
    {"global_weight": 0.5},
    {"spatial_weight": 0.5, "spatial_side": 3},
    {"global_weight": 0.5, "spatial_weight": 0.5, "self_supervised": True},
    {"rotation_weight": 0.5},
]


@pytest.mark.parametrize("options", [{}, *AUXILIARIES])
def test_the_loss_is_the_sum_and_every_parameter_gets_a_gradient(options: dict[str, float]) -> None:
    torch.manual_seed(0)
    network, protonet = Conv4(CHANNELS), objective(**options).float()
    maps = network(torch.randn(N * (protonet.views + 3 * protonet.rotated), 3, 32, 32))
    loss, accuracy = protonet(maps, LABELS)
    plain = objective().float()(maps[:N], LABELS)
    assert accuracy == plain.accuracy
    if options:
        alone = objective(cls_weight=0.0, **options).float()(maps, LABELS)
        torch.testing.assert_close(loss, plain.loss + alone.loss)
        assert alone.loss > 0
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in protonet.named_parameters()}
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in gradients.values())
    assert bool(gradients) == bool(options)
    first = network.get_parameter("layer1.0.weight").grad
    assert first is not None and (first.flatten(1).abs().sum(1) > 1e-6).all()


def test_heads_are_those_that_have_a_weight() -> None:
    attention = {f"attention.{part}.{layer}.weight" for part in ("query", "key", "value") for layer in (0, 2)}
    rotation = {"rotation.weight", "rotation.bias"}
    assert objective().heads() == {}
    assert objective(spatial_weight=0.5, rotation_weight=0.5).heads().keys() == attention | rotation
    assert objective(global_weight=0.5).heads().keys() == {"projection.0.weight", "projection.2.weight"}


def test_maps_that_are_not_finite() -> None:
    maps = maps_of(2)
    maps[3, 2, 1, 1] = torch.inf
    assert isinstance(objective(global_weight=0.5)(maps, LABELS), Loss)
    assert objective(global_weight=0.5)(maps, LABELS).loss.isnan()


def test_nothing_to_minimise() -> None:
    with pytest.raises(OptionError, match="All weights of the objective protonet are 0"):
        objective(cls_weight=0.0)
