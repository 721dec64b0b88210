"""What the Neighbours page asks of the queue: the pictures nearest to a query, in the project or in a data set."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fsl_core.records import Neighbours
from fsl_core.ui import indexes
from fsl_core.ui.indexes import Opened
from fsl_core.ui.pictures import Pictures, spots
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene

if TYPE_CHECKING:
    from fsl_core.explain import Index

OWN = "This project"  # title


class Asked(NamedTuple):
    """What is asked about a query: `at` is a place (y, x) in [0, 1] whose region is meant, None = all of it."""

    query_id: str
    most: int = 8
    at: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """The neighbours by one backbone, whose feature maps have `grid` (rows, columns)."""

    record: Neighbours
    grid: tuple[int, int]


def nearest_in(scene: Scene, data: Opened, asked: Asked) -> Found:
    """The nearest images of a data set; those that show the very same pixels as the query are left out.

    Raises:
        FSLError: the query was removed, or its features are all 0.
    """
    index = indexes.index(scene, data)
    label = _label(scene.project, asked.query_id, index.dataset.class_names)
    found = _nearest(scene, index, asked, label)
    same = (found.record.images == found.record.query_image).all(axis=(1, 2, 3))
    if same.any() and len(index.dataset) > same.sum():
        found = _nearest(scene, index, asked, label, found.record.rows[same].tolist())
    return found


def nearest_own(scene: Scene, asked: Asked) -> Found:
    """The nearest of the project's examples and other queries of known class.

    Raises:
        FSLError: the query was removed, or its features are all 0.
    """
    return _own(scene, asked, queries=True)


def nearest_examples(scene: Scene, query_id: str, count: int) -> Found:
    """The examples of the project that are nearest to a query as whole pictures.

    Raises:
        FSLError: the query was removed, or its features are all 0.
    """
    return _own(scene, Asked(query_id, count), queries=False)


def _own(scene: Scene, asked: Asked, queries: bool) -> Found:
    import torch

    from fsl_core.explain import index_from

    pictures, features = Pictures(scene), scene.features(whole=True)
    index = index_from(scene.backbone, pictures, OWN, torch.cat([features.support, features.query]))
    without = [
        row
        for row, spot in enumerate(spots(scene.project).values())
        if spot.picture.id == asked.query_id or pictures.labels[row] < 0 or (spot.role == "query" and not queries)
    ]
    return _nearest(scene, index, asked, _label(scene.project, asked.query_id, pictures.class_names), without)


def _nearest(scene: Scene, index: "Index", asked: Asked, label: int, without: Collection[int] = ()) -> Found:
    from fsl_core.explain import nearest

    scene.ticket.report(0.95, "Comparing features")
    pixels = scene.pixels(scene.project.query(asked.query_id).id)
    return Found(nearest(index, pixels, asked.most, asked.at, label, without), index.grid)


def _label(project: Project, query_id: str, class_names: tuple[str, ...]) -> int:
    """Row of the query's true class among the names; -1 = it is unknown, or not among them."""
    true_class = project.query(query_id).true_class
    names = {image_class.id: image_class.name for image_class in project.classes}
    name = names.get(true_class or "")
    return class_names.index(name) if name in class_names else -1
