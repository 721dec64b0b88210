"""The nodes of an image, its regions as vectors: how they are made, how alike two are, how much each of them counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, relu

from fsl_core.errors import OptionError

NORM_FLOOR = 1e-8  # of the published code's cosine
WEIGHT_FLOOR = 1e-3  # of the published code, before normalising
SECOND_FLOOR = 1e-5  # which its OpenCV path adds to the first
CLUSTERS = 5  # of k-means; the paper names no number
ROUNDING = 1e-6  # of the length of all nodes together; what lies closer is one place
CLUSTERINGS = ("kmeans", "mean_shift")


@dataclass(frozen=True, eq=False)
class Nodes:
    """The nodes of some images, in the forms in which they are compared.

    Attributes:
        raw: as the backbone made them; row-major, of a pyramid the coarse levels first.
        embedding: centred and, for the cosine, of unit length.
        length: what the embedding was divided by; 1 where it was not.
        share: weights that depend on the image alone, not normalised; None for cross-reference weights.
    """

    raw: Float[Tensor, "images n channels"]
    embedding: Float[Tensor, "images n channels"]
    length: Float[Tensor, "images n 1"]
    share: Float[Tensor, "images n"] | None

    def of(self, rows: Int[Tensor, " some"]) -> "Nodes":
        """The nodes of some of the images."""
        share = None if self.share is None else self.share[rows]
        return Nodes(self.raw[rows], self.embedding[rows], self.length[rows], share)


def pooling(shape: Sequence[int], sides: tuple[int, ...]) -> Float[Tensor, "nodes cells"]:
    """The matrix that makes the nodes of a feature pyramid of a map's cells: adaptive means, then the cells themselves.

    Args:
        shape: height and width of the map.
        sides: rows = columns of each pooled level, in their order; none for no pyramid.

    Raises:
        OptionError: a pyramid is asked for of a map that has a single row or column.
    """
    height, width = shape
    if sides and min(shape) == 1:
        raise OptionError(
            f"A feature pyramid needs maps of several rows and columns, got {height} x {width}; set pyramid to none."
        )
    cells = torch.eye(height * width).unflatten(1, (1, height, width))
    levels = [adaptive_avg_pool2d(cells, side).flatten(1) for side in sides]
    return torch.cat([*levels, cells.flatten(1)], dim=1).T


def embed(
    nodes: Float[Tensor, "images n channels"], metric: str, centre: bool
) -> tuple[Float[Tensor, "images n channels"], Float[Tensor, "images n 1"]]:
    """Embedding and length of each node, as `Nodes` has them."""
    if centre:
        nodes = nodes - nodes.mean(dim=2, keepdim=True)
    if metric == "l2":
        return nodes, torch.ones_like(nodes[:, :, :1])
    length = nodes.norm(dim=2, keepdim=True).clamp_min(NORM_FLOOR)
    return nodes / length, length


def similarities(query: Nodes, target: Nodes, metric: str) -> Float[Tensor, "n_query n_target n m"]:
    """Similarity of every query node to every target node: cosine in [-1, 1], or 1 - squared Euclidean distance."""
    if metric == "cosine":
        return torch.einsum("qnc,tmc->qtnm", query.embedding, target.embedding)
    pairs = query.embedding[:, None], target.embedding[None]
    return 1 - torch.cdist(*pairs, compute_mode="donot_use_mm_for_euclid_dist").square()


def similarity_gradient(
    query: Nodes, target: Nodes, pull: Float[Tensor, "n_query n_target n m"], metric: str, centre: bool
) -> Float[Tensor, "n_target m channels"]:
    """Gradient of sum(pull * similarities) by the raw target nodes.

    Written out, as autograd takes several times as long on small maps. For the cosine only the part across the
    embedding counts, divided by the length; centring takes away the mean.
    """
    by_target = pull.permute(1, 3, 0, 2).flatten(2)
    gradient = by_target @ query.embedding.flatten(0, 1)
    if metric == "l2":
        gradient = 2 * (gradient - by_target.sum(dim=2, keepdim=True) * target.embedding)
    else:
        along = (gradient * target.embedding).sum(dim=2, keepdim=True)
        gradient = (gradient - along * target.embedding) / target.length
    return gradient - gradient.mean(dim=2, keepdim=True) if centre else gradient


def cross_reference_weights(
    query: Float[Tensor, "n_query n channels"], target: Float[Tensor, "n_target m channels"]
) -> tuple[Float[Tensor, "n_query n_target n"], Float[Tensor, "n_query n_target m"]]:
    """Weight of each node: its inner product with the other image's mean node, at least 0, plus 1e-3; not normalised.

    Taken from the raw features, not from the centred ones. Equation 8 of the paper, which has no floor.
    """
    query_weight = (query @ target.mean(dim=1).T).mT
    target_weight = (target @ query.mean(dim=1).T).permute(2, 0, 1)
    return relu(query_weight) + WEIGHT_FLOOR, relu(target_weight) + WEIGHT_FLOOR


def normalised(
    weight: Float[Tensor, "n_query n_target nodes"], factor: Float[Tensor, "... nodes"] | None = None
) -> Float[Tensor, "n_query n_target nodes"]:
    """Weights with the second floor, multiplied by `factor`, that sum to 1."""
    weight = weight + SECOND_FLOOR
    if factor is not None:
        weight = weight * factor
    return weight / weight.sum(dim=2, keepdim=True)


def cluster_sizes(nodes: Float[Tensor, "images n channels"], method: str) -> Float[Tensor, "images n"]:
    """Each node weighs as much as its cluster among the raw nodes of its image has nodes; constants.

    Colour retrieval, which the paper's Table 2 takes this from, makes one node of a cluster, its centre, and lets it
    weigh as many pixels as it has. Here the cells stay the nodes, so that the plan can be shown on them, and each cell
    gets the whole size of its cluster before the weights are made to sum to 1. To divide a cluster's size among its
    cells instead would give equal weights whatever the clusters are.

    Args:
        method: "kmeans" with 5 clusters, the first centres drawn with a fixed seed, or "mean_shift" with scikit-learn's
            estimate of the bandwidth, from at least one neighbour of each node.
    """
    sizes = [_cluster_sizes(image, method) for image in nodes.detach().double().cpu().numpy()]
    return torch.from_numpy(np.stack(sizes)).to(nodes)


def _cluster_sizes(image: Float[np.ndarray, "n channels"], method: str) -> Float[np.ndarray, " n"]:
    from sklearn.cluster import KMeans, MeanShift, estimate_bandwidth  # not before it is needed: slow to import

    different = len(np.unique(image, axis=0))
    if different == 1:
        return np.ones(len(image))
    if method == "kmeans":
        fit = KMeans(min(CLUSTERS, different), n_init=1, random_state=0)
    else:
        bandwidth = estimate_bandwidth(image, quantile=max(0.3, 2 / len(image)))  # a node is its own first neighbour
        fit = MeanShift(bandwidth=bandwidth + ROUNDING * float(np.linalg.norm(image)))
    label = fit.fit(image).labels_
    return np.bincount(label)[label].astype(float)
