"""Indexes of data sets in memory, shared by all sessions; and the pictures of a project as a data set."""

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import UInt8

from fsl_core.data import ImageDataset
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

if TYPE_CHECKING:
    from fsl_core.backbones import Backbone
    from fsl_core.explain import Index

KEPT = 2  # indexes


class Opened(NamedTuple):
    """A data set that can be looked up in; `digest` is the data set's own."""

    title: str
    dataset: ImageDataset
    digest: str


class Indexes:
    """The indexes that were used last; only the worker calls it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], Index] = OrderedDict()

    def of(self, ticket: Ticket, backbone: "Backbone", opened: Opened) -> "Index":
        """The index of a data set: from memory or disk, else computed, which counts images to the ticket.

        Raises:
            FSLError: the data set is too large or empty, or a picture cannot be read.
        """
        from fsl_core.explain import index_of

        key = backbone.digest, backbone.spec.fit, opened.digest
        if key not in self._kept:
            total, done = len(opened.dataset), 0

            def advance(images: int) -> None:
                nonlocal done
                done += images
                ticket.report(done / total, f"{opened.title}: {done} of {total} images")

            advance(0)
            self._kept[key] = index_of(backbone, opened.dataset, opened.title, advance)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


class ProjectPictures(ImageDataset):
    """The examples of a project and, if asked for, its queries whose true class is known.

    Attributes:
        ids: of the pictures.
        places: of the pictures among all examples and then all queries of the project.
    """

    def __init__(self, store: Store, project: Project, queries: bool) -> None:
        rows = {image_class.id: row for row, image_class in enumerate(project.classes)}
        found = [(picture, rows[one.id]) for one in project.classes for picture in one.pictures]
        places = list(range(len(found)))
        for place, query in enumerate(project.queries, len(found)):
            if queries and query.true_class in rows:
                found.append((query.picture, rows[query.true_class]))
                places.append(place)
        self.store = store
        self.class_names = tuple(image_class.name for image_class in project.classes)
        self.labels = np.array([row for _, row in found])
        self.names = tuple(picture.name for picture, _ in found)
        self.ids = tuple(picture.id for picture, _ in found)
        self.places = places

    def image(self, index: int) -> UInt8[np.ndarray, "height width 3"]:
        return self.store.pixels(self.ids[index])

    def image_name(self, index: int) -> str:
        return self.names[index]
