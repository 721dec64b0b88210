"""The pictures of a project, each where it stands, and all of them as a data set."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from fsl_core.data import ImageDataset
from fsl_core.records import Role
from fsl_core.ui.pieces import Picture
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene


class Spot(NamedTuple):
    """A picture of a project where it stands; `class_id` is its class; of a query the true one, None where unknown."""

    role: Role
    picture: Picture
    class_id: str | None


def spots(project: Project) -> dict[str, Spot]:
    """All pictures of a project by an id of their own: the same picture may be in two classes, or be a query, too."""
    support = {
        f"{owner.id} {picture.id}": Spot("support", picture, owner.id)
        for owner in project.classes
        for picture in owner.pictures
    }
    return support | {f"query {query.id}": Spot("query", query.picture, query.true_class) for query in project.queries}


class Pictures(ImageDataset):
    """The pictures of a project as a data set, support first; queries of unknown class have the label -1."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._spots = scene, list(spots(scene.project).values())
        classes = {one.id: row for row, one in enumerate(scene.project.classes)}
        self.class_names = tuple(one.name for one in scene.project.classes)
        self.labels: Int[np.ndarray, " n_images"] = np.array(
            [classes.get(spot.class_id or "", -1) for spot in self._spots], dtype=np.int64
        )

    def image(self, index: int) -> UInt8[np.ndarray, "_ _ 3"]:
        return self._scene.pixels(self._spots[index].picture.id)

    def image_name(self, index: int) -> str:
        return self._spots[index].picture.name
