"""What the worker does for the Feature space page: maps, spectra, components. torch is imported here, at first use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from fsl_core.images import encode_jpeg, thumbnail
from fsl_core.records import Component, ComponentMap, Embedding, Spectrum
from fsl_core.ui import cached, indexes
from fsl_core.ui.comparison import has_examples
from fsl_core.ui.indexes import Opened
from fsl_core.ui.pictures import Pictures, spots
from fsl_core.ui.scene import Scene

if TYPE_CHECKING:
    from fsl_core.explain import Index

BESIDE = 300  # images of a data set on a map
ENDS = 6  # images at each end of a component
COMPONENTS = 12  # that can be looked at
METHODS = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}


@dataclass(frozen=True, eq=False)
class Placed:
    """A map, and small JPEG files of the data set's images on it, by their ids."""

    embedding: Embedding
    pictures: Mapping[str, bytes]


@dataclass(frozen=True, eq=False)
class Seen:
    """What a component sees.

    Attributes:
        maps: of the images of `ends`, in their order.
        query: of the chosen query; None where there is none.
        shares: of the variance (or squared length) along the first components.
    """

    ends: Component
    maps: tuple[ComponentMap, ...]
    query: ComponentMap | None
    shares: Float[np.ndarray, " components"]


def place(scene: Scene, method: str, normalised: bool, seed: int, beside: Opened | None) -> Placed:
    """A map of the project's pictures, of images of a data set, or of both.

    Raises:
        FSLError: there are too few pictures, or all of them have the same features.
    """
    from fsl_core.explain import dataset_cloud, embed, episode_cloud

    clouds, pictures = [], {}
    if has_examples(scene.project):
        own, known = Pictures(scene), spots(scene.project)
        features = scene.features(whole=True)
        labels = own.labels[len(features.support) :]
        clouds.append(episode_cloud(features, labels, tuple(known), tuple(one.picture.name for one in known.values())))
    if beside is not None:
        found = indexes.index(scene, beside)
        clouds.append(dataset_cloud(found, BESIDE, np.random.default_rng(seed)))
        for number, one in enumerate(clouds[-1].ids):
            scene.ticket.report(0.9, f"Making small pictures: {number + 1} of {len(clouds[-1].ids)}")
            pictures[one] = encode_jpeg(thumbnail(found.dataset.image(row_of(one)), cached.ICON))
    first = " (its first use takes about 20 s)" if method == "umap" else ""
    scene.ticket.report(0.95, f"Placing the pictures by {METHODS[method]}{first}")
    cloud = clouds[0] if len(clouds) == 1 else clouds[0].beside(clouds[1])
    return Placed(embed(cloud, method, seed, normalised), pictures)


def row_of(image_id: str) -> int:
    """Row in its data set of an image that `explain.dataset_cloud` has named."""
    return int(image_id.removeprefix("data "))


def spread(scene: Scene, title: str, normalised: bool, centred: bool, data: Opened | None) -> Spectrum:
    """How the features of the project's pictures, or of a data set, spread; `title` is the backbone's.

    Raises:
        FSLError: there are too few pictures, or all of them have the same features.
    """
    from fsl_core.explain import spectrum

    found = _features(scene, data)
    scene.ticket.report(0.95, "Taking the features apart")
    return spectrum(found.pooled, found.dataset.labels, title, normalised, centred)


def see(scene: Scene, number: int, normalised: bool, centred: bool, data: Opened | None, query_id: str | None) -> Seen:
    """The images at both ends of a component, and its map on them and on a query.

    Args:
        number: 0 = the first component; where there are fewer, the last one is taken.

    Raises:
        FSLError: there are too few pictures, or all of them have the same features.
    """
    from fsl_core.explain import component, component_map, principal_axes

    found = _features(scene, data)
    axes = principal_axes(found.pooled, COMPONENTS, normalised, centred)
    number = min(number, len(axes.shares) - 1)
    ends = component(axes, number, found, ENDS)
    maps = []
    for done, row in enumerate(ends.rows.tolist()):
        scene.ticket.report(0.9 + 0.1 * done / len(ends.rows), f"Mapping component {number + 1}")
        maps.append(component_map(axes, number, found.backbone, found.dataset.image(row)))
    query = component_map(axes, number, found.backbone, scene.pixels(query_id)) if query_id else None
    return Seen(ends, tuple(maps), query, axes.shares)


def _features(scene: Scene, data: Opened | None) -> "Index":
    """Those of a data set or, without one, of the project's pictures."""
    if data is not None:
        return indexes.index(scene, data)
    import torch

    from fsl_core.explain import index_from

    features = scene.features(whole=True)
    maps = torch.cat([features.support, features.query])
    return index_from(scene.backbone, Pictures(scene), "this project", maps)
