"""The training loop."""

import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, Int
from lightning.fabric import Fabric
from torch import Tensor, nn
from torchvision.transforms.v2 import functional as F
from tqdm import tqdm

from fsl_core.backbones import Network, build, save_weights
from fsl_core.classifiers import CLASSIFIERS
from fsl_core.data import open_dataset
from fsl_core.data.transforms import InputSpec, normalise
from fsl_core.errors import TrainingError
from fsl_core.evaluate import evaluate_features
from fsl_core.objectives import OBJECTIVES, Objective
from fsl_core.objectives.base import Loss
from fsl_core.train.batches import Augmentation, ImageStore, epoch_batches, load_images, some_of_each
from fsl_core.train.checkpoint import load_checkpoint, save_checkpoint
from fsl_core.train.config import TrainConfig
from fsl_core.train.metrics import MetricsLog

BEST = "best.safetensors"


class Learner(nn.Module):
    """Network and objective behind one call, as data parallelism wants it."""

    def __init__(self, network: Network, objective: Objective) -> None:
        super().__init__()
        self.network = network
        self.objective = objective

    def forward(self, images: Float[Tensor, "batch 3 height width"], labels: Int[Tensor, " batch"]) -> Loss:
        return self.objective(self.network(images), labels)


@dataclass
class Progress:
    """Where a run stands; a part of every checkpoint. The sums run over the steps of the present epoch."""

    epoch: int = 0
    step: int = 0
    best: float = 0.0
    loss_sum: float = 0.0
    accuracy_sum: float = 0.0


@dataclass(frozen=True, eq=False)
class Run:
    """All that the parts of the loop share."""

    config: TrainConfig
    spec: InputSpec
    fabric: Fabric
    network: Network
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    progress: Progress
    images: ImageStore
    validation: ImageStore
    output: Path

    def save(self) -> None:
        """Write a checkpoint (on one device only)."""
        if self.fabric.is_global_zero:
            state = {
                "learner": self.learner.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "progress": asdict(self.progress),
            }
            save_checkpoint(self.output, state, self.config)


def learning_rate(config: TrainConfig, epochs_done: float) -> float:
    """Learning rate after a (fractional) number of epochs."""
    if epochs_done < config.warmup_epochs:
        return config.learning_rate * epochs_done / config.warmup_epochs
    if config.schedule == "step":
        return config.learning_rate * config.step_factor ** (int(epochs_done) // config.step_epochs)
    share = (epochs_done - config.warmup_epochs) / (config.epochs - config.warmup_epochs)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def train(config: TrainConfig, data: str | None, output: Path, resume: bool = False) -> Path:
    """Train a backbone and return the path of its best weights, `output/best.safetensors`.

    "Best" is the highest 5-way 1-shot accuracy of the cosine classifier on episodes of the val classes. Everything
    random is drawn from `config.seed` and the number of the step, so that on the CPU a resumed run goes on exactly
    like an uninterrupted one.

    Raises:
        TrainingError: the loss is not finite, the batch does not divide by the devices, the run cannot be resumed, or
            it was stopped by Ctrl-C (after it was saved).
        DataError: the data are not there.
    """
    run = start(config, data, output, resume)
    log = MetricsLog(output, keep_epochs=run.progress.epoch)
    try:
        while run.progress.epoch < config.epochs:
            row = train_epoch(run) | validate(run)
            if run.fabric.is_global_zero:
                log.write(row)
            if row["val_1shot"] > run.progress.best:
                run.progress.best = row["val_1shot"]
                if run.fabric.is_global_zero:
                    save_weights(output / BEST, run.network, config.architecture, config.network_options, run.spec)
            run.progress.epoch += 1
            run.progress.step = 0
            run.progress.loss_sum = run.progress.accuracy_sum = 0.0
            run.save()
    except KeyboardInterrupt:
        run.save()
        raise TrainingError(f"Stopped; the run is kept in {output} and goes on with --resume.") from None
    return output / BEST


def start(config: TrainConfig, data: str | None, output: Path, resume: bool) -> Run:
    """Everything before the first step: devices, images, network, and the state of the run to be resumed."""
    if config.batch % config.devices:
        raise TrainingError(f"A batch of {config.batch} images cannot be shared by {config.devices} devices.")
    output.mkdir(parents=True, exist_ok=True)
    fabric = Fabric(accelerator=config.accelerator, devices=config.devices, precision=cast(Any, config.precision))
    fabric.launch()
    torch.manual_seed(config.seed)
    train_set, val_set = (open_dataset(config.dataset, data, split) for split in ("train", "val"))
    images = load_images(train_set, config.size, np.arange(len(train_set)), "Reading train images")
    validation = load_images(
        val_set, config.size, some_of_each(val_set.labels, config.val_images), "Reading val images"
    )
    network = build(config.architecture, config.network_options)
    objective = OBJECTIVES[config.objective](network.channels, len(train_set.class_names), config.label_smoothing)
    learner = Learner(network, objective).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        learner.parameters(),
        lr=config.learning_rate,
        momentum=config.momentum,
        nesterov=config.nesterov,
        weight_decay=config.weight_decay,
    )
    progress = Progress()
    if resume:
        state = load_checkpoint(output, config)
        learner.load_state_dict(state["learner"])
        optimizer.load_state_dict(state["optimizer"])
        progress = Progress(**state["progress"])
    learner, optimizer = fabric.setup(learner, optimizer)
    return Run(
        config, InputSpec(size=config.size), fabric, network, learner, optimizer, progress, images, validation, output
    )


