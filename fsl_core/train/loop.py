"""The training loop."""

import math
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from torchvision.transforms.v2 import functional as F
from tqdm import tqdm

from fsl_core.backbones import save_weights
from fsl_core.classifiers import CLASSIFIERS
from fsl_core.data.transforms import normalise
from fsl_core.errors import TrainingError
from fsl_core.evaluate import evaluate_features
from fsl_core.explain import davies_bouldin
from fsl_core.train.augment import Augmentation
from fsl_core.train.batches import epoch_steps
from fsl_core.train.config import BEST, TrainConfig
from fsl_core.train.interrupt import Interrupt, deferred_interrupt
from fsl_core.train.metrics import MetricsLog
from fsl_core.train.process import Status, tell
from fsl_core.train.run import Run, start

TELL = 1.0  # seconds between two statuses that are told


def learning_rate(config: TrainConfig, epochs_done: float) -> float:
    """Learning rate after a (fractional) number of epochs."""
    if epochs_done < config.warmup_epochs:
        return config.learning_rate * epochs_done / config.warmup_epochs
    if config.schedule == "step":
        return config.learning_rate * config.step_factor ** config.falls(epochs_done)
    share = (epochs_done - config.warmup_epochs) / (config.epochs - config.warmup_epochs)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def train(config: TrainConfig, data: str | None, output: Path, resume: bool = False) -> Path:
    """Train a backbone and return the path of its best weights, `output/best.safetensors`.

    "Best" is the highest 5-way accuracy of `config.val_classifier` on episodes of the val classes, 1-shot or, after
    episodes of several shots, 5-shot; if these classes are learnt too (`config.split`), it is the last. Everything
    random is drawn from `config.seed` and the number of the step, so that on the CPU a resumed run goes on exactly like
    an uninterrupted one.

    Departure: RFS and SCL keep the weights of the last epoch, whatever the val classes say.

    Raises:
        TrainingError: the loss or its gradient is not finite (the published DeepEMD sets such gradients to 0), the
            batch does not divide by the devices, this computer lacks such devices, the folder cannot be written or
            holds another run, its disk is full, the run cannot be resumed, or it was stopped by Ctrl-C or SIGTERM
            (after the present step, and saved).
        TransportError: the solver of an episodic objective gave up.
        EpisodeError: the data are too small for the episodes.
        DataError: the data are not there.
        WeightsError: the weights to start from are not there.
    """
    run = start(config, data, output, resume)
    try:
        with open_log(run) as log, deferred_interrupt() as interrupt:
            while run.progress.epoch < config.epochs:
                end_epoch(run, log, train_epoch(run, interrupt) | validate(run))
    except OSError as error:
        raise TrainingError(
            f"The run can no longer be written to {output} ({error.strerror or error}); make room there, then resume "
            "it (--resume)."
        ) from error
    return output / BEST


