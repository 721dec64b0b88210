"""The images of a data set that are nearest to a query in a feature space."""

from dataclasses import dataclass
from math import acos, degrees

import numpy as np
from jaxtyping import Float, Int, UInt8


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The images of a data set that are most like a query, or like one region of it, for one backbone.

    The similarity is the cosine of two pooled feature vectors, or of the features of two cells. It is not the score of
    a classifier, so there is nothing that it has to add up to.

    Attributes:
        backbone, dataset: what people call them.
        class_names: of the data set.
        query_image: the pixels that the model saw.
        query_box: top, left, bottom, right of the region asked about, in [0, 1] of the picture; 0, 0, 1, 1 = all of it.
        query_label: row of `class_names`, -1 where it is unknown or not among them.
        rows: of the neighbours in the data set, the most similar one first.
        names: of the neighbours.
        images: their pixels as the model saw them.
        boxes: of each neighbour the region that is most like the query's, as `query_box`; all of it, where all of the
            query was asked about.
        similarity: cosine, in [-1, 1], falling.
        labels: rows of `class_names`.
        searched: images that were compared.
        searched_alike: those of them that have the query's class; 0 where it is unknown.
    """

    backbone: str
    dataset: str
    class_names: tuple[str, ...]
    query_image: UInt8[np.ndarray, "size size 3"]
    query_box: Float[np.ndarray, " 4"]
    query_label: int
    rows: Int[np.ndarray, " found"]
    names: tuple[str, ...]
    images: UInt8[np.ndarray, "found size size 3"]
    boxes: Float[np.ndarray, "found 4"]
    similarity: Float[np.ndarray, " found"]
    labels: Int[np.ndarray, " found"]
    searched: int
    searched_alike: int

    @property
    def of_region(self) -> bool:
        """Whether one region of the query was asked about."""
        return bool(self.query_box.tolist() != [0, 0, 1, 1])

    @property
    def share_alike(self) -> float | None:
        """Fraction of the neighbours that have the query's class; None where that is unknown."""
        return None if self.query_label < 0 else float((self.labels == self.query_label).mean())

    @property
    def chance(self) -> float | None:
        """What `share_alike` would be on average if neighbours were drawn at random."""
        return None if self.query_label < 0 else self.searched_alike / self.searched

    def formula(self, place: int = 0) -> str:
        """How the similarity of one neighbour and the share of the class come about, with their numbers.

        Args:
            place: of the neighbour, 0 = the most similar one.
        """
        cosine = float(self.similarity[place])
        angle = degrees(acos(min(1.0, max(-1.0, cosine))))
        what = "features of the two regions" if self.of_region else "pooled features of the two pictures"
        text = f"similarity = a · b / (|a| |b|) = cos {angle:.1f}° = {cosine:.4f}, where a and b are the {what}."
        if self.share_alike is None or len(self.labels) == self.searched:
            return text
        alike = int((self.labels == self.query_label).sum())
        return (
            f"{text} Share of the class {self.class_names[self.query_label]} = {alike} / {len(self.labels)} = "
            f"{self.share_alike:.0%}; at random {self.searched_alike} / {self.searched} = {self.chance:.1%}."
        )
