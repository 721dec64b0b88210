"""Training on episodes: the same loop, another kind of batch."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from fsl_core.backbones import Network, load_backbone
from fsl_core.data import open_dataset
from fsl_core.data.synthetic import render_scene
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import EpisodeError, TrainingError
from fsl_core.objectives import EpisodicDeepEMD, Objective
from fsl_core.objectives.base import Loss
from fsl_core.train import loop, run
from fsl_core.train.augment import Augmentation
from fsl_core.train.batches import epoch_steps, load_images
from fsl_core.train.config import TrainConfig, write_config

TINY = TrainConfig(
    dataset="folder", architecture="conv4", objective="deepemd", way=3, shot=2, query=4, episodes=6, batch=2, size=32,
    epochs=3, crop_scale=0.6, jitter=1.0, learning_rate=0.02, schedule="cosine", val_classifier="deepemd",
    val_episodes=4, val_images=20, accelerator="cpu",
)  # fmt: skip
PROTONET = TrainConfig(
    dataset="folder", architecture="conv4", objective="protonet", global_weight=0.5, spatial_weight=0.5,
    rotation_weight=0.5, self_supervised=True, projection=8, spatial_side=2, way=3, shot=2, query=4, episodes=8,
    batch=2, size=32, epochs=3, crop_scale=0.6, optimizer="adam", learning_rate=2e-3, weight_decay=0.0,
    schedule="cosine", val_classifier="protonet", val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip
RUNS = {"deepemd": (TINY, "data"), "protonet": (PROTONET, "scenes")}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five classes of 22 synthetic scenes, which have a top and a bottom."""
    folder = tmp_path_factory.mktemp("scenes")
    for label, name in enumerate(("apple", "cat", "mug", "rocket", "tree")):
        (folder / name).mkdir()
        for index in range(22):
            pixels = render_scene(name, np.random.default_rng([label, index]), 48).image
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def metrics(output: Path) -> list[list[str]]:
    """The rows of the metrics, all but the speed."""
    return [line.split(",")[:-1] for line in (output / "metrics.csv").read_text().splitlines()[1:]]


def learnt(output: Path) -> dict[str, torch.Tensor]:
    return torch.load(output / "last.ckpt", weights_only=True)["learner"]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Path]:
    """Objective -> its run without an interruption."""
    outputs = {name: tmp_path_factory.mktemp(name) for name in RUNS}
    for name, (config, images) in RUNS.items():
        loop.train(config, str(request.getfixturevalue(images)), outputs[name])
    return outputs


@pytest.fixture
def uninterrupted(wholes: dict[str, Path]) -> Path:
    return wholes["deepemd"]


@pytest.mark.parametrize(("name", "reached"), [("deepemd", 0.6), ("protonet", 0.4)])
def test_it_learns(name: str, reached: float, wholes: dict[str, Path]) -> None:
    """Loss, accuracy on the queries and 5-way 5-shot accuracy."""
    first, *_, last = metrics(wholes[name])
    assert float(last[3]) < float(first[3])
    assert float(last[4]) > float(first[4])
    assert float(last[6]) > reached
    assert load_backbone(wholes[name] / "best.safetensors", "cpu").spec.size == 32


def test_the_heads_of_auxiliary_losses_travel_with_the_network(wholes: dict[str, Path]) -> None:
    heads = load_backbone(wholes["protonet"] / "best.safetensors", "cpu").heads
    assert {name.split(".")[0] for name in heads} == {"projection", "attention", "rotation"}
    assert heads["rotation.weight"].shape == (4, 64)


