"""How much each region of a query counts, depending on the image that it is compared to."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, UInt8

from fsl_core.records.matching import Regions, Side


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with its regions and the name that people know it by."""

    name: str
    image: UInt8[np.ndarray, "height width 3"]
    regions: Regions


@dataclass(frozen=True, eq=False)
class NodeWeights:
    """The weights that one rule gives to the regions of a query and of every image that it is compared to.

    They are the marginals that DeepEMD's plan has, before any plan is sought: an identity ties them to one another, not
    to the score. The weights of one image sum to 1 up to `residual`, in the paper to the number of its nodes.

    Attributes:
        rule: "cross_reference", "equal", "kmeans" or "mean_shift" (`DeepEMD.weights`).
        query: the query.
        targets: what it is compared to, a support image or the prototype of a class.
        query_raw, target_raw: before the weights are normalised, the floors included; of cross-reference weights the
            inner product of the region's features and the mean features of the other image, at least 0.
        query_weight: of each region of the query when it is compared to each target.
        target_weight: of each region of each target when the query is compared to it.
    """

    rule: str
    query: Picture
    targets: tuple[Picture, ...]
    query_raw: Float[np.ndarray, "n_target n"]
    target_raw: Float[np.ndarray, "n_target m"]
    query_weight: Float[np.ndarray, "n_target n"]
    target_weight: Float[np.ndarray, "n_target m"]

    def of(self, side: Side) -> Float[np.ndarray, "n_target nodes"]:
        """The weights of the query's regions or those of the targets'."""
        return self.query_weight if side == "query" else self.target_weight

    def raw(self, side: Side) -> Float[np.ndarray, "n_target nodes"]:
        """The same before they are normalised."""
        return self.query_raw if side == "query" else self.target_raw

    def picture(self, side: Side, target: int) -> Picture:
        """The query, or one of the targets."""
        return self.query if side == "query" else self.targets[target]

    @property
    def residual(self) -> float:
        """By how much the weights of an image miss a sum of 1, at most."""
        return float(max(np.abs(self.of(side).sum(axis=1) - 1).max() for side in ("query", "support")))

    @property
    def node_count(self) -> Float[np.ndarray, "n_target n"]:
        """The query's weights as the paper normalises them: the average region weighs 1."""
        return self.query_weight * self.query_weight.shape[1]

    @property
    def mean(self) -> Float[np.ndarray, " n"]:
        """Weight of each region of the query, averaged over the targets."""
        return self.query_weight.mean(axis=0)

    @property
    def spread(self) -> Float[np.ndarray, " n"]:
        """Largest minus smallest weight of each region of the query; 0 where it does not depend on the target."""
        return np.ptp(self.query_weight, axis=0)

    @property
    def apart(self) -> Float[np.ndarray, "n_target n_target"]:
        """Share of the query's weight that lies elsewhere for one target than for another; in [0, 1]."""
        return np.abs(self.query_weight[:, None] - self.query_weight).sum(axis=2) / 2

    @property
    def moved(self) -> float:
        """The mean of `apart` over all pairs of two targets; 0 with a single one."""
        count = len(self.query_weight)
        return float(self.apart.sum() / (count * (count - 1))) if count > 1 else 0.0

    def on_object(self, mask: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " n_target"]:
        """Share of the query's weight that falls on an object, for each target; a region's is shared out by area.

        To be held against `object_share`.

        Args:
            mask: of the query's picture, as it is shown.

        Raises:
            OptionError: the regions are no parts of the picture itself (`Regions.covered`).
        """
        return self.query_weight @ self.query.regions.covered(mask)

    def object_share(self, mask: Bool[np.ndarray, "height width"]) -> float:
        """Share of the weight that falls on an object if all regions weigh the same: what chance gives."""
        return float(self.query.regions.covered(mask).mean())
