"""How features spread: their spectrum, and what one principal component sees."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from scipy.special import entr

from fsl_core.records.matching import Regions

SHARES = (0.90, 0.95, 0.99)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """How the pooled features of some images spread over their channels. It explains no score.

    Attributes:
        name: of the backbone, for people.
        images, channels: size of the matrix whose singular values these are.
        normalised: each feature vector was brought to unit length first.
        centred: then the mean over the images was taken away; without, shares are of the squared length instead of the
            variance, and the first component mostly points at the mean.
        singular_values: falling, min(images, channels) of them, not all 0.
        davies_bouldin: mean over the classes of (spread of a class + that of another one) / distance of their means,
            with the other class for which that is worst; >= 0, lower = classes better apart. None where there are not
            two classes, or no class has two images.
        intra, inter: mean Euclidean distance of two images of one class, and of two classes; None where there is no
            such pair.
        length: of all feature vectors, as they were decomposed, written one after another; its square is the sum of
            all squared singular values (Parseval), but it was found without them.
    """

    name: str
    images: int
    channels: int
    normalised: bool
    centred: bool
    singular_values: Float[np.ndarray, " values"]
    davies_bouldin: float | None
    intra: float | None
    inter: float | None
    length: float

    @property
    def explained(self) -> Float[np.ndarray, " values"]:
        """Share of the variance along each component: (singular value / length)²; sums to 1 up to `residual`."""
        return (self.singular_values / self.length) ** 2

    @property
    def residual(self) -> float:
        """The sum of all shares minus 1 (Parseval): rounding, or a sign that something is wrong."""
        return float(self.explained.sum()) - 1

    @property
    def cumulative(self) -> Float[np.ndarray, " values"]:
        """Share of the variance along the first 1, 2, ... components; ends at 1."""
        return self.explained.cumsum()

    @property
    def effective_rank(self) -> float:
        """The exponential of the entropy of the singular values divided by their sum; 1 to their number.

        Reference: Roy, Vetterli: The Effective Rank: A Measure of Effective Dimensionality, EUSIPCO 2007 (definition 1;
        of the singular values themselves, not of their squares).
        """
        return float(np.exp(entr(self.singular_values / self.singular_values.sum()).sum()))

    def components(self, share: float) -> int:
        """Number of components that together explain at least this share of the variance, in (0, 1]."""
        return min(int(np.searchsorted(self.cumulative, share - 1e-12)) + 1, len(self.singular_values))

    @property
    def distance_ratio(self) -> float | None:
        """Distance within a class / distance between classes; lower = classes better apart."""
        return self.intra / self.inter if self.intra is not None and self.inter else None

    def to_dict(self) -> dict[str, Any]:
        """All numbers but the curves, for tables and JSON."""
        return {
            "backbone": self.name,
            "images": self.images,
            "channels": self.channels,
            "effective_rank": self.effective_rank,
            **{f"components_{share:.0%}".rstrip("%"): self.components(share) for share in SHARES},
            "davies_bouldin": self.davies_bouldin,
            "intra": self.intra,
            "inter": self.inter,
            "intra_inter": self.distance_ratio,
        }

    def formula(self) -> str:
        """How the effective rank and the ratio of distances come about, with their numbers."""
        values = self.singular_values
        text = (
            f"p = singular value / {values.sum():.4g}, the sum of all {len(values)}; effective rank = exp(−Σ p ln p) = "
            f"exp({np.log(self.effective_rank):.4f}) = {self.effective_rank:.2f}. First component: {values[0]:.4g}² / "
            f"{(values**2).sum():.4g} = {self.explained[0]:.1%} of the {self.quantity}."
        )
        if self.distance_ratio is None:
            return text
        return f"{text} Within / between classes = {self.intra:.4f} / {self.inter:.4f} = {self.distance_ratio:.3f}."

    def formula_of(self, count: int) -> str:
        """What the first `count` components explain, with its numbers; `count` is at least 1."""
        count = min(count, len(self.singular_values))
        part, whole = float((self.singular_values[:count] ** 2).sum()), self.length**2
        value, share = self.singular_values[count - 1], self.explained[count - 1]
        alone = f"{value:.4g}² / {whole:.4g} = {share:.1%}"
        if count == 1:
            return f"the first component explains singular value² / total = {alone} of the {self.quantity}"
        return (
            f"the first {count} components explain Σ singular value² / total = {part:.4g} / {whole:.4g} = "
            f"{self.cumulative[count - 1]:.1%} of the {self.quantity}, component {count} alone {alone}"
        )

    @property
    def quantity(self) -> str:
        """What the shares are shares of."""
        return "variance" if self.centred else "squared length"


@dataclass(frozen=True, eq=False)
class Component:
    """The images at both ends of one principal component.

    Attributes:
        number: 0 = the component with the largest share. Which end is positive is a convention.
        share: of the variance along it.
        rows: in the data set, the lowest coordinates first and then the highest ones, both rising.
        names, images: of those, the pixels as the model saw them.
        labels: rows of `class_names`, -1 = unknown.
        coordinates: along the component.
        low: how many of them are of the lower end.
    """

    number: int
    share: float
    class_names: tuple[str, ...]
    rows: Int[np.ndarray, " shown"]
    names: tuple[str, ...]
    images: UInt8[np.ndarray, "shown size size 3"]
    labels: Int[np.ndarray, " shown"]
    coordinates: Float[np.ndarray, " shown"]
    low: int


@dataclass(frozen=True, eq=False)
class ComponentMap:
    """Where in an image one principal component sees what it sees.

    The coordinate of an image is the mean of its cells' values, up to `residual`: projecting is linear, and the pooled
    feature is the mean of the cells. The mean over the data set is taken away from every cell alike, and where features
    are normalised every cell is divided by the length of the pooled feature.

    Attributes:
        number: of the component, as in `Component`.
        share: of the variance along it.
        image: the pixels that the model saw.
        boxes: top, left, bottom, right of each cell, in [0, 1] of the picture.
        values: coordinate of each cell; signed.
        coordinate: of the image among all images; it does not come from this record's own arithmetic.
    """

    number: int
    share: float
    image: UInt8[np.ndarray, "size size 3"]
    boxes: Float[np.ndarray, "nodes 4"]
    values: Float[np.ndarray, " nodes"]
    coordinate: float

    @property
    def residual(self) -> float:
        """The image's coordinate minus the mean over its cells: rounding, or a sign that something is wrong."""
        return self.coordinate - float(self.values.mean())

    def formula_of(self, node: int) -> str:
        """What one cell adds to the coordinate, with its numbers."""
        value, count = float(self.values[node]), len(self.values)
        return (
            f"cell {Regions(self.boxes).name(node)} has {value:+.4f} and adds {value:+.4f} / {count} = "
            f"{value / count:+.4f} to the coordinate {self.coordinate:+.4f}"
        )

    def formula(self) -> str:
        """How the cells make the coordinate, with its numbers."""
        return (
            f"coordinate on component {self.number + 1} = Σ cells / {len(self.values)} = {self.values.sum():.4f} / "
            f"{len(self.values)} = {self.values.mean():.4f}; the image's is {self.coordinate:.4f}, residual "
            f"{abs(self.residual):.0e}"
        )