@pytest.mark.parametrize(("name", "stop_after"), [("deepemd", 5), ("protonet", 6)])
def test_resuming_goes_on_like_an_uninterrupted_run(
    name: str,
    stop_after: int,
    tmp_path: Path,
    wholes: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    config, data = RUNS[name][0], request.getfixturevalue(RUNS[name][1])
    uninterrupted, steps, original = wholes[name], 0, loop.take_step

    def interrupted(*arguments: object) -> tuple[float, float]:
        nonlocal steps
        steps += 1
        if steps == stop_after:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(loop, "take_step", interrupted)
    with pytest.raises(TrainingError, match="--resume"):
        loop.train(config, str(data), tmp_path)
    assert steps == stop_after
    loop.train(config, str(data), tmp_path, resume=True)
    assert metrics(tmp_path) == metrics(uninterrupted)
    ours, theirs = learnt(tmp_path), learnt(uninterrupted)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("frozen", [True, False])
def test_batch_norms_can_keep_their_statistics(data: Path, uninterrupted: Path, tmp_path: Path, frozen: bool) -> None:
    init = uninterrupted / "best.safetensors"
    config = replace(TINY, init=str(init), freeze_batch_norm=frozen, epochs=1, episodes=2, val_episodes=2)
    loop.train(config, str(data), tmp_path)
    before = load_backbone(init, "cpu").network.get_buffer("layer1.1.running_mean")
    assert torch.equal(learnt(tmp_path)["network.layer1.1.running_mean"], before) == frozen


def test_a_gradient_that_is_not_finite_stops_the_run(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The square root has a value at 0, but no derivative."""

    def loss(_: object, maps: torch.Tensor, labels: torch.Tensor) -> Loss:
        return Loss((0 * maps).sum().sqrt(), torch.tensor(0.0))

    monkeypatch.setattr(EpisodicDeepEMD, "forward", loss)
    with pytest.raises(TrainingError, match="gradient is not finite in epoch 1, step 1"):
        loop.train(TINY, str(data), tmp_path)


class Colours(Network):
    """Its maps are the images."""

    def stages(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (images,)


class Seen(Objective):
    """Keeps the maps that it is called with."""

    rotated = True

    def forward(self, maps: torch.Tensor, labels: torch.Tensor) -> Loss:
        self.maps = maps
        return Loss(maps.sum(), maps.sum())


def test_turned_images_follow_the_views() -> None:
    images, objective = torch.rand(4, 3, 5, 5), Seen()
    run.Learner(Colours(), objective)(images, torch.tensor([0, 1]))
    assert torch.equal(objective.maps[:4], images)
    corner = [objective.maps[start : start + 2, :, 0, 0] for start in (4, 6, 8)]
    assert torch.equal(corner[0], images[:2, :, 0, -1])  # a quarter to the left brings the right corner there
    assert torch.equal(corner[1], images[:2, :, -1, -1])
    assert torch.equal(corner[2], images[:2, :, -1, 0])


@pytest.mark.parametrize(("shot", "best"), [(1, 1), (5, 2)])
def test_the_best_weights_are_those_for_as_many_shots_as_are_learnt(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shot: int, best: int
) -> None:
    names, measured = ("val_1shot", "val_5shot", "davies_bouldin"), iter([(0.6, 0.6, 3), (0.5, 0.7, 1), (0.4, 0.65, 2)])
    monkeypatch.setattr(loop, "validate", lambda _: dict(zip(names, next(measured), strict=True)))
    saved: list[int] = []
    monkeypatch.setattr(loop, "save_best", lambda one: saved.append(one.progress.epoch + 1))
    loop.train(replace(TINY, shot=shot, episodes=2), str(data), tmp_path)
    assert saved[-1] == best


def test_data_with_too_few_classes(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EpisodeError, match="needs 9 classes"):
        loop.train(replace(TINY, way=9), str(data), tmp_path)


@pytest.mark.slow
def test_two_devices_share_the_episodes_and_average_the_gradients(data: Path, tmp_path: Path) -> None:
    """Against both devices' steps taken one after the other here."""
    config = replace(TINY, epochs=1, episodes=4, devices=2, schedule="step", freeze_batch_norm=True, val_episodes=2)
    write_config(tmp_path / "two.toml", config)
    arguments = ["--recipe", str(tmp_path / "two.toml"), "--data", str(data), "--output", str(tmp_path / "run")]
    subprocess.run([sys.executable, "-m", "fsl_core.train", *arguments], check=True, cwd=Path(run.__file__).parents[2])

    torch.manual_seed(config.seed)
    learner = run.Learner(run.initial_network(config), run.build_objective(config, 64, 5)).eval()
    optimizer = torch.optim.SGD(
        learner.parameters(), config.learning_rate, config.momentum, weight_decay=config.weight_decay, nesterov=True
    )
    dataset = open_dataset("folder", str(data), "train")
    store = load_images(dataset, config.size, torch.arange(len(dataset)).numpy(), "")
    augment = Augmentation(config, InputSpec(size=config.size), config.size)
    for step, parts in enumerate(epoch_steps(store.labels, config, 0)):
        optimizer.zero_grad()
        randoms = augment.draw(parts.numel(), torch.Generator().manual_seed(config.seed * 100_000_000 + step))
        for rows, numbers in zip(parts, randoms.unflatten(0, parts.shape), strict=True):
            (learner(augment(store.images[rows], numbers), store.labels[rows]).loss / 2).backward()
        optimizer.step()
    for name, value in learnt(tmp_path / "run").items():
        torch.testing.assert_close(value, learner.state_dict()[name], rtol=1e-3, atol=3e-5)
