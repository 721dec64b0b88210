"""The episode: a few labelled support images of some classes, and query images to classify; its folder and its .zip."""

import io
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
from jaxtyping import Bool, UInt8

from fsl_core.data.archive import Archive, natural_order
from fsl_core.errors import EpisodeError, ImageError, called
from fsl_core.images import decode, encode_png

MAX_EPISODE_PIXELS = 2_000_000_000
LAYOUT = "support/<class name>/<picture> and query/<picture> or query/<class name>/<picture>"

Mask = Bool[np.ndarray, "_ _"]

UNSAFE_IN_NAMES = re.compile(
    r'[%<>:"/\\|?*\x00-\x1f\x7f]|^[. ]|[. ]$|^(?=(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)).', re.IGNORECASE
)
PICTURE_SUFFIX = re.compile(r"\.(jpe?g|png|webp|bmp|gif|tiff?|avif)$", re.IGNORECASE)


class Entry(NamedTuple):
    """One picture of an episode on disk.

    Attributes:
        path: where it lies in its `Archive`.
        class_name: None = a query whose class is not known.
        name: its file name, with the class name before it where another picture of the same role has that file name.
    """

    path: str
    is_query: bool
    class_name: str | None
    name: str


@dataclass(frozen=True, eq=False)
class Episode:
    """A few-shot task. Classes may have different numbers of support images; there may be no query yet.

    Attributes:
        support_labels: row of `class_names` that each support image belongs to.
        query_labels: row of `class_names`, -1 = not known for this query; None = known for no query.
        class_names: at least two, all different.
        support_names, query_names: shown to people; "support 1", "query 1", ... where left out.
        support_masks, query_masks: where the object is seen in each image, None = it is not known, as of all images
            where left out. They are not written to disk.

    Raises:
        EpisodeError: lengths differ, a class has no name or no support image, two classes share a name, a label is out
            of range, an image is not uint8 `[height, width, 3]`, or a mask has another size than its image.
    """

    support_images: tuple[UInt8[np.ndarray, "_ _ 3"], ...]
    support_labels: tuple[int, ...]
    query_images: tuple[UInt8[np.ndarray, "_ _ 3"], ...]
    query_labels: tuple[int, ...] | None
    class_names: tuple[str, ...]
    support_names: tuple[str, ...] = ()
    query_names: tuple[str, ...] = ()
    support_masks: tuple[Mask | None, ...] = ()
    query_masks: tuple[Mask | None, ...] = ()

    def __post_init__(self) -> None:
        for role, images in (("support", self.support_images), ("query", self.query_images)):
            if not getattr(self, f"{role}_names"):
                names = tuple(f"{role} {number}" for number in range(1, len(images) + 1))
                object.__setattr__(self, f"{role}_names", names)
            if not getattr(self, f"{role}_masks"):
                object.__setattr__(self, f"{role}_masks", (None,) * len(images))
            _check_masks(role, images, getattr(self, f"{role}_masks"))
        _check_classes(self.class_names)
        _check_set("support", self.support_images, self.support_names, self.support_labels, range(self.way))
        labels = (-1,) * len(self.query_images) if self.query_labels is None else self.query_labels
        _check_set("query", self.query_images, self.query_names, labels, range(-1, self.way))
        for name, shots in zip(self.class_names, self.shots, strict=True):
            if shots == 0:
                raise EpisodeError(f"The class {name} has no support image; add at least one or remove the class.")

    @property
    def way(self) -> int:
        """Number of classes."""
        return len(self.class_names)

    @property
    def shots(self) -> tuple[int, ...]:
        """Number of support images of each class."""
        counts = Counter(self.support_labels)
        return tuple(counts[label] for label in range(self.way))

    @classmethod
    def load(cls, source: str | Path | bytes) -> "Episode":
        """Read an episode from a folder, a .zip or the bytes of a .zip, in the layout that `layout` describes.

        Classes are in natural order of their names; the images of a set are ordered by class (unknown first), then by
        file name.

        Raises:
            EpisodeError: what `Archive`, `layout` and the episode itself raise; or a file is not a usable picture, or
                the pictures have more than `MAX_EPISODE_PIXELS` pixels in all.
        """
        with Archive(source) as archive:
            entries = layout(archive)
            images = list(_decode_all(archive, entries))
        class_names = tuple(dict.fromkeys(entry.class_name for entry in entries if entry.class_name is not None))
        rows = [-1 if entry.class_name is None else class_names.index(entry.class_name) for entry in entries]
        support = [index for index, entry in enumerate(entries) if not entry.is_query]
        query = [index for index, entry in enumerate(entries) if entry.is_query]
        return cls(
            support_images=tuple(images[index] for index in support),
            support_labels=tuple(rows[index] for index in support),
            query_images=tuple(images[index] for index in query),
            query_labels=tuple(rows[index] for index in query) if any(rows[index] >= 0 for index in query) else None,
            class_names=class_names,
            support_names=tuple(entries[index].name for index in support),
            query_names=tuple(entries[index].name for index in query),
        )

    def save(self, path: str | Path) -> None:
        """Write the episode to a folder or, where the name ends in .zip, to a .zip; `load` gives the same pixels.

        Images become PNG files: "tabby.jpg" is "tabby.png" afterwards. Characters of a name that some file system
        forbids are percent-encoded; `load` decodes them. A folder keeps no order: see `load` for the order that
        comes back. The result appears whole or not at all; a .zip of that name is replaced.

        Raises:
            EpisodeError: the place cannot be written, or is a folder that is not empty.
        """
        path = Path(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as work:
                draft = Path(work) / "episode"
                if path.suffix.lower() == ".zip":
                    draft.write_bytes(self.to_zip())
                else:
                    self._write_folder(draft)
                draft.replace(path)
        except OSError as error:
            raise EpisodeError(
                f"The episode cannot be written to {path} ({error.strerror}); try a new name."
            ) from error

    def to_zip(self) -> bytes:
        """The .zip that `save` writes; the same episode always gives the same bytes."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in self._files():
                archive.writestr(zipfile.ZipInfo(name), data)
        return stream.getvalue()

    def _write_folder(self, folder: Path) -> None:
        for name, data in self._files():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        """Relative path and bytes of every file of the episode on disk."""
        folders = [escape_name(name) for name in self.class_names]
        labels = self.query_labels or (-1,) * len(self.query_images)
        places = [f"support/{folders[label]}" for label in self.support_labels]
        places += ["query" if label < 0 else f"query/{folders[label]}" for label in labels]
        taken: set[str] = set()
        for place, name, image in zip(
            places, self.support_names + self.query_names, self.support_images + self.query_images, strict=True
        ):
            stem = PICTURE_SUFFIX.sub("", name.rpartition("/")[2]) or "picture"
            numbered = (f"{stem}.png" if number == 1 else f"{stem}_{number}.png" for number in count(1))
            file = next(file for name in numbered if (file := f"{place}/{escape_name(name)}").casefold() not in taken)
            taken.add(file.casefold())
            yield file, encode_png(image)


def layout(archive: Archive) -> tuple[Entry, ...]:
    """Which picture of an archive is what: `LAYOUT`, at the top or inside one folder; other files are left out.

    Pictures are ordered by class (unknown first), then by file name, both in natural order.

    Raises:
        EpisodeError: there is no support folder, there are several episodes, a picture lies at another depth, or a
            query folder has the name of no support class.
    """
    top = _top_folder(archive)
    found: list[tuple[str, bool, str | None, str]] = []
    for path in archive.names:
        if not path.startswith((f"{top}support/", f"{top}query/")):
            continue
        role, *folders, file = path.removeprefix(top).split("/")
        if len(folders) > 1 or (role == "support" and not folders):
            raise EpisodeError(f"{called(path)} lies where no picture belongs; move it to {LAYOUT}, or remove it.")
        found.append((path, role == "query", unescape_name(folders[0]) if folders else None, unescape_name(file)))
    classes = {class_name for _, is_query, class_name, _ in found if not is_query}
    for path, _, class_name, _ in found:
        if class_name is not None and class_name not in classes:
            raise EpisodeError(
                f"{called(path)} is a query of class {called(class_name)}, which has no folder in support/; add "
                "support images of it, or move its queries to query/."
            )
    seen = Counter((is_query, file) for _, is_query, _, file in found)
    entries = (
        Entry(path, is_query, name, file if seen[is_query, file] == 1 or name is None else f"{name}/{file}")
        for path, is_query, name, file in found
    )
    return tuple(sorted(entries, key=lambda entry: natural_order(entry.class_name or "")))


def _top_folder(archive: Archive) -> str:
    """The prefix of the paths of the episode: "" or "<folder>/"."""
    if any(path.startswith("support/") for path in archive.names):
        return ""
    tops = sorted({path.split("/")[0] for path in archive.names if path.split("/")[1:2] == ["support"]})
    if not tops:
        raise EpisodeError(f"{archive.title} holds no folder support/ with pictures; expected {LAYOUT}.")
    if len(tops) > 1:
        raise EpisodeError(
            f"{archive.title} holds {len(tops)} episodes ({called(', '.join(tops))}); give one of these folders."
        )
    return f"{tops[0]}/"


def _decode_all(archive: Archive, entries: Iterable[Entry]) -> Iterator[UInt8[np.ndarray, "_ _ 3"]]:
    pixels = 0
    for entry in entries:
        try:
            image = decode(archive.read(entry.path), entry.path)
        except ImageError as error:
            raise EpisodeError(str(error)) from error
        pixels += image.shape[0] * image.shape[1]
        if pixels > MAX_EPISODE_PIXELS:
            limit = MAX_EPISODE_PIXELS // 1_000_000
            raise EpisodeError(f"{archive.title} has more than {limit} megapixels; scale its pictures down first.")
        yield image


def escape_name(name: str) -> str:
    """A file name for any text: what some file system forbids becomes %XX."""
    return UNSAFE_IN_NAMES.sub(lambda match: f"%{ord(match[0]):02X}", name)


def unescape_name(file: str) -> str:
    """The text that `escape_name` turned into this file name; any other file name stays as it is ("50%off")."""
    name = unquote(file)
    return name if escape_name(name) == file else file


def _check_classes(class_names: tuple[str, ...]) -> None:
    if len(class_names) < 2:
        raise EpisodeError(f"An episode needs at least 2 classes, got {len(class_names)}; add support images of more.")
    if not all(name.strip() for name in class_names):
        raise EpisodeError(
            f"Class {[bool(name.strip()) for name in class_names].index(False) + 1} has no name; give one."
        )
    name, times = Counter(class_names).most_common(1)[0]
    if times > 1:
        raise EpisodeError(f"{times} classes are named {name}; give every class its own name.")


def _check_set(
    role: str, images: tuple[np.ndarray, ...], names: tuple[str, ...], labels: tuple[int, ...], allowed: range
) -> None:
    if not len(images) == len(labels) == len(names):
        raise EpisodeError(
            f"Every {role} image needs one label and one name; got {len(images)} images, {len(labels)} labels and "
            f"{len(names)} names."
        )
    for image, name, label in zip(images, names, labels, strict=True):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise EpisodeError(
                f"The {role} image {name} must be uint8 [height, width, 3], got {image.dtype} {list(image.shape)}; "
                "fsl_core.images.decode gives that."
            )
        if label not in allowed:
            raise EpisodeError(
                f"The {role} image {name} has label {label}; expected {allowed.start} to {allowed.stop - 1}, a row of "
                f"class_names{' or -1 for unknown' if role == 'query' else ''}."
            )


def _check_masks(role: str, images: tuple[np.ndarray, ...], masks: tuple[Mask | None, ...]) -> None:
    known = [mask is None or mask.shape == image.shape[:2] for image, mask in zip(images, masks, strict=False)]
    if len(masks) != len(images) or not all(known):
        raise EpisodeError(f"Every {role} image needs one mask of its own height and width, or None.")
