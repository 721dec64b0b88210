"""How the attention of Spatial Contrastive Learning aligns two images, or how alike their regions are without it."""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from fsl_core.backbones.attention import (
    AGGREGATIONS,
    SMALLEST,
    AttentionHeads,
    Projected,
    aligned_cosines,
    attention_of,
)
from fsl_core.errors import OptionError, WeightsError
from fsl_core.explain.matching import Images
from fsl_core.explain.regions import View, view
from fsl_core.records import Aligned, Alignment, Regions

TINY = 1e-8  # length up to which a value has no direction
SEPARATE = ("mean", "sum")  # that can be taken of either image by itself

Map = Float[Tensor, "channels _ _"]


@torch.inference_mode()
def align(
    heads: Mapping[str, Tensor], query: Map, support: Map, images: Images, aggregation: str = "mean", side: int = 0
) -> Alignment:
    """Two images aligned to one another, as the training objective `scl` aligns them.

    Where the heads hold no attention, each region is paired with the region whose features have the largest cosine.

    Args:
        heads: of the backbone that the maps come from (`Backbone.heads`).
        query, support: maps of that backbone; their sizes may differ.
        images: to show, as in `match_class`.
        aggregation: how the similarities of the positions become one, a key of `AGGREGATIONS`.
        side: to which the maps are pooled before, as in training (`SCL.spatial_side`); 0 = as they are. Where a map
            does not divide evenly, the pooled regions overlap a little and their boxes do not.

    Raises:
        WeightsError: the attention heads are incomplete or of other features than the maps.
        OptionError: the aggregation is unknown or not defined for images of different numbers of regions, or a map
            without rows and columns is to be pooled.
    """
    pooled = (_pooled(query, side), _pooled(support, side))
    _check(pooled, aggregation)
    attention = attention_of(heads)
    if attention is None:
        directions, cosines = _correspondence(*pooled)
    else:
        directions, cosines = _attended(attention, *pooled)
    shown = [
        image if isinstance(image, View) else view(image, (one.shape[1], one.shape[2]))
        for image, one in zip(images, pooled, strict=True)
    ]
    return Alignment(
        query_image=shown[0].image,
        support_image=shown[1].image,
        query_regions=Regions(shown[0].boxes, shown[0].names),
        support_regions=Regions(shown[1].boxes, shown[1].names),
        query=directions[0],
        support=directions[1],
        aggregation=aggregation,
        score=_score(cosines, aggregation),
        attends=attention is not None,
    )


def _pooled(one: Map, side: int) -> Map:
    if side < 0 or (side and min(one.shape[1:]) == 1):
        raise OptionError(
            f"Maps are pooled to a side of 1 or more and need several rows and columns, got the side {side} for "
            f"{one.shape[1]} x {one.shape[2]}; set side to 0."
        )
    return F.adaptive_avg_pool2d(one, side) if side else one


def _check(maps: tuple[Map, Map], aggregation: str) -> None:
    if aggregation not in AGGREGATIONS:
        raise OptionError(f"The aggregation is one of {', '.join(AGGREGATIONS)}; got {aggregation!r}.")
    counts = [one[0].numel() for one in maps]
    if counts[0] != counts[1] and aggregation not in SEPARATE:
        raise OptionError(
            f"The aggregation {aggregation} needs images of equally many regions, got {counts[0]} and {counts[1]}; "
            f"choose {' or '.join(SEPARATE)}."
        )


def _attended(
    attention: AttentionHeads, query: Map, support: Map
) -> tuple[tuple[Aligned, Aligned], tuple[Tensor, Tensor]]:
    """Both directions with the aligned values formed, and the cosines as training computes them."""
    expected = attention.query[0].in_features
    if len(query) != expected:
        raise WeightsError(
            f"The attention heads take features of {expected} channels, the maps have {len(query)}; take maps of the "
            "backbone that the heads come from."
        )
    one, other = attention(query[None].float()), attention(support[None].float())
    directions = _direction(one, other), _direction(other, one)
    return directions, (aligned_cosines(one, other)[0, 0], aligned_cosines(other, one)[0, 0])


def _direction(target: Projected, source: Projected) -> Aligned:
    """Equations 3 to 5 as they stand, in double precision."""
    query, value, keys, values = (part[0].double() for part in (target.query, target.value, source.key, source.value))
    affinity = query @ keys.T / query.shape[1] ** 0.5
    attention = affinity.softmax(dim=1)
    aligned = attention @ values
    length = aligned.norm(dim=1)
    inverse = torch.where(length.square() > SMALLEST, 1 / length, 0)
    cosine = torch.linalg.vecdot(F.normalize(value, dim=1, eps=TINY), aligned) * inverse
    return Aligned(*map(_numpy, (affinity, attention, cosine)))


def _correspondence(query: Map, support: Map) -> tuple[tuple[Aligned, Aligned], tuple[Tensor, Tensor]]:
    """Cosines of all regions, and the best partner of each; the first one of several."""
    one, other = (F.normalize(part.flatten(1).double(), dim=0, eps=TINY) for part in (query, support))
    cosines = one.T @ other
    best = cosines.amax(dim=1), cosines.amax(dim=0)
    directions = [
        Aligned(
            _numpy(affinity), _numpy(F.one_hot(affinity.argmax(dim=1), affinity.shape[1]).double()), _numpy(partner)
        )
        for affinity, partner in zip((cosines, cosines.T), best, strict=True)
    ]
    return (directions[0], directions[1]), best


def _score(cosines: tuple[Tensor, Tensor], aggregation: str) -> float:
    """Equation 6 of a pair."""
    aggregate, (one, other) = AGGREGATIONS[aggregation], cosines
    if len(one) == len(other):
        return aggregate(one + other).item()
    return (aggregate(one) + aggregate(other)).item()


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.cpu().numpy()
