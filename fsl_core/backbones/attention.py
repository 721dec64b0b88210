"""The heads that Spatial Contrastive Learning trains beside a network, and how alike they find two images."""

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from fsl_core.errors import WeightsError

ATTENTION = "attention."  # before the names of the heads in a weights file
BLOCK = 2**20  # attention weights that are held at once
SHARPNESS = 6.0  # of the log-sum-exp
SMALLEST = 1e-16  # squared length of an aligned value up to which its cosine is 0


def projection_head(channels: int, width: int) -> nn.Sequential:
    """Two linear layers without bias and a ReLU between, the hidden one as wide as the features (SCL, figure D.1)."""
    return nn.Sequential(nn.Linear(channels, channels, bias=False), nn.ReLU(), nn.Linear(channels, width, bias=False))


class Projected(NamedTuple):
    """What attention sees of some images; position = row * width of the map + column."""

    query: Float[Tensor, "images positions width"]
    key: Float[Tensor, "images positions width"]
    value: Float[Tensor, "images positions width"]


class AttentionHeads(nn.Module):
    """The query, key and value heads that align images to one another (Ouali et al., section 3.2).

    Each is a `projection_head`; the names of the parameters are those of the published `attention` state.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.query = projection_head(channels, width)
        self.key = projection_head(channels, width)
        self.value = projection_head(channels, width)

    def forward(self, maps: Float[Tensor, "images channels height width"]) -> Projected:
        nodes = maps.flatten(2).mT
        return Projected(self.query(nodes), self.key(nodes), self.value(nodes))


def attention_of(heads: Mapping[str, Tensor]) -> AttentionHeads | None:
    """The attention heads among what training kept beside a network (`Backbone.heads`); None where there are none.

    Raises:
        WeightsError: there is only a part of them, or their shapes do not fit together.
    """
    state = {name.removeprefix(ATTENTION): head for name, head in heads.items() if name.startswith(ATTENTION)}
    if not state:
        return None
    first, last = state.get("query.0.weight"), state.get("query.2.weight")
    try:
        if first is None or last is None:
            raise RuntimeError("the query head is missing")
        with torch.device("meta"):
            attention = AttentionHeads(first.shape[-1], len(last))
        attention.load_state_dict(state, assign=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise WeightsError(
            f"The attention heads of this backbone are not complete ({reason}); train it again, or take another one."
        ) from error
    return attention.eval().requires_grad_(False)


def aligned_cosines(target: Projected, source: Projected) -> Float[Tensor, "targets sources positions"]:
    """Cosine, at each position of a target, of its value and the value of a source aligned to it (equation 5).

    The aligned values are never formed. With a the attention of a position of the target over those of the source,
    v its value and V the source's, the cosine of v and aV is  a·(Vv) / (|v| sqrt(a (VVᵀ) aᵀ)),  in which Vv and VVᵀ are
    as small as a. Attention is held for a block of positions at a time and computed again for the gradient. Single
    precision at least.
    """
    dtype = torch.promote_types(target.value.dtype, torch.float32)
    with torch.autocast(target.value.device.type, enabled=False):
        query, direction = target.query.to(dtype), F.normalize(target.value.to(dtype), dim=2, eps=1e-8)
        key, value = source.key.to(dtype), source.value.to(dtype)
        scaled = query / math.sqrt(query.shape[2])
        cosines = _Cosines.apply(scaled.flatten(0, 1), direction.flatten(0, 1), key, value, value @ value.mT)
    return cosines.unflatten(0, query.shape[:2]).mT


AGGREGATIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "mean": lambda similarities: similarities.mean(dim=-1),
        "sum": lambda similarities: similarities.sum(dim=-1),
        "max": lambda similarities: similarities.amax(dim=-1),
        "logsumexp": lambda similarities: (SHARPNESS * similarities).logsumexp(dim=-1) / SHARPNESS,
    }
)


class _Block(NamedTuple):
    """Attention of some rows over the positions of all sources, and what the cosines are made of."""

    rows: slice
    attention: Float[Tensor, "rows sources positions"]
    dots: Float[Tensor, "rows sources positions"]  # of the row's value with each of the source's
    lengths: Float[Tensor, "rows sources positions"]  # attention times the products of the source's values
    inverse: Float[Tensor, "rows sources"]  # of the length of the aligned value
    cosines: Float[Tensor, "rows sources"]


def _blocks(query: Tensor, direction: Tensor, key: Tensor, value: Tensor, products: Tensor) -> Iterator[_Block]:
    sources, positions = key.shape[:2]
    size = max(1, BLOCK // (sources * positions))
    for start in range(0, len(query), size):
        rows = slice(start, start + size)
        attention = (query[rows] @ key.flatten(0, 1).T).unflatten(1, (sources, positions)).softmax(dim=2)
        dots = (direction[rows] @ value.flatten(0, 1).T).unflatten(1, (sources, positions))
        lengths = (attention.transpose(0, 1) @ products).transpose(0, 1)
        squared = torch.linalg.vecdot(attention, lengths)
        inverse = torch.where(squared > SMALLEST, squared.rsqrt(), 0)
        yield _Block(rows, attention, dots, lengths, inverse, torch.linalg.vecdot(attention, dots) * inverse)


class _Cosines(torch.autograd.Function):
    """Cosines `[rows, sources]` of the directions of rows and the aligned values of sources."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, direction: Tensor, key: Tensor, value: Tensor, products: Tensor) -> Tensor:
        ctx.save_for_backward(query, direction, key, value, products)
        return torch.cat([block.cosines for block in _blocks(query, direction, key, value, products)])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        query, direction, key, value, products = ctx.saved_tensors
        d_query, d_direction = torch.empty_like(query), torch.empty_like(direction)
        d_key, d_value = (torch.zeros_like(tensor).flatten(0, 1) for tensor in (key, value))
        d_products = torch.zeros_like(products)
        for rows, attention, dots, lengths, inverse, cosines in _blocks(*ctx.saved_tensors):
            on_dots = (gradient[rows] * inverse)[..., None]
            on_lengths = on_dots * (cosines * inverse)[..., None]
            d_attention = dots.mul_(on_dots).sub_(lengths.mul_(on_lengths))
            d_attention -= torch.linalg.vecdot(attention, d_attention)[..., None]
            d_scores = d_attention.mul_(attention).flatten(1)
            d_dots = (attention * on_dots).flatten(1)
            d_query[rows], d_direction[rows] = d_scores @ key.flatten(0, 1), d_dots @ value.flatten(0, 1)
            d_key.addmm_(d_scores.T, query[rows])
            d_value.addmm_(d_dots.T, direction[rows])
            d_products -= attention.permute(1, 2, 0) @ (attention * on_lengths).transpose(0, 1) / 2
        return d_query, d_direction, d_key.view_as(key), d_value.view_as(value), d_products
