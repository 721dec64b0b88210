"""Two processes give what one gives with the same total batch."""

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing, nn

from fsl_core.errors import TrainingError
from fsl_core.train import loop, run
from fsl_core.train.config import TrainConfig, write_config
from fsl_core.train.devices import SharedBatchNorm, connect

ALONE = TrainConfig(
    dataset="folder", architecture="conv4", objective="scl", global_weight=0.5, spatial_weight=0.5, projection=8,
    size=32, crop="padded", jitter=0.4, epochs=2, batch=32, drop_last=False, learning_rate=0.02, schedule="cosine",
    val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip
EPISODES = replace(
    ALONE, objective="protonet", rotation_weight=0.5, spatial_side=2, way=3, shot=2, query=2, episodes=8, batch=2
)
RUN = [sys.executable, "-m", "fsl_core.train"]
TORCHRUN = [
    sys.executable,
    "-m",
    "torch.distributed.run",
    "--standalone",
    "--nproc-per-node",
    "2",
    "-m",
    "fsl_core.train",
]


def rows(output: Path) -> list[dict[str, float]]:
    with (output / "metrics.csv").open() as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


@pytest.mark.slow
@pytest.mark.parametrize(("config", "command", "devices"), [(ALONE, RUN, 2), (ALONE, TORCHRUN, 1), (EPISODES, RUN, 2)])
def test_two_processes(data: Path, tmp_path: Path, config: TrainConfig, command: list[str], devices: int) -> None:
    """By our own launcher, and by torchrun, whose number of processes is the one that counts.

    Single precision alone moves the gradient of the first step by 2e-4 here, as features that are still much alike are
    compared by their angles.
    """
    alone = tmp_path / "alone"
    loop.train(config, str(data), alone)
    write_config(tmp_path / "two.toml", replace(config, devices=devices))
    arguments = ["--recipe", str(tmp_path / "two.toml"), "--data", str(data), "--output", str(tmp_path / "run")]
    free = {name: value for name, value in os.environ.items() if name != "LOCAL_WORLD_SIZE"}
    subprocess.run([*command, *arguments], check=True, cwd=Path(run.__file__).parents[2], env=free)
    for ours, theirs in zip(rows(tmp_path / "run"), rows(alone), strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=1e-3)
        assert ours["accuracy"] == pytest.approx(theirs["accuracy"], abs=0.02)
    ours, theirs = (
        torch.load(output / "last.ckpt", weights_only=True)["learner"] for output in (tmp_path / "run", alone)
    )
    assert ours.keys() == theirs.keys()
    vectors = [torch.cat([learnt[name].flatten().double() for name in theirs]) for learnt in (ours, theirs)]
    assert (vectors[0] - vectors[1]).norm() < 0.01 * vectors[1].norm()


def normalise_a_share(rank: int, folder: str) -> None:
    """Normalise every other image in one of two processes, and write what comes out and what comes back."""
    store = distributed.FileStore(f"{folder}/store", 2)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    given = torch.load(f"{folder}/given.pt")
    norm = SharedBatchNorm(3)
    norm.load_state_dict(given["state"])
    share = given["x"][rank::2].requires_grad_()
    y = norm(share)
    (y * given["weight"][rank::2]).sum().backward()
    torch.save((y.detach(), share.grad, norm.weight.grad, norm.state_dict()), f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_a_batch_norm_over_two_processes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.normal_()
    x, weight = 5 + torch.randn(8, 3, 4, 5, requires_grad=True), torch.randn(8, 3, 4, 5)
    x.retain_grad()
    torch.save({"state": norm.state_dict(), "x": x.detach(), "weight": weight}, tmp_path / "given.pt")
    multiprocessing.spawn(normalise_a_share, (str(tmp_path),), nprocs=2)
    y = norm(x)
    (y * weight).sum().backward()
    outputs, gradients, weight_gradients, states = zip(
        *(torch.load(tmp_path / f"{rank}.pt") for rank in (0, 1)), strict=True
    )
    torch.testing.assert_close(torch.stack(outputs, dim=1).flatten(0, 1), y.detach())
    torch.testing.assert_close(torch.stack(gradients, dim=1).flatten(0, 1), x.grad, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(sum(weight_gradients), norm.weight.grad, rtol=1e-4, atol=1e-5)
    for state in states:
        for name, value in norm.state_dict().items():
            torch.testing.assert_close(state[name], value)


def test_a_batch_that_cannot_be_shared() -> None:
    with pytest.raises(TrainingError, match="batch of 32 cannot be shared evenly by 3 devices"):
        connect(replace(ALONE, devices=3))
