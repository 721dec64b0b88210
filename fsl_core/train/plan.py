"""What a run will do and cost, from a few steps that are timed and forgotten."""

import math
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from fsl_core.data import open_dataset
from fsl_core.errors import TrainingError
from fsl_core.objectives import OBJECTIVES
from fsl_core.train.augment import Augmentation
from fsl_core.train.batches import epoch_steps, some_of_each
from fsl_core.train.config import TrainConfig
from fsl_core.train.devices import connect
from fsl_core.train.loop import batch, learning_rate, take_step, train_mode, val_accuracies, val_maps
from fsl_core.train.run import Run, assemble

TIMED_STEPS = 3  # after one that is not timed
FEW_EPISODES = 4
Result = TypeVar("Result")
SOME = 20  # images of each class that the timed steps are drawn from; enough for an episode of 5 + 15


@dataclass(frozen=True)
class Plan:
    """What a run will do.

    Attributes:
        images: of the classes that are learnt.
        views: of each image in a step.
        rotated: whether the first of them comes turned, too.
        steps: of an epoch.
        step_seconds: side of the images in pixels -> duration of a step.
        view_seconds: side -> what it takes, of that, to fetch the images from memory and to make their views.
        val_seconds: of the validation after each epoch.
        parameters, head_parameters: that are learnt, of the network and of the objective.
        memory: GB of the processes of this computer at the end of the timed steps, with all images loaded.
        device_memory: GB of the accelerator; None without one.
    """

    config: TrainConfig
    device: str
    devices: int
    classes: int
    images: int
    views: int
    rotated: bool
    steps: int
    step_seconds: dict[int, float]
    view_seconds: dict[int, float]
    val_seconds: float
    parameters: int
    head_parameters: int
    memory: float
    device_memory: float | None

    @property
    def seconds(self) -> float:
        """Estimated duration of the run."""
        epoch = sum(share * self.steps * self.step_seconds[side] for side, share in self.config.sides)
        return self.config.epochs * (epoch + self.val_seconds)

    def lines(self) -> list[str]:
        """The plan for people, a fact a line."""
        config = self.config
        sides = ", ".join(f"{share:.0%} at {side} px" for side, share in config.sides)
        episodic = OBJECTIVES[config.objective].episodic
        step = f"{config.batch} {'episodes' if episodic else 'images'}"
        start = f"{config.architecture}, from {config.init or 'random weights'}"
        speeds = (
            f"{seconds:.2f} s at {side} px, {self.view_seconds[side] / seconds:.0%} of it reading and views"
            for side, seconds in self.step_seconds.items()
        )
        hours, minutes = divmod(int(self.seconds / 60 + 1), 60)
        return [
            f"Data         {config.dataset}, {config.split}: {self.classes} classes, {self.images:,} images; {sides}",
            f"Network      {start}, {self.parameters:,} parameters; heads {self.head_parameters:,}",
            f"Objective    {config.objective}; {self.views} view(s) of each image"
            + (f", the second by {config.second_view}" if self.views > 1 else "")
            + (", the first in 4 rotations" if self.rotated else "")
            + (f"; teacher {config.teacher}" if OBJECTIVES[config.objective].needs_teacher else ""),
            f"Schedule     {config.epochs} epochs of {self.steps} steps of {step}",
            f"Rate         {', '.join(f'{rate:.2g} from epoch {epoch}' for epoch, rate in rates(config))}",
            f"Device       {self.devices} x {self.device}, {config.precision}",
            f"Step         {'; '.join(speeds)}; validation {self.val_seconds:.1f} s an epoch",
            f"Time         about {hours}:{minutes:02d} h",
            f"Memory       {self.memory:.1f} GB"
            + (f", {self.device_memory:.1f} GB of the device" if self.device_memory is not None else ""),
        ]


