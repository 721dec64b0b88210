"""What the Neighbours page asks of the queue: the pictures nearest to a query, in the project or in a data set."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fsl_core.records import Neighbours
from fsl_core.ui import cached, drawing
from fsl_core.ui.indexes import Indexes, Opened, ProjectPictures
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene

if TYPE_CHECKING:
    from fsl_core.explain import Index

OWN = "own"  # instead of the name of a data set
OWN_TITLE = "This project's own pictures"
MOST_OF_EACH = 500  # images of a class that can be asked for


class Source(NamedTuple):
    """Where to look: a data set as `open_dataset` knows it and at most so many images `each` class, or `OWN`."""

    dataset: str = OWN
    folder: str = ""
    split: str = "test"
    each: int = 10


class Asked(NamedTuple):
    """What is asked about a query: `at` is a place (y, x) in [0, 1] whose region is meant, None = all of it."""

    query_id: str
    count: int = 8
    at: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """The neighbours by one backbone, whose feature maps have `grid` (rows, columns)."""

    record: Neighbours
    grid: tuple[int, int]


def open_source(ticket: Ticket, source: Source, seed: int) -> Opened:
    """The work of the job that opens a data set, for the queue that may wait; its bounded part is drawn by `seed`.

    Raises:
        FSLError: the data set is not there.
    """

    def work() -> Opened:
        dataset = cached.part_of(source.dataset, source.folder or None, source.split, source.each, seed)
        title = drawing.TITLES.get(source.dataset, source.folder or source.dataset)
        return Opened(title.removesuffix(" (no download)"), dataset, dataset.digest())

    return drawing.waiting_for(ticket, source.dataset, source.folder, work)


def build_index(scene: Scene, indexes: Indexes, opened: Opened) -> int:
    """Have the index of a data set in memory and on disk; the number of its images."""
    return len(indexes.of(scene.ticket, scene.backbone, opened).dataset)


def nearest_in(scene: Scene, indexes: Indexes, opened: Opened, asked: Asked) -> Found:
    """The nearest images of a data set; those that show the very same pixels as the query are left out.

    Raises:
        FSLError: the query was removed, or its features are all 0.
    """
    index = indexes.of(scene.ticket, scene.backbone, opened)
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


def nearest_examples(scene: Scene, query_id: str, count: int = 5) -> Neighbours:
    """The examples of the project that are nearest to a query as whole pictures.

    Raises:
        FSLError: the query was removed, or its features are all 0.
    """
    return _own(scene, Asked(query_id, count), queries=False).record


def _own(scene: Scene, asked: Asked, queries: bool) -> Found:
    import torch

    from fsl_core.explain import index_from

    pictures, features = ProjectPictures(scene.store, scene.project, queries), scene.features(whole=True)
    maps = torch.cat([features.support, features.query])[pictures.places]
    index = index_from(scene.backbone, pictures, OWN_TITLE, maps)
    itself = [row for row, picture_id in enumerate(pictures.ids) if picture_id == asked.query_id]
    return _nearest(scene, index, asked, _label(scene.project, asked.query_id, pictures.class_names), itself)


def _nearest(scene: Scene, index: "Index", asked: Asked, label: int, without: Collection[int] = ()) -> Found:
    from fsl_core.explain import nearest

    scene.ticket.report(0.95, "Comparing features")
    pixels = scene.pixels(scene.project.query(asked.query_id).id)
    return Found(nearest(index, pixels, asked.count, asked.at, label, without), index.grid)


def _label(project: Project, query_id: str, class_names: tuple[str, ...]) -> int:
    """Row of the query's true class among the names; -1 = it is unknown, or not among them."""
    true_class = project.query(query_id).true_class
    names = {image_class.id: image_class.name for image_class in project.classes}
    name = names.get(true_class or "")
    return class_names.index(name) if name in class_names else -1
