"""The devices of a run, and what they share in every step: the statistics of batch norms."""

import os
from typing import Any, cast

import torch
from jaxtyping import Float
from lightning.fabric import Fabric
from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor, distributed, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from fsl_core.errors import TrainingError
from fsl_core.train.config import TrainConfig


def connect(config: TrainConfig) -> Fabric:
    """The devices of a run: those of the configuration, or under torchrun those that it starts.

    Raises:
        TrainingError: this computer does not have them, or a batch cannot be shared evenly by them.
    """
    devices = int(os.environ.get("LOCAL_WORLD_SIZE", config.devices))
    nodes = int(os.environ.get("GROUP_WORLD_SIZE", 1))
    if config.batch % (devices * nodes):
        raise TrainingError(f"A batch of {config.batch} cannot be shared evenly by {devices * nodes} devices.")
    try:
        return Fabric(
            accelerator=config.accelerator, devices=devices, num_nodes=nodes, precision=cast(Any, config.precision)
        )
    except (RuntimeError, ValueError, MisconfigurationException) as error:
        raise TrainingError(
            f"This computer cannot train on {devices} device(s) of the accelerator {config.accelerator!r}; "
            "choose --accelerator auto or cpu, or fewer --devices."
        ) from error


def share_batch_norms(module: nn.Module, fabric: Fabric) -> None:
    """Let every batch norm below a module normalise by the statistics of the batches of all devices together."""
    if fabric.world_size == 1:
        return
    if fabric.device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return
    for parent in module.modules():
        for child in parent.children():
            if type(child) is nn.BatchNorm2d:
                child.__class__ = SharedBatchNorm  # the same parameters and buffers


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm over all processes, each with as many images: what torch's `SyncBatchNorm` is on GPUs only."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        if (
            not self.training
            or self.running_mean is None
            or self.running_var is None
            or self.num_batches_tracked is None
        ):
            return super().forward(x)
        self.num_batches_tracked.add_(1)
        values = x.to(torch.promote_types(x.dtype, torch.float32))  # also where a mixed precision asks for less
        count = x.numel() // x.shape[1] * distributed.get_world_size()
        mean = _Total.apply(values.sum(dim=(0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = _Total.apply(centred.square().sum(dim=(0, 2, 3))) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, cast(float, self.momentum))
            self.running_var.lerp_(variance * count / (count - 1), cast(float, self.momentum))
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)


class _Total(torch.autograd.Function):
    """Sum over the processes; so is the gradient, as each process's loss depends on every summand."""

    @staticmethod
    def forward(ctx: FunctionCtx, value: Tensor) -> Tensor:
        total = value.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        distributed.all_reduce(total)
        return total
