"""Rows of a batch that several processes share, brought together in each of them."""

import torch
from jaxtyping import Shaped
from torch import Tensor, distributed
from torch.autograd.function import FunctionCtx, once_differentiable


def gathered(rows: Shaped[Tensor, "rows *_"]) -> Shaped[Tensor, "all_rows *_"]:
    """The rows of all processes, one process after the other; without processes, the rows themselves.

    The gradient that comes back to the rows is the sum over the processes. Where all compute the same loss of the
    gathered rows, it is the loss's gradient times the number of processes, which data parallelism's mean undoes.
    Every process must have as many rows.
    """
    return _Gathered.apply(rows) if distributed.is_available() and distributed.is_initialized() else rows


def first_row(rows: int) -> int:
    """Where the rows of this process begin in the gathered ones, if each process has `rows`."""
    return distributed.get_rank() * rows if distributed.is_available() and distributed.is_initialized() else 0


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(_processes())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        gradient = gradient.contiguous().clone()
        distributed.all_reduce(gradient)
        return gradient.chunk(_processes())[distributed.get_rank()]


def _processes() -> int:
    return distributed.get_world_size()