def train_epoch(run: Run) -> dict[str, float]:
    """One pass over the training images, from the step at which the run stands; returns the row of the metrics."""
    config, progress, fabric = run.config, run.progress, run.fabric
    augment = {side: Augmentation(config, run.spec, side).to(fabric.device) for side, _ in config.sides}
    batches = list(epoch_batches(len(run.images.labels), config.batch, config.seed, progress.epoch))
    if not batches:
        raise TrainingError(f"The data hold fewer images than a batch of {config.batch}; choose a smaller batch.")
    bar = tqdm(
        total=len(batches), initial=progress.step, unit="step", disable=not fabric.is_global_zero, mininterval=1.0
    )
    started, saved, first = time.monotonic(), time.monotonic(), progress.step
    rate, side, speed = 0.0, config.sides[-1][0], 0.0  # of an epoch that is resumed behind its last step
    run.learner.train()
    for rows in batches[progress.step :]:
        torch.manual_seed(((config.seed * 1_000 + progress.epoch) * 100_000 + progress.step) * 64 + fabric.global_rank)
        done = progress.epoch + progress.step / len(batches)
        rate, side = learning_rate(config, done), config.side_at(done / config.epochs)
        bar.set_description(f"Epoch {progress.epoch + 1}/{config.epochs}, {side} px", refresh=False)
        mine = rows[fabric.global_rank :: fabric.world_size]
        loss, accuracy = take_step(
            run, augment[side](run.images.images[mine].to(fabric.device)), run.images.labels[mine], rate
        )
        progress.step += 1
        progress.loss_sum += loss
        progress.accuracy_sum += accuracy
        speed = (progress.step - first) * config.batch / (time.monotonic() - started)
        bar.update()
        bar.set_postfix_str(
            f"loss {progress.loss_sum / progress.step:.3f}, accuracy {progress.accuracy_sum / progress.step:.1%}, "
            f"{speed:.0f} images/s, {remaining(run, len(batches), speed)} to go"
        )
        if time.monotonic() - saved > 60 * config.checkpoint_minutes:
            run.save()
            saved = time.monotonic()
    bar.close()
    return {
        "epoch": progress.epoch + 1,
        "size": side,
        "learning_rate": rate,
        "loss": progress.loss_sum / progress.step,
        "accuracy": progress.accuracy_sum / progress.step,
        "images_per_second": speed,
    }


def take_step(
    run: Run, images: Float[Tensor, "batch 3 size size"], labels: Int[Tensor, " batch"], rate: float
) -> tuple[float, float]:
    """One update of the parameters; returns loss and accuracy of the batch, averaged over the devices."""
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    images = images.contiguous(memory_format=torch.channels_last)
    loss, accuracy = run.learner(images, labels.to(run.fabric.device))
    if not torch.isfinite(loss):
        raise TrainingError(
            f"The loss became {loss.item()} in epoch {run.progress.epoch + 1}, step {run.progress.step + 1}; "
            "lower the learning rate, or lengthen the warm-up."
        )
    run.optimizer.zero_grad()
    run.fabric.backward(loss)
    run.optimizer.step()
    means = run.fabric.all_reduce(torch.stack((loss.detach(), accuracy)), reduce_op="mean")
    return means[0].item(), means[1].item()


def remaining(run: Run, steps: int, images_per_second: float) -> str:
    """Estimated time to the end of the run, as h:mm, taking the cost of an image as proportional to its pixels."""
    config, now = run.config, run.progress.epoch * steps + run.progress.step
    total = config.epochs * steps
    pixels = [config.side_at(step / total) ** 2 for step in range(now - 1, total)]
    minutes = math.ceil(sum(pixels[1:]) / pixels[0] * config.batch / images_per_second / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"


@torch.inference_mode()
def validate(run: Run) -> dict[str, float]:
    """5-way 1-shot and 5-shot accuracy of the cosine classifier on fixed episodes of the val classes."""
    run.learner.eval()
    batches = run.validation.images.split(64)
    maps = torch.cat(
        [
            run.network(normalise(F.resize(batch, [run.spec.size] * 2, antialias=True), run.spec).to(run.fabric.device))
            for batch in batches
        ]
    )
    results = {}
    for shot in (1, 5):
        accuracy = evaluate_features(
            maps.float(),
            run.validation.labels.numpy(),
            CLASSIFIERS["cosine"](),
            way=5,
            shot=shot,
            query=15,
            episodes=run.config.val_episodes,
            generator=np.random.default_rng(run.config.seed),
        )
        results[f"val_{shot}shot"] = accuracy.mean
    return results
