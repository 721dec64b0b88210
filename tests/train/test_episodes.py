"""Training on episodes: the same loop, another kind of batch."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from fsl_core.backbones import load_backbone
from fsl_core.data import open_dataset
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import EpisodeError, TrainingError
from fsl_core.objectives import EpisodicDeepEMD
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


def metrics(output: Path) -> list[list[str]]:
    """The rows of the metrics, all but the speed."""
    return [line.split(",")[:-1] for line in (output / "metrics.csv").read_text().splitlines()[1:]]


def learnt(output: Path) -> dict[str, torch.Tensor]:
    return torch.load(output / "last.ckpt", weights_only=True)["learner"]


@pytest.fixture(scope="module")
def uninterrupted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("episodes")
    loop.train(TINY, str(data), output)
    return output


def test_it_learns(uninterrupted: Path) -> None:
    first, *_, last = metrics(uninterrupted)
    assert float(last[3]) < float(first[3])
    assert float(last[5]) > 0.6
    assert load_backbone(uninterrupted / "best.safetensors", "cpu").spec.size == 32


@pytest.mark.parametrize("stop_after", [2, 6])
def test_resuming_goes_on_like_an_uninterrupted_run(
    data: Path, tmp_path: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    steps, original = 0, loop.take_step

    def interrupted(*arguments: object) -> tuple[float, float]:
        nonlocal steps
        steps += 1
        if steps == stop_after:
            signal.raise_signal(signal.SIGINT)
        return original(*arguments)

    monkeypatch.setattr(loop, "take_step", interrupted)
    with pytest.raises(TrainingError, match="--resume"):
        loop.train(TINY, str(data), tmp_path)
    assert steps == stop_after
    loop.train(TINY, str(data), tmp_path, resume=True)
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
