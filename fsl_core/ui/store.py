"""Where projects live: a folder for each, holding its pictures under the digests of their bytes and project.json."""

import hashlib
import json
import re
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from fsl_core.data import Episode
from fsl_core.data.episode import Mask
from fsl_core.errors import EpisodeError, FSLError
from fsl_core.home import HOME_VARIABLE, home
from fsl_core.images import decode, decode_mask, encode_jpeg, encode_png, thumbnail
from fsl_core.ui.pieces import ImageClass, Picture, Query, Settings
from fsl_core.ui.project import Project, new_class_id

WORKING_SIZE = 1024
THUMBNAIL_SIZE = 256

PROJECT, HISTORY, ORDER, OWNER = "project.json", "history", "order", "owner"  # in the folder of a project
PROJECT_ID = re.compile(r"[0-9a-f]{32}")  # 128 random bits: who knows the id may open the project
IMAGE_ID = re.compile(r"[0-9a-f]{64}")


def projects_folder() -> Path:
    """`$FEW_SHOT_LENS_HOME/projects`, by default `~/.few-shot-lens/projects`."""
    return home() / "projects"


class ChangedElsewhereError(FSLError):
    """A project that was changed by another window since it was read."""


class Store:
    """One project on disk. Pictures are only ever added, so that every earlier state of the project can be shown.

    Attributes:
        folder: `originals/` holds the files as they came, `working/` JPEG copies of at most `WORKING_SIZE` pixels for
            the screen, `thumbnails/` smaller ones, `masks/` where the object is in drawn scenes; `project.json` is the
            latest state, `history/` holds those before and after it; `owner` says who made it, where many people share
            the app. `aside` and `chosen` keep files there, too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, settings: Settings | None = None, owner: str = "") -> tuple["Store", Project]:
        """A new, empty project under a random id, on disk already.

        Args:
            owner: digest that stands for who made it; empty = nobody asks.

        Raises:
            FSLError: the folder of the projects cannot be written.
        """
        project = Project(secrets.token_hex(16), settings=settings or Settings())
        store = cls(projects_folder() / project.id)
        try:
            projects_folder().mkdir(parents=True, exist_ok=True, mode=0o700)  # readable by nobody else
            store.folder.mkdir(mode=0o700)
        except OSError as error:
            raise store._not_saved(error) from error
        if owner:
            store.write(OWNER, owner.encode())
        store.save(project)
        return store, project

    @classmethod
    def open(cls, project_id: str) -> tuple["Store", Project]:
        """The project with this id as it was saved last.

        Raises:
            EpisodeError: the id is none of ours, there is no such project, or its file is damaged.
        """
        if not PROJECT_ID.fullmatch(project_id):
            raise EpisodeError("The link names no project of this app; start a new one.")
        store = cls(projects_folder() / project_id)
        try:
            text = (store.folder / PROJECT).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise EpisodeError("The project of this link is not on this computer any more; start a new one.") from error
        return store, replace(Project.from_json(text), id=project_id)

    def save(self, project: Project) -> None:
        """Write project.json; it is always whole, whatever happens meanwhile.

        Raises:
            FSLError: the disk is full or the folder cannot be written.
            ChangedElsewhereError: the file on disk is as new as `project`, or newer.
        """
        if project.revision and self._revision() >= project.revision:
            raise ChangedElsewhereError(
                "This project was changed in another window. It is shown here as it is now; repeat your last change."
            )
        self.write(PROJECT, project.to_json().encode())

    def save_history(self, undo: Sequence[Project], redo: Sequence[Project]) -> None:
        """Write the states that can be gone back to and forward to, each once; their answers are not kept.

        Raises:
            FSLError: the disk is full or the folder cannot be written.
        """
        wanted = {f"{state.revision}.json": state for state in (*undo, *redo)}
        kept = {path.name for path in (self.folder / HISTORY).glob("*.json")}
        for name in wanted.keys() - kept:
            self.write(f"{HISTORY}/{name}", replace(wanted[name], answer=None).to_json().encode())
        order = [[state.revision for state in stack] for stack in (undo, redo)]
        self.write(f"{HISTORY}/{ORDER}", json.dumps(order).encode())
        for name in kept - wanted.keys():
            (self.folder / HISTORY / name).unlink(missing_ok=True)

    def history(self) -> tuple[list[Project], list[Project]]:
        """What `save_history` wrote; nothing where it is not there or damaged."""
        folder = self.folder / HISTORY

        def state(revision: object) -> Project:
            text = (folder / f"{int(str(revision))}.json").read_text("utf-8")
            return replace(Project.from_json(text), id=self.folder.name)

        try:
            undo, redo = json.loads((folder / ORDER).read_text("utf-8"))
            return [state(one) for one in undo], [state(one) for one in redo]
        except (OSError, ValueError, TypeError, EpisodeError):
            return [], []

    def _revision(self) -> int:
        try:
            found = json.loads((self.folder / PROJECT).read_text("utf-8"))["revision"]
        except (OSError, ValueError, KeyError, TypeError):
            return -1
        return found if isinstance(found, int) else -1

    def delete(self) -> None:
        """Remove the project with all its pictures.

        Raises:
            FSLError: something of it cannot be removed.
        """
        gone = self.folder.with_name(f".{self.folder.name}")  # out of sight in one step, whatever happens meanwhile
        try:
            self.folder.replace(gone)
            shutil.rmtree(gone)
        except FileNotFoundError:
            return
        except OSError as error:
            raise FSLError(
                f"The project cannot be deleted from {self.folder.parent} ({error.strerror}); delete its folder "
                f"{self.folder.name} there by hand."
            ) from error

    def add(self, data: bytes, name: str, mask: Mask | None = None) -> Picture:
        """Keep a picture file: the original, a working copy and a thumbnail.

        Args:
            mask: where the object is, in the pixels of the original; None = it is not known.

        Raises:
            ImageError: it is not a picture that can be read.
            FSLError: the disk is full or the folder cannot be written.
        """
        picture = Picture(hashlib.sha256(data).hexdigest(), name)
        if not (self.folder / "thumbnails" / picture.id).exists():
            working = thumbnail(decode(data, name, least=WORKING_SIZE), WORKING_SIZE)
            self.write(f"originals/{picture.id}", data)
            self.write(f"working/{picture.id}", encode_jpeg(working))
            self.write(f"thumbnails/{picture.id}", encode_jpeg(thumbnail(working, THUMBNAIL_SIZE)))
        if mask is not None:
            self.write(f"masks/{picture.id}", encode_png(mask))
        return picture

    def thumbnail(self, image_id: str) -> bytes:
        """A JPEG of at most `THUMBNAIL_SIZE` pixels, upright."""
        return self._read("thumbnails", image_id)

    def working_copy(self, image_id: str) -> UInt8[np.ndarray, "height width 3"]:
        """The pixels for the screen, at most `WORKING_SIZE` on the longer side, upright."""
        return decode(self._read("working", image_id))

    def pixels(self, image_id: str) -> UInt8[np.ndarray, "height width 3"]:
        """The pixels for the model: those of the original file, as on the command line."""
        return decode(self.original(image_id))

    def original(self, image_id: str) -> bytes:
        """The file as it came."""
        return self._read("originals", image_id)

    def mask(self, image_id: str) -> Mask | None:
        """Where the object is, in the pixels of the original file; None = it is not known."""
        known = IMAGE_ID.fullmatch(image_id) and (self.folder / "masks" / image_id).exists()
        return decode_mask(self._read("masks", image_id)) if known else None

    def episode(self, project: Project) -> Episode:
        """The project's pictures as an episode, at their original resolution.

        Raises:
            EpisodeError: a class is empty, two classes share a name, or a file is gone.
        """
        rows = {image_class.id: row for row, image_class in enumerate(project.classes)}
        support = [(picture, rows[owner.id]) for owner in project.classes for picture in owner.pictures]
        labels = tuple(rows.get(query.true_class or "", -1) for query in project.queries)
        return Episode(
            support_images=tuple(self.pixels(picture.id) for picture, _ in support),
            support_labels=tuple(row for _, row in support),
            query_images=tuple(self.pixels(query.id) for query in project.queries),
            query_labels=labels if any(label >= 0 for label in labels) else None,
            class_names=tuple(image_class.name for image_class in project.classes),
            support_names=tuple(picture.name for picture, _ in support),
            query_names=tuple(query.picture.name for query in project.queries),
        )

    def adopt(self, episode: Episode, project: Project) -> Project:
        """The project with its classes and queries replaced by those of an episode."""
        ids = [new_class_id() for _ in episode.class_names]
        labels = episode.query_labels or (-1,) * len(episode.query_images)
        members: list[list[Picture]] = [[] for _ in ids]
        for image, label, name, mask in zip(
            episode.support_images, episode.support_labels, episode.support_names, episode.support_masks, strict=True
        ):
            members[label].append(self.add(encode_png(image), name, mask))
        queries = {
            picture.id: Query(picture, ids[label] if label >= 0 else None)
            for image, label, name, mask in zip(
                episode.query_images, labels, episode.query_names, episode.query_masks, strict=True
            )
            for picture in [self.add(encode_png(image), name, mask)]
        }
        classes = zip(ids, episode.class_names, members, strict=True)
        return replace(
            project,
            classes=tuple(ImageClass(key, name, _distinct(pictures)) for key, name, pictures in classes),
            queries=tuple(queries.values()),
            answer=None,
            is_sample=False,
        )

    def _read(self, kind: str, image_id: str) -> bytes:
        try:
            if not IMAGE_ID.fullmatch(image_id):
                raise FileNotFoundError(image_id)
            return (self.folder / kind / image_id).read_bytes()
        except OSError as error:
            raise EpisodeError(
                "A picture of this project is not on disk any more; remove it and add it again."
            ) from error

    def write(self, name: str, data: bytes) -> None:
        """Replace a file of the project in one step.

        Raises:
            FSLError: the disk is full or the folder cannot be written.
        """
        path = self.folder / name
        draft: str | None = None
        if not self.folder.is_dir():
            raise EpisodeError("This project was deleted meanwhile; open another one on the Start page.")
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
                draft = file.name
                file.write(data)
            Path(draft).replace(path)
        except OSError as error:
            if draft:
                Path(draft).unlink(missing_ok=True)
            raise self._not_saved(error) from error

    def _not_saved(self, error: OSError) -> FSLError:
        return FSLError(
            f"The project cannot be saved in {self.folder.parent} ({error.strerror}); make room there, or name "
            f"another folder in the environment variable {HOME_VARIABLE}."
        )


def _distinct(pictures: list[Picture]) -> tuple[Picture, ...]:
    return tuple({picture.id: picture for picture in pictures}.values())
