"""How pooled features spread: singular values, distances within and between classes, principal components."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from fsl_core.backbones import Backbone
from fsl_core.data.transforms import square
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.explain.index import Index
from fsl_core.records import Component, ComponentMap, Spectrum, cells

MOST = 100  # images at an end of a component
ROUNDING = 1e-6  # of the largest singular value: what single precision leaves where there is no component


def prepared(
    vectors: Float[Tensor, "images channels"] | Float[np.ndarray, "images channels"], normalised: bool
) -> Float[np.ndarray, "images channels"]:
    """Feature vectors in double precision, brought to unit length if `normalised` (zeros stay zeros).

    Raises:
        EpisodeError: there are fewer than 2 images, a feature is not finite, or all images have the same features.
    """
    matrix = np.asarray(vectors.cpu() if isinstance(vectors, Tensor) else vectors, dtype=np.float64)
    if len(matrix) < 2:
        raise EpisodeError(f"At least 2 images are needed to see how features spread, got {len(matrix)}; add images.")
    if not np.isfinite(matrix).all():
        raise EpisodeError("The features hold NaN or infinite numbers; the backbone's weights are probably damaged.")
    if normalised:
        matrix = matrix / _lengths(matrix)
    if np.allclose(matrix, matrix[0], rtol=1e-6, atol=1e-12):
        raise EpisodeError(
            f"All {len(matrix)} images have the same features, so nothing spreads; use different images, or another "
            "backbone."
        )
    return matrix


def _lengths(matrix: Float[np.ndarray, "images channels"]) -> Float[np.ndarray, "images 1"]:
    """Length of each vector; 1 for one of zeros, which has no direction."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.where(lengths > 0, lengths, 1.0)


def spectrum(
    vectors: Float[Tensor, "images channels"] | Float[np.ndarray, "images channels"],
    labels: Int[np.ndarray, " n_labels"],
    name: str,
    normalised: bool = True,
    centred: bool = True,
) -> Spectrum:
    """Singular values of the matrix of feature vectors, and how far apart its classes lie (Ouali et al., figures 3, 5).

    Distances and the Davies-Bouldin index do not depend on centring.

    Args:
        vectors: pooled features of any images.
        labels: class of each; images with a label below 0 have none, and count for the singular values only.
        name: of the backbone, for people.
        normalised: bring each vector to unit length first, as SCL's linear classifiers do; then backbones whose
            features are of different sizes can be compared.
        centred: then take the mean away, so that squares of singular values are variances (PCA).

    Raises:
        EpisodeError: as `prepared`, or labels and vectors differ in number.
    """
    matrix = prepared(vectors, normalised)
    if len(labels) != len(matrix):
        raise EpisodeError(f"Each image needs one label, got {len(labels)} labels for {len(matrix)} images.")
    known = labels >= 0
    intra, inter = mean_distances(matrix[known], labels[known])
    decomposed = matrix - matrix.mean(axis=0) if centred else matrix
    largest = np.abs(decomposed).max()
    return Spectrum(
        name=name,
        images=len(matrix),
        channels=matrix.shape[1],
        normalised=normalised,
        centred=centred,
        singular_values=np.linalg.svd(decomposed, compute_uv=False),
        davies_bouldin=_davies_bouldin(matrix[known], labels[known]),
        intra=intra,
        inter=inter,
        length=float(largest * np.linalg.norm(decomposed / largest)),
    )


def davies_bouldin(
    vectors: Float[Tensor, "images channels"] | Float[np.ndarray, "images channels"],
    labels: Int[np.ndarray, " images"],
    normalised: bool = True,
) -> float | None:
    """The Davies-Bouldin index alone, as `spectrum` finds it; None also where nothing spreads.

    Args:
        vectors, labels, normalised: as in `spectrum`, but every image has a class.
    """
    try:
        return _davies_bouldin(prepared(vectors, normalised), labels)
    except EpisodeError:
        return None


def _davies_bouldin(matrix: Float[np.ndarray, "images channels"], labels: Int[np.ndarray, " images"]) -> float | None:
    from sklearn.metrics import davies_bouldin_score

    return float(davies_bouldin_score(matrix, labels)) if 2 <= len(np.unique(labels)) < len(labels) else None


def mean_distances(
    matrix: Float[np.ndarray, "images channels"], labels: Int[np.ndarray, " images"]
) -> tuple[float | None, float | None]:
    """Mean Euclidean distance over all pairs of images of one class, and over all pairs of two classes."""
    if not len(matrix):
        return None, None
    from sklearn.metrics import pairwise_distances_chunked

    def sums(distances: Float[np.ndarray, "rows images"], start: int) -> Float[np.ndarray, "rows 2"]:
        alike = labels[start : start + len(distances), None] == labels
        return np.stack([(distances * alike).sum(axis=1), distances.sum(axis=1)], axis=1)

    within, total = np.concatenate(list(pairwise_distances_chunked(matrix, reduce_func=sums))).sum(axis=0)
    sizes = np.unique(labels, return_counts=True)[1]
    alike = int((sizes * (sizes - 1)).sum())
    different = len(labels) ** 2 - int((sizes**2).sum())
    return float(within / alike) if alike else None, float((total - within) / different) if different else None


