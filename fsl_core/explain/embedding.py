"""Maps of images on a plane, by their pooled features: PCA, t-SNE and UMAP."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from fsl_core.classifiers.base import pool
from fsl_core.errors import OptionError
from fsl_core.explain.index import Index
from fsl_core.explain.spectrum import prepared, principal_axes
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Embedding, Role

SUPPORT: Role = "support"
QUERY: Role = "query"
OTHER: Role = "other"
METHODS = ("pca", "tsne", "umap")
MOST = 4000  # images: above, UMAP only guesses at neighbours, and t-SNE takes minutes
FEWEST = 4  # images that t-SNE and UMAP can place
PERPLEXITY = 30.0  # effective number of neighbours of t-SNE
NEIGHBOURS = 15  # of UMAP
ASKED = 5  # neighbours by which a map is judged


class Cloud(NamedTuple):
    """Images to be shown as points; the fields but the first are those of `records.Embedding`."""

    vectors: Float[np.ndarray, "images channels"]
    labels: Int[np.ndarray, " images"]
    roles: tuple[Role, ...]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    class_names: tuple[str, ...]

    def beside(self, other: "Cloud") -> "Cloud":
        """Both together; classes of the same name are one class."""
        names = (*self.class_names, *(name for name in other.class_names if name not in self.class_names))
        rows = np.array([names.index(name) for name in other.class_names] + [-1])  # the last one for unknown classes
        return Cloud(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.labels, rows[other.labels]]),
            self.roles + other.roles,
            self.ids + other.ids,
            self.names + other.names,
            names,
        )


def episode_cloud(
    features: EpisodeFeatures,
    query_labels: Int[np.ndarray, " n_query"],
    ids: tuple[str, ...],
    names: tuple[str, ...],
) -> Cloud:
    """Support and query images of an episode.

    Args:
        query_labels: index of the true class of each query, -1 where it is unknown.
        ids, names: of the support images and then of the queries.

    Raises:
        OptionError: there are not as many labels, ids or names as images.
    """
    support, query = pool(features.support).cpu().numpy(), pool(features.query).cpu().numpy()
    total = len(support) + len(query)
    if (len(query_labels), len(ids), len(names)) != (len(query), total, total) or len(set(ids)) != total:
        raise OptionError(
            f"Each of {len(query)} queries needs a label, and each of {total} images an id of its own and a name; got "
            f"{len(query_labels)}, {len(set(ids))} and {len(names)}."
        )
    return Cloud(
        np.concatenate([support, query]),
        np.concatenate([features.support_labels.cpu().numpy(), query_labels]),
        (SUPPORT,) * len(support) + (QUERY,) * len(query),
        ids,
        names,
        features.class_names,
    )


def dataset_cloud(index: Index, most: int, generator: np.random.Generator) -> Cloud:
    """Images of a data set, at most so many, drawn at random; their ids are "data <row>"."""
    dataset = index.dataset
    rows = np.sort(generator.permutation(len(dataset))[:most])
    return Cloud(
        index.pooled.numpy()[rows],
        dataset.labels[rows],
        (OTHER,) * len(rows),
        tuple(f"data {row}" for row in rows.tolist()),
        tuple(dataset.image_name(row) for row in rows.tolist()),
        dataset.class_names,
    )


def embed(cloud: Cloud, method: str = "pca", seed: int = 0, normalised: bool = True) -> Embedding:
    """Place images on a plane.

    t-SNE's perplexity is 30, or a third of the other images where these are fewer than 90; UMAP looks at 15 neighbours,
    or at all. Both begin from PCA, so that the large distances mean something, too (Kobak, Linderman, Nature
    Biotechnology 2021).

    Args:
        method: one of `METHODS`.
        seed: of t-SNE and UMAP; the same seed gives the same map on the same computer.
        normalised: bring each feature vector to unit length first, so that distances follow cosines.

    Raises:
        OptionError: there is no such method, or there are too few or too many images for it.
        EpisodeError: there is one image only, a feature is not finite, or all images have the same features.

    References: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 2008; McInnes, Healy, Melville: UMAP, 2018;
    Venna, Kaski: Neighborhood Preservation in Nonlinear Projection Methods, ICANN 2001 (trustworthiness).
    """
    if method not in METHODS:
        raise OptionError(f"There is no map {method!r}; choose one of {', '.join(METHODS)}.")
    matrix = prepared(cloud.vectors, normalised)
    if len(matrix) > MOST or (method != "pca" and len(matrix) < FEWEST):
        raise OptionError(
            f"A map shows at most {MOST} images, and t-SNE and UMAP need at least {FEWEST}; got {len(matrix)}. "
            f"{'Leave some out' if len(matrix) > MOST else 'Choose PCA or add images'}."
        )
    explained: tuple[float, float] | None = None
    setting = ""
    if method == "pca":
        points, explained = _pca(matrix)
    else:
        points, setting = (_tsne if method == "tsne" else _umap)(matrix, seed)
    trust, neighbours = _trustworthiness(matrix, points)
    pca = method == "pca"
    squares = ((matrix - matrix.mean(axis=0)) ** 2).sum(axis=1) if pca else None
    near, drawn = _nearest(matrix, neighbours), None if pca else seed
    return Embedding(method, points, *cloud[1:], explained, drawn, setting, trust, neighbours, near, squares)


def _nearest(matrix: Float[np.ndarray, "images channels"], count: int) -> Int[np.ndarray, "images {count}"]:
    """Rows of the nearest other images of each, the nearest first."""
    from sklearn.neighbors import NearestNeighbors

    if not count:
        return np.empty((len(matrix), 0), dtype=np.int64)
    found: Int[np.ndarray, "images {count}"] = (
        NearestNeighbors().fit(matrix).kneighbors(n_neighbors=count, return_distance=False)
    )
    return found


def _pca(matrix: Float[np.ndarray, "images channels"]) -> tuple[Float[np.ndarray, "images 2"], tuple[float, float]]:
    """The first two components; images on a line have 0 on the second."""
    axes = principal_axes(matrix, 2, normalised=False)
    missing = 2 - len(axes.shares)
    first, second = np.pad(axes.shares, (0, missing)).tolist()
    return np.pad(axes.coordinates, ((0, 0), (0, missing))), (first, second)


def _tsne(matrix: Float[np.ndarray, "images channels"], seed: int) -> tuple[Float[np.ndarray, "images 2"], str]:
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(matrix) - 1) / 3)
    start = _pca(matrix)[0]
    start = 1e-4 * start / start[:, 0].std()  # the scale that the method begins on
    placed = TSNE(perplexity=perplexity, init=start.astype(np.float32), random_state=seed).fit_transform(matrix)
    return placed.astype(np.float64), f"perplexity {perplexity:.3g}"


def _umap(matrix: Float[np.ndarray, "images channels"], seed: int) -> tuple[Float[np.ndarray, "images 2"], str]:
    neighbours = min(NEIGHBOURS, len(matrix) - 1)
    start = _pca(matrix)[0]
    start = 10 * start / np.abs(start).max()  # the scale that the method begins on
    mapper = _umap_module().UMAP(n_neighbors=neighbours, init=start.astype(np.float32), random_state=seed, n_jobs=1)
    return mapper.fit_transform(matrix.astype(np.float32)).astype(np.float64), f"{neighbours} neighbours"


def _umap_module() -> Any:
    """The library, imported when it is needed; what it compiles is kept on disk, where it would be made every time."""
    with warnings.catch_warnings(action="ignore", category=ImportWarning):  # it speaks of a part that we do not use
        import umap
    import umap.umap_ as core
    import umap.utils as tools

    for function in (tools.fast_knn_indices, core.smooth_knn_dist, core.compute_membership_strengths):
        if not function.signatures:  # not compiled yet in this process
            function.enable_caching()
    return umap


def _trustworthiness(
    matrix: Float[np.ndarray, "images channels"], points: Float[np.ndarray, "images 2"]
) -> tuple[float | None, int]:
    """How many of the neighbours on the map are true ones, and of how many neighbours that was asked."""
    from sklearn.manifold import trustworthiness

    neighbours = min(ASKED, (len(matrix) - 1) // 2)  # it must be less than half of the images
    if neighbours < 1:
        return None, 0
    return float(trustworthiness(matrix, points, n_neighbors=neighbours)), neighbours
