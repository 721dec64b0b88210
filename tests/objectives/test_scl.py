"""The weighted sum of SCL's losses, its heads, and the same numbers on several processes."""

from datetime import timedelta
from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from fsl_core.errors import OptionError
from fsl_core.objectives import SCL, CrossEntropy
from fsl_core.objectives.base import Loss
from fsl_core.objectives.contrastive import batch_loss
from fsl_core.objectives.spatial import spatial_similarity

LABELS = torch.tensor([3, 1, 3, 0])
ALL = {"global_weight": 0.5, "spatial_weight": 0.25}


def two_views(images: int = 4) -> Tensor:
    return torch.randn(2 * images, 6, 2, 2, generator=torch.Generator().manual_seed(0))


def objective(**options: float | bool | str) -> SCL:
    torch.manual_seed(1)
    return SCL(6, 4, projection=5, **options)


def test_one_view_is_plain_cross_entropy() -> None:
    scl, plain = objective(cls_weight=2.0), CrossEntropy(6, 4)
    plain.load_state_dict(scl.state_dict())
    maps = two_views()[:4]
    assert scl.views == 1
    torch.testing.assert_close(scl(maps, LABELS).loss, 2 * plain(maps, LABELS).loss)
    torch.testing.assert_close(scl(maps, LABELS).accuracy, plain(maps, LABELS).accuracy)


def test_the_sum_of_its_terms() -> None:
    scl, maps = objective(cls_weight=0.7, **ALL), two_views()
    assert scl.views == 2
    classify, project = scl.classifier, scl.projection
    assert classify is not None and project is not None and scl.attention is not None
    pooled = maps.mean(dim=(2, 3))
    both = [F.cross_entropy(classify(half), LABELS) for half in pooled.chunk(2)]
    units, targets = F.normalize(project(pooled)), torch.cat((LABELS, LABELS))
    expected = 0.7 * (both[0] + both[1]) / 2 + 0.5 * batch_loss(units @ units.T, targets, 0.1)
    expected = expected + 0.25 * batch_loss(spatial_similarity(scl.attention(maps), "mean"), targets, 0.1)
    torch.testing.assert_close(scl(maps, LABELS).loss, expected)


def test_cross_entropy_of_two_views_without_contrast() -> None:
    scl, maps = objective(two_views=True), two_views()
    assert scl.views == 2
    halves = [objective()(half, LABELS) for half in maps.chunk(2)]
    torch.testing.assert_close(scl(maps, LABELS).loss, (halves[0].loss + halves[1].loss) / 2)
    torch.testing.assert_close(scl(maps, LABELS).accuracy, (halves[0].accuracy + halves[1].accuracy) / 2)
    assert scl.heads().keys() == {"classifier.weight", "classifier.bias"}


def test_maps_can_be_pooled_before_they_are_aligned() -> None:
    large = torch.randn(8, 6, 6, 6, generator=torch.Generator().manual_seed(0))
    small = F.avg_pool2d(large, 3)
    pooled, plain = objective(**ALL, spatial_side=2), objective(**ALL)
    torch.testing.assert_close(pooled(large, LABELS).loss, plain(small, LABELS).loss)
    assert abs(pooled(large, LABELS).loss - plain(large, LABELS).loss) > 1e-4


def test_self_supervised_does_not_look_at_labels() -> None:
    supervised, alone = (objective(cls_weight=0.0, self_supervised=flag, **ALL) for flag in (False, True))
    maps = two_views()
    torch.testing.assert_close(alone(maps, LABELS).loss, supervised(maps, torch.arange(4)).loss)
    torch.testing.assert_close(alone(maps, LABELS).loss, alone(maps, LABELS.flip(0)).loss)
    assert alone(maps, LABELS).loss != supervised(maps, LABELS).loss
    assert alone(maps, LABELS).accuracy.isnan()


@pytest.mark.parametrize("aggregation", ["sum", "max", "logsumexp"])
def test_aggregation_and_temperature_count(aggregation: str) -> None:
    maps, plain = two_views(), objective(**ALL)
    for options in ({"aggregation": aggregation}, {"contrastive_temperature": 0.5}):
        assert objective(**ALL, **options)(maps, LABELS).loss != plain(maps, LABELS).loss


def test_heads_are_those_that_have_a_weight() -> None:
    assert objective().heads().keys() == {"classifier.weight", "classifier.bias"}
    attention = {f"attention.{part}.{layer}.weight" for part in ("query", "key", "value") for layer in (0, 2)}
    assert objective(cls_weight=0.0, spatial_weight=1.0).heads().keys() == attention
    heads = objective(global_weight=1.0).heads()
    assert heads["projection.0.weight"].shape == (6, 6) and heads["projection.2.weight"].shape == (5, 6)
    assert not any(tensor.requires_grad for tensor in heads.values())


def test_nothing_to_minimise() -> None:
    with pytest.raises(OptionError, match="All weights of the objective scl are 0"):
        objective(cls_weight=0.0)


@pytest.mark.slow
def test_two_processes_are_as_one(tmp_path: Path) -> None:
    """The mean of the processes' losses, and the gradients that data parallelism leaves, are those of the batch."""
    multiprocessing.spawn(one_of_two, (tmp_path,), nprocs=2)
    for self_supervised in (False, True):
        learner = Learner(self_supervised)
        loss = learner(two_views(), LABELS).loss
        loss.backward()
        parts = [torch.load(tmp_path / f"{rank}{self_supervised}.pt") for rank in range(2)]
        assert ((parts[0]["loss"] + parts[1]["loss"]) / 2).item() == pytest.approx(loss.item(), rel=1e-5)
        for name, parameter in learner.named_parameters():
            for part in parts:
                torch.testing.assert_close(part[name], parameter.grad, rtol=1e-4, atol=1e-6)


class Learner(nn.Module):
    def __init__(self, self_supervised: bool) -> None:
        super().__init__()
        self.objective = objective(self_supervised=self_supervised, **ALL)
        self.network = nn.Conv2d(6, 6, 1)

    def forward(self, images: Tensor, labels: Tensor) -> Loss:
        return self.objective(self.network(images), labels)


def one_of_two(rank: int, folder: Path) -> None:
    """Half of the images in a process of its own."""
    store = distributed.FileStore(str(folder / "store"), 2)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=timedelta(seconds=60))
    mine = slice(2 * rank, 2 * rank + 2)
    for self_supervised in (False, True):
        learner = DistributedDataParallel(Learner(self_supervised))
        loss = learner(torch.cat([view[mine] for view in two_views().chunk(2)]), LABELS[mine]).loss
        loss.backward()
        gradients = {name: parameter.grad for name, parameter in learner.module.named_parameters()}
        torch.save({"loss": loss.detach()} | gradients, folder / f"{rank}{self_supervised}.pt")
    distributed.destroy_process_group()