@dataclass(frozen=True, eq=False)
class Axes:
    """The principal components of the pooled features of some images.

    Attributes:
        mean: that was taken away; zeros where the features were not centred.
        directions: of unit length, the one with the largest share first; signs are such that of each direction the
            coordinate with the largest magnitude is positive.
        shares: of the variance (or of the squared length, where not centred) along each.
        coordinates: of the images.
        normalised: features are brought to unit length before they are projected.
    """

    mean: Float[np.ndarray, " channels"]
    directions: Float[np.ndarray, "components channels"]
    shares: Float[np.ndarray, " components"]
    coordinates: Float[np.ndarray, "images components"]
    normalised: bool

    def project(self, vectors: Float[np.ndarray, "images channels"]) -> Float[np.ndarray, "images components"]:
        """Coordinates of any images' pooled features."""
        matrix = vectors.astype(np.float64)
        return ((matrix / _lengths(matrix) if self.normalised else matrix) - self.mean) @ self.directions.T


def principal_axes(
    vectors: Float[Tensor, "images channels"] | Float[np.ndarray, "images channels"],
    count: int = 10,
    normalised: bool = True,
    centred: bool = True,
) -> Axes:
    """The first principal components, at most `count` of them and those that there are.

    Args:
        normalised, centred: as in `spectrum`.

    Raises:
        EpisodeError: as `prepared`.
    """
    matrix = prepared(vectors, normalised)
    mean = matrix.mean(axis=0) if centred else np.zeros(matrix.shape[1])
    left, values, right = np.linalg.svd(matrix - mean, full_matrices=False)
    kept = slice(0, min(count, int((values > ROUNDING * values[0]).sum())))
    coordinates = left[:, kept] * values[kept]
    largest = coordinates[np.abs(coordinates).argmax(axis=0), np.arange(coordinates.shape[1])]
    signs = np.where(largest < 0, -1.0, 1.0)
    shares = (values / values[0]) ** 2
    return Axes(mean, signs[:, None] * right[kept], (shares / shares.sum())[kept], signs * coordinates, normalised)


def component(axes: Axes, number: int, index: Index, count: int = 6) -> Component:
    """The images of a data set at both ends of a component.

    Args:
        axes: of `index.pooled`, or of other features of the same backbone.
        number: 0 = the component with the largest share.
        count: of images at each end; fewer of a small data set, so that none stands at both.

    Raises:
        OptionError: there is no such component, or the count is out of range.
    """
    _check_number(axes, number)
    if not 1 <= count <= MOST:
        raise OptionError(f"1 to {MOST} images can be shown at each end of a component, got {count}.")
    coordinates = axes.project(index.pooled.numpy())[:, number]
    order = coordinates.argsort(kind="stable")
    low = min(count, len(order) // 2)
    rows = np.concatenate([order[:low], order[len(order) - min(count, len(order) - low) :]])
    dataset, spec = index.dataset, index.backbone.spec
    return Component(
        number=number,
        share=float(axes.shares[number]),
        class_names=dataset.class_names,
        rows=rows,
        names=tuple(dataset.image_name(row) for row in rows.tolist()),
        images=np.stack([square(dataset.image(row), spec.size, spec.fit) for row in rows.tolist()]),
        labels=dataset.labels[rows],
        coordinates=coordinates[rows],
        low=low,
    )


def component_map(axes: Axes, number: int, backbone: Backbone, image: UInt8[np.ndarray, "_ _ 3"]) -> ComponentMap:
    """The coordinate of every cell of an image on a component; their mean is the image's.

    Args:
        axes: of features of the same backbone.

    Raises:
        OptionError: there is no such component, or the axes are of features with another number of channels.
    """
    _check_number(axes, number)
    maps = backbone.maps([image])[0].double().cpu()
    channels, height, width = maps.shape
    if channels != len(axes.mean):
        raise OptionError(
            f"The components are of features with {len(axes.mean)} channels, the backbone {backbone.name} has "
            f"{channels}; compute them with this backbone."
        )
    pooled = maps.mean(dim=(1, 2)).numpy()[None]
    nodes = maps.flatten(1).T.numpy()
    if axes.normalised:
        nodes = nodes / _lengths(pooled)
    return ComponentMap(
        number=number,
        share=float(axes.shares[number]),
        image=square(image, backbone.spec.size, backbone.spec.fit),
        boxes=cells(height, width),
        values=(nodes - axes.mean) @ axes.directions[number],
        coordinate=float(axes.project(pooled)[0, number]),
    )


def _check_number(axes: Axes, number: int) -> None:
    if not 0 <= number < len(axes.directions):
        raise OptionError(
            f"There are {len(axes.directions)} components, counted from 0; got {number}. Choose another one."
        )
