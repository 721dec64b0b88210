"""Images as points of a plane."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Role = Literal["support", "query", "other"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """A map of images: those with similar features lie close together, as far as a plane allows.

    No map of these explains a score. `trustworthiness` says how far its neighbourhoods can be believed.

    Attributes:
        method: "pca", "tsne" or "umap".
        points: x and y of each image; in the units of the features for PCA, else without a unit.
        labels: rows of `class_names`, -1 = unknown.
        roles: "other" = of a data set beside the episode.
        ids: by which an image is found again; all different.
        names: for people.
        explained: share of the variance along either axis; of PCA only.
        seed: of the random numbers; None for PCA, which needs none.
        setting: what else was chosen, in words; "" for PCA.
        trustworthiness: 1 = no image has a neighbour on the map that is none among the features (the `neighbours`
            nearest ones are asked about), 0.5 = as if strewn at random; None for fewer than 3 images.
        neighbours: see `trustworthiness`; 0 for fewer than 3 images.
        near: rows of the `neighbours` nearest other images of each by their features, the nearest first.
        squares: squared distance of each image's features from the mean of all; of PCA only.
    """

    method: str
    points: Float[np.ndarray, "images 2"]
    labels: Int[np.ndarray, " images"]
    roles: tuple[Role, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    class_names: tuple[str, ...]
    explained: tuple[float, float] | None
    seed: int | None
    setting: str
    trustworthiness: float | None
    neighbours: int
    near: Int[np.ndarray, "images near"]
    squares: Float[np.ndarray, " images"] | None

    @property
    def title(self) -> str:
        """What people call the method."""
        return {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}[self.method]

    @property
    def residual(self) -> float | None:
        """Of PCA: the shares along both axes minus what the points have of all squared distances; None for others."""
        if self.explained is None or self.squares is None:
            return None
        return sum(self.explained) - float((self.points**2).sum() / self.squares.sum())

    def near_on_map(self, row: int, count: int) -> list[int]:
        """Rows of the images that lie closest to one on the map, the closest first."""
        distances = np.linalg.norm(self.points - self.points[row], axis=1)
        distances[row] = np.inf
        return distances.argsort(kind="stable")[: min(count, len(distances) - 1)].tolist()

    def formula_of(self, row: int) -> str:
        """How much of one image's place among the features the map keeps, in numbers; "" where nothing can be said."""
        parts = []
        if self.squares is not None and self.squares[row] > 0:
            x, y = self.points[row].tolist()
            kept, whole = x * x + y * y, float(self.squares[row])
            parts.append(
                f"({x:.3f})² + ({y:.3f})² = {kept:.4f} of its squared distance {whole:.4f} from the mean of all = "
                f"{min(kept / whole, 1.0):.0%} is on this map"
            )
        if self.neighbours:
            true = set(self.near[row].tolist()) & set(self.near_on_map(row, self.neighbours))
            parts.append(
                f"of its {self.neighbours} nearest on the map {len(true)} {'is' if len(true) == 1 else 'are'} among "
                f"its {self.neighbours} nearest by the features"
            )
        return "; ".join(parts)

    def formula(self) -> str:
        """What the map keeps of the features, in numbers."""
        parts = [f"{self.title} of {len(self.ids)} images"]
        if self.explained is not None:
            first, second = self.explained
            parts.append(f"variance shown = {first:.1%} + {second:.1%} = {first + second:.1%}")
        if self.setting:
            parts.append(f"{self.setting}, seed {self.seed}")
        if self.trustworthiness is not None:
            parts.append(f"trustworthiness {self.trustworthiness:.3f} of the {self.neighbours} nearest neighbours")
        return "; ".join(parts)
