"""Training for real, on a few small images: it learns, it can be stopped and resumed, and it stops at NaN."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_core.backbones import load_backbone
from fsl_core.errors import TrainingError
from fsl_core.train import loop
from fsl_core.train.__main__ import main
from fsl_core.train.config import TrainConfig

TINY = TrainConfig(
    dataset="folder", architecture="conv4", size=32, epochs=2, train_sizes="24*0.5,32*0.5", crop_scale=0.6, batch=16,
    learning_rate=0.02, schedule="cosine", warmup_epochs=0.5, val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five classes of 24 noisy images, told apart by their colour."""
    folder = tmp_path_factory.mktemp("colours")
    generator = np.random.default_rng(0)
    for name, colour in {
        "blue": (0, 0, 200),
        "green": (0, 160, 0),
        "grey": (90, 90, 90),
        "red": (200, 0, 0),
        "sand": (220, 200, 120),
    }.items():
        (folder / name).mkdir()
        for index in range(24):
            pixels = np.clip(generator.normal(colour, 40, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def rows(output: Path) -> list[dict[str, str]]:
    with (output / "metrics.csv").open() as file:
        return [
            {key: value for key, value in row.items() if key != "images_per_second"} for row in csv.DictReader(file)
        ]


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
    backbone = load_backbone(uninterrupted / "best.safetensors", "cpu")
    assert backbone.spec.size == 32
    assert not any(parameter.requires_grad for parameter in backbone.network.parameters())


@pytest.mark.parametrize("stop_after", [3, 9])
def test_resuming_goes_on_like_an_uninterrupted_run(
    data: Path, tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    steps = 0
    original = loop.take_step

    def interrupted(*arguments: object) -> tuple[float, float]:
        nonlocal steps
        steps += 1
        if steps > stop_after:
            raise KeyboardInterrupt
        return original(*arguments)

    monkeypatch.setattr(loop, "take_step", interrupted)
    with pytest.raises(TrainingError, match="--resume"):
        loop.train(TINY, str(data), tmp_path)
    monkeypatch.setattr(loop, "take_step", original)
    loop.train(TINY, str(data), tmp_path, resume=True)
    assert rows(tmp_path) == rows(uninterrupted)
    last = [torch.load(folder / "last.ckpt", weights_only=True)["learner"] for folder in (tmp_path, uninterrupted)]
    assert all(torch.equal(last[0][name], last[1][name]) for name in last[0])


def test_a_loss_that_is_not_finite_stops_the_run(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="lower the learning rate"):
        loop.train(replace(TINY, learning_rate=1e30, warmup_epochs=0.0), str(data), tmp_path)


def test_resuming_another_configuration_is_refused(data: Path, uninterrupted: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="another seed"):
        loop.train(replace(TINY, seed=2), str(data), uninterrupted, resume=True)
    with pytest.raises(TrainingError, match="no checkpoint"):
        loop.train(TINY, str(data), tmp_path / "empty", resume=True)


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        (["--recipe", "nothing"], "choose one of"),
        ([], "--list"),
        (["--recipe", "tiny_imagenet_conv4", "--data", "/nowhere"], "no folder or zip /nowhere"),
        (["--recipe", "tiny_imagenet_conv4", "--epochs", "many"], "invalid int value"),
    ],
)
def test_bad_command_lines_get_one_line(
    arguments: list[str], fragment: str, capsys: pytest.CaptureFixture[str]
) -> None:
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