def rates(config: TrainConfig) -> list[tuple[int, float]]:
    """Epochs, counted from 1, and their learning rate after any warm-up: where it falls, or first, middle and last."""
    every = [learning_rate(config, max(epoch, config.warmup_epochs)) for epoch in range(config.epochs)]
    if config.schedule == "step":
        shown = [epoch for epoch in range(config.epochs) if not epoch or every[epoch] != every[epoch - 1]]
    else:
        shown = sorted({0, config.epochs // 2, config.epochs - 1})
    return [(epoch + 1, every[epoch]) for epoch in shown]


def make_plan(config: TrainConfig, data: str | None) -> Plan | None:
    """Time a few steps and a validation on a part of the data; nothing is written. None on all devices but the first.

    Raises:
        FSLError: as `train` does.
    """
    fabric = connect(config)
    fabric.launch()
    train_set, val_set = (open_dataset(config.dataset, data, split) for split in (config.split, "val"))
    steps = count_steps(config, len(train_set))
    run = assemble(config, data, Path(), fabric, most=max(SOME, config.shot + config.query))
    timings = {side: time_step(run, side) for side, _ in config.sides}
    val_seconds = time_validation(run, len(some_of_each(val_set.labels, config.val_images)))
    missing = (len(train_set) - len(run.images.labels)) * run.images.images[0].numel()
    cuda = fabric.device.type == "cuda"
    plan = Plan(
        config=config,
        device=torch.cuda.get_device_name(fabric.device) if cuda else fabric.device.type.upper(),
        devices=fabric.world_size,
        classes=len(train_set.class_names),
        images=len(train_set),
        views=run.objective.views,
        rotated=run.objective.rotated,
        steps=steps,
        step_seconds={side: views + rest for side, (views, rest) in timings.items()},
        view_seconds={side: views for side, (views, _) in timings.items()},
        val_seconds=val_seconds,
        parameters=count_parameters(run.network),
        head_parameters=count_parameters(run.objective),
        memory=fabric.world_size * (peak_memory() + missing) / 1e9,
        device_memory=torch.cuda.max_memory_allocated(fabric.device) / 1e9 if cuda else None,
    )
    return plan if fabric.is_global_zero else None


def count_steps(config: TrainConfig, images: int) -> int:
    """Steps of an epoch.

    Raises:
        TrainingError: the epoch is smaller than one batch.
    """
    parts = config.episodes if OBJECTIVES[config.objective].episodic else images
    steps = parts // config.batch if config.drop_last else math.ceil(parts / config.batch)
    if not steps:
        raise TrainingError(
            f"An epoch holds {parts} images or episodes, a batch {config.batch}; choose a smaller batch."
        )
    return steps


def time_step(run: Run, side: int) -> tuple[float, float]:
    """Seconds of a step on images of one size, until its batch is there and from then on: medians of a few."""
    augment = Augmentation(run.config, run.spec, side, run.objective.views)
    parts = epoch_steps(run.images.labels, run.config, 0, run.fabric.world_size)[0]
    train_mode(run)
    rate = run.config.learning_rate / 100  # whatever the parameters become is forgotten, but they must stay finite
    seconds = []
    for _ in range(1 + TIMED_STEPS):
        views, made = timed(run, partial(batch, run, augment, parts))
        rest, _ = timed(run, partial(take_step, run, *made, rate))
        seconds.append((views, rest))
    views, rest = (statistics.median(column) for column in zip(*seconds[1:], strict=True))
    return views, rest


def time_validation(run: Run, images: int) -> float:
    """Seconds of a validation, from its maps and its episodes, of which fewer are made."""
    few = replace(run, config=replace(run.config, val_episodes=FEW_EPISODES))
    reading, maps = timed(run, lambda: val_maps(few))
    episodes, _ = timed(run, lambda: val_accuracies(few, maps))
    return reading * images / len(run.validation.labels) + episodes * run.config.val_episodes / FEW_EPISODES


def timed(run: Run, work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds that something takes, with all that it leaves to the device, and its result."""
    started = time.perf_counter()
    result = work()
    if run.fabric.device.type == "cuda":
        torch.cuda.synchronize(run.fabric.device)
    return time.perf_counter() - started, result


def count_parameters(module: nn.Module) -> int:
    """Numbers that are learnt."""
    return sum(parameter.numel() for parameter in module.parameters())


def peak_memory() -> int:
    """The most memory that this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
