"""Training for real, on a few small images: it learns, it can be stopped and resumed, and it stops at NaN."""

import csv
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from fsl_core.backbones import load_backbone
from fsl_core.data import open_dataset
from fsl_core.errors import FSLError, TrainingError, WeightsError
from fsl_core.train import loop, run
from fsl_core.train.__main__ import main
from fsl_core.train.batches import some_of_each
from fsl_core.train.config import CHECKPOINT, TrainConfig, read_recipe, write_config

TINY = TrainConfig(
    dataset="folder", architecture="conv4", size=32, epochs=2, train_sizes="24*0.5,32*0.5", crop_scale=0.6, batch=16,
    learning_rate=0.02, schedule="cosine", warmup_epochs=0.5, val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip

VALIDATED = {"val_1shot": 0.0, "val_5shot": 0.0, "davies_bouldin": 0.0}
SCL = replace(TINY, objective="scl", global_weight=0.5, spatial_weight=0.5, projection=8, jitter=0.4)


def rows(output: Path) -> list[dict[str, str]]:
    with (output / "metrics.csv").open() as file:
        return [
            {key: value for key, value in row.items() if key != "images_per_second"} for row in csv.DictReader(file)
        ]


def state(output: Path) -> dict:
    """The last checkpoint, all but the configuration."""
    saved = torch.load(output / CHECKPOINT, weights_only=True)
    return {name: saved[name] for name in ("learner", "optimizer", "progress")}


@pytest.fixture(scope="module")
def uninterrupted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("run")
    loop.train(TINY, str(data), output)
    return output


def test_it_learns_and_writes_everything(uninterrupted: Path) -> None:
    first, last = rows(uninterrupted)
    assert float(last["loss"]) < float(first["loss"])
    assert float(last["val_1shot"]) > 0.6
    assert (first["size"], last["size"]) == ("24", "32")
    assert list((uninterrupted / "tensorboard").glob("events*"))
    assert read_recipe(str(uninterrupted / "config.toml"), {}) == TINY
    backbone = load_backbone(uninterrupted / "best.safetensors", "cpu")
    assert backbone.spec.size == 32
    assert not any(parameter.requires_grad for parameter in backbone.network.parameters())


def test_how_far_apart_the_val_classes_lie(uninterrupted: Path, data: Path) -> None:
    """By its definition, for the best weights, which are kept in half precision."""
    best = int(np.argmax([float(row["val_1shot"]) for row in rows(uninterrupted)]))
    dataset = open_dataset("folder", str(data), "val")
    images = [dataset.image(row) for row in some_of_each(dataset.labels, TINY.val_images)]
    maps = load_backbone(uninterrupted / "best.safetensors", "cpu").maps(images)
    classes = F.normalize(maps.mean(dim=(2, 3))).unflatten(0, (5, TINY.val_images))
    means = classes.mean(dim=1)
    widths = (classes - means[:, None]).norm(dim=2).mean(dim=1)
    ratios = (widths[:, None] + widths) / (torch.cdist(means, means) + torch.diag(torch.full((5,), torch.inf)))
    assert float(rows(uninterrupted)[best]["davies_bouldin"]) == pytest.approx(
        ratios.amax(dim=1).mean().item(), rel=2e-2
    )


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_resuming_goes_on_like_an_uninterrupted_run(
    data: Path, tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    """Ctrl-C comes at the worst moment: the parameters have been changed, the step has not been counted."""
    config, whole, stop_after = replace(TINY, precision=precision), uninterrupted, 9
    if config != TINY:
        whole = tmp_path / "whole"
        loop.train(config, str(data), whole)
        first, last = rows(whole)
        assert float(last["loss"]) < float(first["loss"]) and rows(whole) != rows(uninterrupted)
    output, steps = tmp_path / "parts", 0
    original = loop.take_step

    def interrupted(*arguments: object) -> tuple[float, float]:
        nonlocal steps
        result = original(*arguments)
        steps += 1
        if steps == stop_after:
            signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(loop, "take_step", interrupted)
    with pytest.raises(TrainingError, match="--resume"):
        loop.train(config, str(data), output)
    assert steps == stop_after
    monkeypatch.setattr(loop, "take_step", original)
    loop.train(config, str(data), output, resume=True)
    assert rows(output) == rows(whole)
    torch.testing.assert_close(state(output), state(whole), rtol=0, atol=0)


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint(
    data: Path, tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL within the first epoch, with a checkpoint after each step; none is repeated that a checkpoint holds."""
    write_config(tmp_path / "often.toml", replace(TINY, checkpoint_minutes=0.0))
    output = tmp_path / "run"
    words = ["--recipe", str(tmp_path / "often.toml"), "--data", str(data), "--output", str(output)]
    command = [sys.executable, "-m", "fsl_core.train", *words]
    process = subprocess.Popen(command, cwd=Path(run.__file__).parents[2], stderr=subprocess.DEVNULL)
    while not (output / CHECKPOINT).exists():
        assert process.poll() is None
        time.sleep(0.001)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    steps, original, saved = 0, loop.take_step, state(output)["progress"]
    assert saved["epoch"] == 0 and 0 < saved["step"] < 7

    def counted(*arguments: object) -> tuple[float, float]:
        nonlocal steps
        steps += 1
        return original(*arguments)

    monkeypatch.setattr(loop, "take_step", counted)
    assert main([*words, "--resume"]) == 0
    assert steps == 2 * 7 - saved["step"]
    for ours, theirs in zip(rows(output), rows(uninterrupted), strict=True):  # another process may round differently
        assert {name: float(value) for name, value in ours.items()} == pytest.approx(
            {name: float(value) for name, value in theirs.items()}, rel=1e-5
        )
    torch.testing.assert_close(state(output), state(uninterrupted), rtol=1e-3, atol=1e-5)


def test_a_loss_that_is_not_finite_stops_the_run(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        loop.train(replace(TINY, learning_rate=1e30, warmup_epochs=0.0), str(data), tmp_path)


@pytest.mark.parametrize("second_view", ["simclr", "stacked_randaug"])
def test_resuming_goes_on_with_two_views(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second_view: str
) -> None:
    config = replace(SCL, second_view=second_view, epochs=1, drop_last=False)
    loop.train(config, str(data), tmp_path / "whole")
    original, shapes = loop.take_step, []

    def interrupted(one: run.Run, images: torch.Tensor, labels: torch.Tensor, rate: float) -> tuple[float, float]:
        shapes.append((len(images), len(labels)))
        if len(shapes) == 3:
            signal.raise_signal(signal.SIGINT)
        return original(one, images, labels, rate)

    monkeypatch.setattr(loop, "take_step", interrupted)
    with pytest.raises(TrainingError, match="--resume"):
        loop.train(config, str(data), tmp_path / "parts")
    loop.train(config, str(data), tmp_path / "parts", resume=True)
    assert shapes == [(32, 16)] * 7 + [(16, 8)]
    assert rows(tmp_path / "parts") == rows(tmp_path / "whole")
    last = [torch.load(tmp_path / name / "last.ckpt", weights_only=True)["learner"] for name in ("parts", "whole")]
    assert all(torch.equal(last[0][name], last[1][name]) for name in last[0])


def test_adam_moves_every_parameter_by_the_rate_at_first() -> None:
    learner = torch.nn.Linear(3, 2)
    before = learner.weight.detach().clone()
    optimizer = run.build_optimizer(TrainConfig(optimizer="adam", learning_rate=0.01, weight_decay=0.0), learner)
    signs = torch.tensor([[1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])
    (learner.weight * signs * torch.tensor([1.0, 10.0, 100.0])).sum().backward()
    optimizer.step()
    torch.testing.assert_close(learner.weight.detach(), before - 0.01 * signs)


def test_of_a_run_that_learns_the_val_classes_the_last_weights_are_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "validate", lambda one: VALIDATED | {"val_1shot": 1 / (2 + one.progress.epoch)})
    for split, same in (("train", False), ("all", True)):
        best = load_backbone(loop.train(replace(TINY, split=split), str(data), tmp_path / split), "cpu").network
        last = torch.load(tmp_path / split / "last.ckpt", weights_only=True)["learner"]
        weight = best.get_parameter("layer4.0.weight")
        assert torch.equal(weight.half(), last["network.layer4.0.weight"].half()) == same


def test_resuming_another_configuration_is_refused(data: Path, uninterrupted: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="another seed"):
        loop.train(replace(TINY, seed=2), str(data), uninterrupted, resume=True)
    assert read_recipe(str(uninterrupted / "config.toml"), {}) == TINY
    with pytest.raises(TrainingError, match="no checkpoint"):
        loop.train(TINY, str(data), tmp_path / "empty", resume=True)


def test_a_run_is_not_overwritten(data: Path, uninterrupted: Path) -> None:
    before = {path: path.read_bytes() for path in uninterrupted.rglob("*") if path.is_file()}
    with pytest.raises(TrainingError, match="go on with --resume, or choose another --output"):
        loop.train(TINY, str(data), uninterrupted)
    assert {path: path.read_bytes() for path in uninterrupted.rglob("*") if path.is_file()} == before


def test_a_checkpoint_without_a_younger_field_had_its_default(data: Path, uninterrupted: Path, tmp_path: Path) -> None:
    state = torch.load(uninterrupted / "last.ckpt", weights_only=True)
    del state["config"]["init"]
    torch.save(state, tmp_path / "last.ckpt")
    loop.train(TINY, str(data), tmp_path, resume=True)
    with pytest.raises(TrainingError, match="another init"):
        loop.train(replace(TINY, init="resnet12_narrow"), str(data), tmp_path, resume=True)


def test_a_damaged_checkpoint(data: Path, tmp_path: Path) -> None:
    (tmp_path / "last.ckpt").write_bytes(b"no checkpoint at all")
    with pytest.raises(TrainingError, match="damaged"):
        loop.train(TINY, str(data), tmp_path, resume=True)


@pytest.mark.parametrize("place", ["a file", "below a file", "not writable"])
def test_a_folder_that_cannot_be_written(data: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "run" / "config.toml").mkdir(parents=True)  # a folder where a file must be written
    output = tmp_path / {"a file": "file", "below a file": "file/run", "not writable": "run"}[place]
    with pytest.raises(TrainingError, match="choose another folder with --output"):
        loop.train(TINY, str(data), output)


@pytest.mark.skipif(torch.cuda.is_available(), reason="has what must be absent")
def test_an_accelerator_that_is_not_there(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="choose --accelerator auto or cpu"):
        loop.train(replace(TINY, accelerator="cuda"), str(data), tmp_path)


class OtherRank:
    """What `loop` asks a Fabric, answered as the second of two devices."""

    is_global_zero = False


def test_only_the_first_device_writes_the_log(tmp_path: Path) -> None:
    fabric: Any = OtherRank()
    unused: Any = None
    second = run.Run(TINY, None, fabric, *4 * [unused], run.Progress(), unused, unused, tmp_path)
    with loop.open_log(second) as log:
        assert log is None
    assert not list(tmp_path.iterdir())


def test_training_starts_from_given_weights(data: Path, uninterrupted: Path, tmp_path: Path) -> None:
    """With a learning rate of 0 the parameters stay those of `init`; a run with another seed would have others."""
    init = uninterrupted / "best.safetensors"
    config = replace(TINY, init=str(init), learning_rate=0.0, seed=5, epochs=1)
    best = load_backbone(loop.train(config, str(data), tmp_path), "cpu").network
    start = load_backbone(init, "cpu").network
    assert all(torch.equal(*pair) for pair in zip(best.parameters(), start.parameters(), strict=True))
    fresh = run.initial_network(replace(config, init=""))
    assert not torch.equal(next(fresh.parameters()), next(start.parameters()))


def test_a_resumed_run_does_not_need_the_weights_it_started_from(
    data: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    init = tmp_path / "init.safetensors"
    init.write_bytes((uninterrupted / "best.safetensors").read_bytes())
    config = replace(TINY, init=str(init), epochs=1)
    loop.train(config, str(data), tmp_path / "run")
    init.unlink()
    loop.train(config, str(data), tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("changes", "error", "fragment"),
    [
        ({"architecture": "resnet12"}, TrainingError, "resnet12 of widths 64-160-320-640; choose the architecture"),
        ({"init": "absent.safetensors"}, WeightsError, "no weights file absent.safetensors"),
        ({"init": "nobody"}, WeightsError, "no backbone 'nobody'"),
    ],
)
def test_weights_that_cannot_be_started_from(
    data: Path, uninterrupted: Path, tmp_path: Path, changes: dict, error: type[FSLError], fragment: str
) -> None:
    config = replace(TINY, **({"init": str(uninterrupted / "best.safetensors")} | changes))
    with pytest.raises(error, match=fragment) as raised:
        loop.train(config, str(data), tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--recipe", "nothing"], "choose one of"),
        ([], "--list"),
        (["--recipe", "tiny_imagenet_conv4", "--data", "/nowhere"], "no folder or zip /nowhere"),
        (["--recipe", "tiny_imagenet_conv4", "--epochs", "many"], "invalid int value"),
        (["--recipe", "tiny_imagenet_conv4", "--accelerator", "tpuu"], "invalid choice: 'tpuu'"),
        (["--recipe", "tiny_imagenet_conv4", "--momentum", "0"], "momentum above 0"),
        (["--recipe", "tiny_imagenet_conv4", "--output", "file"], "cannot be written to file"),
        (["--recipe", "tiny_imagenet_conv4", "--init", "absent.safetensors"], "no weights file absent.safetensors"),
    ],
)
def test_bad_command_lines_get_one_line(
    arguments: list[str],
    fragment: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    try:
        code = main(arguments)
    except SystemExit as leaving:
        code = leaving.code
    captured = capsys.readouterr()
    assert code == 2
    assert captured.err.count("\n") == 1
    assert fragment in captured.err


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert "tiny_imagenet_resnet12_narrow" in capsys.readouterr().out


def test_learning_rate() -> None:
    config = TrainConfig(epochs=10, schedule="cosine", warmup_epochs=2.0, learning_rate=0.4)
    assert loop.learning_rate(config, 1.0) == pytest.approx(0.2)
    assert loop.learning_rate(config, 6.0) == pytest.approx(0.2)
    assert loop.learning_rate(config, 10.0) == pytest.approx(0.0)
    steps = TrainConfig(learning_rate=1.0, step_epochs=30, step_factor=0.2)
    assert [loop.learning_rate(steps, epoch) for epoch in (0.0, 29.9, 30.0, 60.0)] == pytest.approx([1, 1, 0.2, 0.04])
    named = TrainConfig(learning_rate=1.0, milestones="45, 60,75", step_factor=0.1)
    rates = [loop.learning_rate(named, epoch) for epoch in (0.0, 44.9, 45.0, 59.9, 60.0, 75.0, 89.9)]
    assert rates == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.001, 0.001])


def test_where_it_is_no_terminal_a_run_says_a_line_an_epoch(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop.train(replace(TINY, val_episodes=2), str(data), tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:12] for line in lines] == ["Epoch 1 of 2", "Epoch 2 of 2"]
    assert re.fullmatch(
        r".*: loss \d\.\d{3}, accuracy [\d.]+%, val 1-shot [\d.]+%, 5-shot .*%, Davies-Bouldin [\d.]+, \d+ images/s",
        lines[1],
    )


def test_a_disk_that_gets_full(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last whole checkpoint stays, from which the run goes on when there is room."""
    before, original = resource.getrlimit(resource.RLIMIT_FSIZE), loop.end_epoch

    def fills(run: run.Run, log: object, row: dict[str, float]) -> None:
        original(run, log, row)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))

    monkeypatch.setattr(loop, "end_epoch", fills)
    try:
        with pytest.raises(TrainingError, match=r"can no longer be written to .*File too large.*; make room there"):
            loop.train(TINY, str(data), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    monkeypatch.setattr(loop, "end_epoch", original)
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["progress"]["epoch"] == 1
    loop.train(TINY, str(data), tmp_path, resume=True)
    assert [row["epoch"] for row in rows(tmp_path)] == ["1", "2"]
