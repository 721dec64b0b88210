"""A run: what it consists of, and everything before its first step."""

import inspect
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from lightning.fabric import Fabric
from torch import Tensor, nn

from fsl_core.backbones import Network, build, load_backbone
from fsl_core.data import open_dataset
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import TrainingError
from fsl_core.objectives import OBJECTIVES, Objective
from fsl_core.objectives.base import Loss
from fsl_core.train.batches import Advance, ImageStore, load_images, nobody, some_of_each
from fsl_core.train.checkpoint import claim, save_checkpoint
from fsl_core.train.config import TrainConfig
from fsl_core.train.devices import connect, share_batch_norms
from fsl_core.train.process import tell_reading
from fsl_core.train.teacher import Teacher, load_teacher


class Learner(nn.Module):
    """Network and objective behind one call, as data parallelism wants it; a teacher is no part of its state."""

    def __init__(self, network: Network, objective: Objective, teacher: Teacher | None = None) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self.teacher = teacher

    def forward(self, images: Float[Tensor, "images 3 height width"], labels: Int[Tensor, " batch"]) -> Loss:
        if self.objective.rotated:
            first = images[: len(labels)]
            images = torch.cat((images, *(first.rot90(turns, (2, 3)) for turns in (1, 2, 3))))
        maps = self.network(images)
        return self.objective(maps, labels, *self.teacher(images)) if self.teacher else self.objective(maps, labels)


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
    objective: Objective
    learner: nn.Module
    optimizer: torch.optim.Optimizer
    progress: Progress
    images: ImageStore
    validation: ImageStore
    output: Path

    def save(self) -> None:
        """Write a checkpoint on one device; the others wait until it is written."""
        if self.fabric.is_global_zero:
            state = {
                "learner": self.learner.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "progress": asdict(self.progress),
            }
            save_checkpoint(self.output, state, self.config)
        self.fabric.barrier()


def start(config: TrainConfig, data: str | None, output: Path, resume: bool) -> Run:
    """Everything before the first step: devices, images, network, and the state of the run to be resumed."""
    fabric = connect(config)
    state = claim(output, config, resume)
    fabric.launch()
    advance = partial(tell_reading, output) if fabric.is_global_zero else nobody
    return assemble(config, data, output, fabric, state, advance=advance)


def assemble(
    config: TrainConfig,
    data: str | None,
    output: Path,
    fabric: Fabric,
    state: dict[str, Any] | None = None,
    most: int | None = None,
    advance: Advance = nobody,
) -> Run:
    """A run on given devices.

    Args:
        state: of the run to be resumed; None = a new one.
        most: images of each class to read; None = all, and of the val classes as the configuration says.
        advance: told how many images are read.
    """
    torch.manual_seed(config.seed)
    network = build(config.architecture, config.network_options) if state else initial_network(config)
    train_set, val_set = (open_dataset(config.dataset, data, split) for split in (config.split, "val"))
    spec, n_classes = InputSpec(size=config.size), len(train_set.class_names)
    objective = build_objective(config, network.channels, n_classes)
    teacher = load_teacher(config.teacher, spec, n_classes, fabric.device) if objective.needs_teacher else None
    chosen = np.arange(len(train_set)) if most is None else some_of_each(train_set.labels, most)
    images = load_images(train_set, config.size, chosen, "Reading train images", advance)
    chosen = some_of_each(val_set.labels, config.val_images if most is None else most)
    validation = load_images(val_set, config.size, chosen, "Reading val images", advance)
    learner = Learner(network, objective, teacher).to(memory_format=torch.channels_last)
    share_batch_norms(network, fabric)
    progress = Progress()
    if state:
        learner.load_state_dict(state["learner"])
        progress = Progress(**state["progress"])
    learner, optimizer = fabric.setup(learner, build_optimizer(config, learner))
    if state:  # not before the parameters are on their device, where their momentum must be, too
        optimizer.load_state_dict(state["optimizer"])
    return Run(config, spec, fabric, network, objective, learner, optimizer, progress, images, validation, output)


def build_objective(config: TrainConfig, channels: int, n_classes: int) -> Objective:
    """The objective of a run, given what it asks for by the names of its arguments."""
    known = asdict(config) | {"channels": channels, "n_classes": n_classes}
    objective = OBJECTIVES[config.objective]
    return objective(**{name: known[name] for name in inspect.signature(objective).parameters})


def build_optimizer(config: TrainConfig, learner: Learner) -> torch.optim.Optimizer:
    """The optimiser of a run, for all parameters of network and objective."""
    common: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimizer == "adam":
        return torch.optim.Adam(learner.parameters(), **common)
    return torch.optim.SGD(learner.parameters(), momentum=config.momentum, nesterov=config.nesterov, **common)


def initial_network(config: TrainConfig) -> Network:
    """The network before the first step: with random weights, or with those of `config.init`.

    Raises:
        TrainingError: the weights of `config.init` belong to another architecture.
        WeightsError: there are no such weights, or the file is damaged.
    """
    network = build(config.architecture, config.network_options)
    if config.init:
        try:
            network.load_state_dict(load_backbone(config.init, "cpu").network.state_dict())
        except RuntimeError as error:
            raise TrainingError(
                f"The weights {config.init} do not fit the network {config.architecture}"
                f"{f' of widths {config.widths}' if config.network_options else ''}; "
                "choose the architecture and the widths they were trained with."
            ) from error
    return network
