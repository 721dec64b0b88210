"""What a dry run says is so, and it writes nothing."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fsl_core.data import open_dataset
from fsl_core.errors import TrainingError
from fsl_core.train import loop, plan
from fsl_core.train.__main__ import main
from fsl_core.train.batches import epoch_steps
from fsl_core.train.config import TrainConfig, read_recipe, write_config

TINY = TrainConfig(
    dataset="folder", architecture="conv4", objective="scl", spatial_weight=0.5, projection=8, size=32, epochs=2,
    train_sizes="24*0.5,32*0.5", batch=16, learning_rate=0.02, val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip


def test_a_plan(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading takes 50 ms, here, and the rest of a step no time."""
    original = plan.batch
    monkeypatch.setattr(plan, "batch", lambda *arguments: (time.sleep(0.05), original(*arguments))[1])
    monkeypatch.setattr(plan, "take_step", lambda *arguments: (0.0, 0.0))
    made = plan.make_plan(TINY, str(data))
    assert made is not None
    assert (made.classes, made.images, made.views, made.steps) == (5, 120, 2, 7)
    conv4 = sum(3 * 3 * inputs * 64 + 64 + 2 * 64 for inputs in (3, 64, 64, 64))
    assert made.parameters == conv4
    assert made.head_parameters == 64 * 5 + 5 + 3 * (64 * 64 + 64 * 8)
    assert set(made.step_seconds) == {24, 32}
    assert all(
        0.05 < made.view_seconds[side] < made.step_seconds[side] < 2 * made.view_seconds[side] for side in (24, 32)
    )
    assert made.seconds == pytest.approx(7 * sum(made.step_seconds.values()) + 2 * made.val_seconds)
    assert 0.1 < made.memory < 16 and made.device_memory is None
    text = "\n".join(made.lines())
    share = f"{made.view_seconds[24] / made.step_seconds[24]:.0%} of it reading and views"
    for fact in (
        "5 classes, 120 images", f"Network      conv4, from random weights, {conv4:,} parameters; heads", "2 view(s)",
        "simclr", "2 epochs of 7 steps of 16", f"{made.step_seconds[24]:.2f} s at 24 px, {share}; ",
    ):  # fmt: skip
        assert fact in text


def test_a_plan_of_episodes(data: Path) -> None:
    """The published recipe, at another size on other data."""
    changes = {
        "architecture": "conv4",
        "size": 32,
        "dataset": "folder",
        "accelerator": "cpu",
        "query": 5,
        "init": "conv4",
    }
    config = read_recipe("protonet_mini_imagenet_rotation", changes)
    made = plan.make_plan(config, str(data))
    assert made is not None
    assert (made.views, made.rotated, made.steps, made.head_parameters) == (1, True, 100, 64 * 4 + 4)
    text = "\n".join(made.lines())
    for fact in (
        "Network      conv4, from conv4, 113,088 parameters",
        "protonet; 1 view(s) of each image, the first in 4 rotations",
        "600 epochs of 100 steps of 1 episodes",
    ):
        assert fact in text


@pytest.mark.slow
def test_the_estimated_time_is_about_what_it_takes(data: Path, tmp_path: Path) -> None:
    """Within a factor of 5, as other work may go on meanwhile; what is imported first is not counted."""
    config = replace(TINY, epochs=4)
    loop.train(replace(TINY, epochs=1), str(data), tmp_path / "first")
    made = plan.make_plan(config, str(data))
    assert made is not None
    started = time.monotonic()
    loop.train(config, str(data), tmp_path / "timed")
    assert 1 / 5 < (time.monotonic() - started) / made.seconds < 5


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("changes", [{}, {"objective": "deepemd", "episodes": 9, "batch": 4, "way": 3}, {"batch": 120}])
def test_steps_of_an_epoch(data: Path, changes: dict, drop_last: bool) -> None:
    config = replace(TINY, drop_last=drop_last, **changes)
    labels = open_dataset("folder", data, "all").labels
    assert plan.count_steps(config, len(labels)) == len(epoch_steps(torch.from_numpy(labels), config, 0))


def test_an_epoch_smaller_than_a_batch() -> None:
    with pytest.raises(TrainingError, match="choose a smaller batch"):
        plan.count_steps(TINY, 15)


def test_learning_rates() -> None:
    falls = TrainConfig(epochs=90, learning_rate=0.05, milestones="45,60,75", step_factor=0.1)
    assert plan.rates(falls) == [
        (1, 0.05),
        (46, pytest.approx(5e-3)),
        (61, pytest.approx(5e-4)),
        (76, pytest.approx(5e-5)),
    ]
    cosine = TrainConfig(epochs=10, learning_rate=0.4, schedule="cosine")
    assert plan.rates(cosine) == [(1, 0.4), (6, pytest.approx(0.2)), (10, pytest.approx(0.4 * 0.0245, rel=0.01))]


def test_a_dry_run_writes_nothing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(tmp_path / "mine.toml", TINY)
    output = tmp_path / "run"
    arguments = ["--recipe", str(tmp_path / "mine.toml"), "--data", str(data), "--output", str(output), "--dry-run"]
    assert main(arguments) == 0
    assert not output.exists()
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [
        "Data", "Network", "Objective", "Schedule", "Rate", "Device", "Step", "Time", "Memory",
    ]  # fmt: skip