def end_epoch(run: Run, log: MetricsLog | None, row: dict[str, float]) -> None:
    """Log an epoch, keep its weights if they are the best, and make a checkpoint."""
    if log:
        log.write(row)
        print(
            f"Epoch {row['epoch']} of {run.config.epochs}: loss {row['loss']:.3f}, accuracy {row['accuracy']:.1%}, "
            f"val 1-shot {row['val_1shot']:.1%}, 5-shot {row['val_5shot']:.1%}, "
            f"Davies-Bouldin {row['davies_bouldin']:.2f}, {row['images_per_second']:.0f} images/s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
    score = row["val_1shot" if run.config.shot == 1 else "val_5shot"]
    if score > run.progress.best or run.config.split != "train":
        run.progress.best = score
        save_best(run)
    run.progress.epoch += 1
    run.progress.step = 0
    run.progress.loss_sum = run.progress.accuracy_sum = 0.0
    run.save()


def save_best(run: Run) -> None:
    """Write the weights of the network and of the objective's heads, on one device only."""
    if run.fabric.is_global_zero:
        config, heads = run.config, run.objective.heads()
        save_weights(run.output / BEST, run.network, config.architecture, config.network_options, run.spec, heads)


def open_log(run: Run) -> AbstractContextManager[MetricsLog | None]:
    """The log of a run, on one device only; None on the others."""
    return MetricsLog(run.output, run.progress.epoch) if run.fabric.is_global_zero else nullcontext()


def stop_if(run: Run, interrupt: Interrupt) -> None:
    """Save and leave, on all devices at the same step, when Ctrl-C or SIGTERM came to any."""
    asked = torch.tensor(float(interrupt.asked), device=run.fabric.device)
    if cast(Tensor, run.fabric.all_reduce(asked, reduce_op="sum")).item():
        run.save()
        raise TrainingError(f"Stopped; the run is kept in {run.output} and can be resumed (--resume).")


def train_epoch(run: Run, interrupt: Interrupt) -> dict[str, float]:
    """One epoch, from the step at which the run stands; returns the row of the metrics."""
    config, progress, fabric = run.config, run.progress, run.fabric
    augment = {side: Augmentation(config, run.spec, side, run.objective.views) for side, _ in config.sides}
    steps = epoch_steps(run.images.labels, config, progress.epoch, fabric.world_size)
    first = fabric.is_global_zero
    bar = tqdm(total=len(steps), initial=progress.step, unit="step", disable=None if first else True, mininterval=1.0)
    started, saved, told, seen = time.monotonic(), time.monotonic(), 0.0, 0
    rate, side, speed = 0.0, config.sides[-1][0], 0.0  # of an epoch that is resumed behind its last step
    train_mode(run)
    for parts in steps[progress.step :]:
        stop_if(run, interrupt)
        done = progress.epoch + progress.step / len(steps)
        rate, side = learning_rate(config, done), config.side_at(done / config.epochs)
        bar.set_description(f"Epoch {progress.epoch + 1}/{config.epochs}, {side} px", refresh=False)
        loss, accuracy = take_step(run, *batch(run, augment[side], parts), rate)
        progress.step += 1
        progress.loss_sum += loss
        progress.accuracy_sum += accuracy
        seen += parts.numel()
        speed = seen / (time.monotonic() - started)
        bar.update()
        if first and (time.monotonic() - told > TELL or progress.step == len(steps)):
            status = status_of(run, steps, speed)
            tell(run.output, status)
            means = f"loss {status.loss:.3f}, accuracy {status.accuracy:.1%}"
            bar.set_postfix_str(f"{means}, {speed:.0f} images/s, {status.remaining} to go")
            told = time.monotonic()
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


def status_of(run: Run, steps: list[Int[Tensor, "batch part"]], images_per_second: float) -> Status:
    """How far the run is, after a step."""
    progress = run.progress
    return Status(
        epoch=progress.epoch + 1,
        epochs=run.config.epochs,
        step=progress.step,
        steps=len(steps),
        loss=progress.loss_sum / progress.step,
        accuracy=progress.accuracy_sum / progress.step,
        images_per_second=images_per_second,
        remaining=remaining(run, steps, images_per_second),
    )


def batch(
    run: Run, augment: Augmentation, parts: Int[Tensor, "batch part"]
) -> tuple[Float[Tensor, "images 3 size size"], Int[Tensor, " labels"]]:
    """This device's share of a step: the views of its images, and their labels.

    Everything random follows from the seed and the step; an image has the same views on whatever device it is. What
    dropout and DropBlock drop is drawn by each process for its own share: with a `drop_rate` above 0, runs on other
    numbers of devices agree in distribution only.
    """
    progress, fabric = run.progress, run.fabric
    seed = (run.config.seed * 1_000 + progress.epoch) * 100_000 + progress.step
    torch.manual_seed(seed * 64 + fabric.global_rank)
    randoms = augment.draw(parts.numel(), torch.Generator().manual_seed(seed)).unflatten(0, parts.shape)
    share = slice(fabric.global_rank, None, fabric.world_size)
    mine = parts[share].flatten()
    images = augment(run.images.images[mine].to(fabric.device), randoms[share].flatten(0, 1))
    return images, run.images.labels[mine].to(fabric.device)


def train_mode(run: Run) -> None:
    """Training mode; the batch norms stay in that of evaluation if the configuration freezes them."""
    run.learner.train()
    for module in run.network.modules():
        if run.config.freeze_batch_norm and isinstance(module, nn.BatchNorm2d):
            module.eval()


def take_step(
    run: Run, images: Float[Tensor, "images 3 size size"], labels: Int[Tensor, " labels"], rate: float
) -> tuple[float, float]:
    """One update of the parameters; returns loss and accuracy of the batch, averaged over the devices."""
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    images = images.contiguous(memory_format=torch.channels_last)
    loss, accuracy = run.learner(images, labels)
    if not torch.isfinite(loss):
        raise TrainingError(
            f"The loss became {loss.item()} in epoch {run.progress.epoch + 1}, step {run.progress.step + 1}; "
            "lower the learning rate, or lengthen the warm-up."
        )
    run.optimizer.zero_grad()
    run.fabric.backward(loss)
    gradients = [parameter.grad for parameter in run.learner.parameters() if parameter.grad is not None]
    if not torch.isfinite(get_total_norm(gradients)):
        raise TrainingError(
            f"The gradient is not finite in epoch {run.progress.epoch + 1}, step {run.progress.step + 1}; lower the "
            "learning rate, or for the objective deepemd choose the solver exact."
        )
    run.optimizer.step()
    means = run.fabric.all_reduce(torch.stack((loss.detach(), accuracy)), reduce_op="mean")
    return means[0].item(), means[1].item()


def remaining(run: Run, steps: list[Int[Tensor, "batch part"]], images_per_second: float) -> str:
    """Estimated time to the end of the run, as h:mm, taking the cost of an image as proportional to its pixels."""
    config, progress, total = run.config, run.progress, run.config.epochs * len(steps)
    done = (progress.epoch * len(steps) + progress.step) / total
    side = config.side_at(done - 1 / total)  # of the images that were as quick as that
    images = config.pixels_after(done) / side**2 * total * steps[0].numel()
    minutes = math.ceil(images / images_per_second / 60)
    return f"{minutes // 60}:{minutes % 60:02d} h"


def validate(run: Run) -> dict[str, float]:
    """Few-shot accuracy on the val classes, and how far apart they lie (NaN where the features do not spread)."""
    maps = val_maps(run)
    apart = davies_bouldin(maps.mean(dim=(2, 3)), run.validation.labels.numpy())
    return val_accuracies(run, maps) | {"davies_bouldin": math.nan if apart is None else apart}


def val_accuracies(run: Run, maps: Float[Tensor, "n_images channels height width"]) -> dict[str, float]:
    """5-way 1-shot and 5-shot accuracy on fixed episodes of the val classes, whose feature maps are given."""
    results = {}
    for shot in (1, 5):
        accuracy = evaluate_features(
            maps,
            run.validation.labels.numpy(),
            CLASSIFIERS[run.config.val_classifier](),
            way=5,
            shot=shot,
            query=15,
            episodes=run.config.val_episodes,
            generator=np.random.default_rng(run.config.seed),
        )
        results[f"val_{shot}shot"] = accuracy.mean
    return results


@torch.inference_mode()
def val_maps(run: Run) -> Float[Tensor, "n_images channels height width"]:
    """Feature maps of the val images."""
    run.learner.eval()
    sides = [run.spec.size] * 2
    batches = (F.resize(batch, sides, antialias=True) for batch in run.validation.images.split(64))
    return torch.cat([run.network(normalise(batch, run.spec).to(run.fabric.device)) for batch in batches]).float()
