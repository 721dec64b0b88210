"""How attention, or the best likeness, aligns the regions of two images to one another."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from fsl_core.records.matching import Regions, Side

SHARPNESS = 6.0  # of the log-sum-exp


@dataclass(frozen=True, eq=False)
class Aligned:
    """One image with the other one aligned to it.

    Attributes:
        affinity: of each region and each region of the other image: the scaled product of query and key that attention
            is the softmax of; without attention heads the cosine of the features.
        attention: of each region over those of the other image; rows sum to 1. Without attention heads the region of
            the largest cosine has all of it.
        cosine: of each region's value and the values of the other image weighted by its attention; in [-1, 1].
    """

    affinity: Float[np.ndarray, "n m"]
    attention: Float[np.ndarray, "n m"]
    cosine: Float[np.ndarray, " n"]

    @property
    def reach(self) -> Float[np.ndarray, " n"]:
        """Over how many regions each region spreads its attention: exp(entropy), 1 to m."""
        logs = np.log(self.attention, where=self.attention > 0, out=np.zeros_like(self.attention))
        return np.exp(-(self.attention * logs).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Alignment:
    """Two images aligned to one another in both directions (Ouali et al., section 3.2, equations 3 to 6).

    With attention heads `score` is what the training objective says of the pair, computed by its own function, which
    never forms the aligned values; `residual` compares it with what attention and cosines of this record add up to.
    Without them (`attends` is false) this is a plain correspondence of features: each region has its best partner, no
    model answers with the score, and `residual` tells nothing but rounding.

    Attributes:
        query_image, support_image: the pixels that the model saw.
        query, support: each image, with the other one aligned to it.
        aggregation: how the similarities of all positions become one: "mean", "sum", "max" or "logsumexp"; where the
            images have different numbers of regions, one of the first two.
        score: similarity of the two images; for the mean in [-2, 2].
        attends: whether the backbone has attention heads.
    """

    query_image: UInt8[np.ndarray, "query_height query_width 3"]
    support_image: UInt8[np.ndarray, "support_height support_width 3"]
    query_regions: Regions
    support_regions: Regions
    query: Aligned
    support: Aligned
    aggregation: str
    score: float
    attends: bool

    def of(self, side: Side) -> Aligned:
        """One of the two directions, by the image that the other one is aligned to."""
        return self.query if side == "query" else self.support

    @property
    def is_joint(self) -> bool:
        """Whether both images have as many positions, so that their cosines add up position by position."""
        return len(self.query.cosine) == len(self.support.cosine)

    @property
    def similarities(self) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]]:
        """The map of spatial similarities, in [-2, 2], which both images share.

        Where their numbers of regions differ each has a map of its own, its cosines, in [-1, 1].
        """
        if not self.is_joint:
            return self.query.cosine, self.support.cosine
        both = self.query.cosine + self.support.cosine
        return both, both

    @property
    def aggregated(self) -> float:
        """What the spatial similarities come to: the score up to `residual`."""
        own, other = self.similarities
        return self._one(own) if self.is_joint else self._one(own) + self._one(other)

    @property
    def residual(self) -> float:
        """The score minus what this record's numbers add up to: rounding, or a sign that something is wrong."""
        return self.score - self.aggregated

    def _one(self, similarities: Float[np.ndarray, " positions"]) -> float:
        match self.aggregation:
            case "mean":
                return float(similarities.mean())
            case "sum":
                return float(similarities.sum())
            case "max":
                return float(similarities.max())
            case _:
                most = similarities.max()
                return float(most + np.log(np.exp(SHARPNESS * (similarities - most)).sum()) / SHARPNESS)
