"""Files that a person gives -> pictures of the project, with a report; one bad file costs only itself."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from fsl_core.data.archive import Archive, natural_order
from fsl_core.data.episode import unescape_name
from fsl_core.errors import EpisodeError, FSLError, called
from fsl_core.ui.pieces import ImageClass, Picture, Query
from fsl_core.ui.project import MAX_CLASSES, MAX_QUERIES, MAX_SHOTS, Project, new_class_id
from fsl_core.ui.store import Store

SAID = 5  # files named one by one in a report
MOST_AT_ONCE = 4  # pictures that are decoded, each of up to 240 MB


class File(NamedTuple):
    """A file that came in; `path` has "/" between its folders."""

    path: str
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        """The last part of the path."""
        return unescape_name(self.path.rpartition("/")[2])


class Place(NamedTuple):
    """Where a picture belongs: to the support set or to the queries, and the name of its class where it has one."""

    is_query: bool
    class_name: str | None


class Delivery(NamedTuple):
    """A picture that is stored, and where it belongs."""

    picture: Picture
    place: Place


class Report(NamedTuple):
    """What became of the files.

    Attributes:
        added: number of pictures added.
        skipped: one sentence for each file that was not.
        remarks: one sentence for each picture that was added and stands somewhere else as well.
    """

    added: int
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __add__(self, other: object) -> "Report":
        """Both reports in one."""
        if not isinstance(other, Report):
            return NotImplemented
        return type(self)(self.added + other.added, self.skipped + other.skipped, self.remarks + other.remarks)

    def sentences(self) -> list[str]:
        """The report for people: a summary, then the first reasons."""
        summary = f"{self.added} {'picture' if self.added == 1 else 'pictures'} added"
        if self.skipped:
            summary = f"{summary}, {len(self.skipped)} skipped"
        told = [*_first(self.skipped), *_first(self.remarks)]
        return [f"{summary}{':' if told else '.'}", *told]


def _first(sentences: tuple[str, ...]) -> list[str]:
    more = len(sentences) - SAID
    return [*sentences[:SAID], *([f"… and {more} more."] if more > 0 else [])]


def files_of_zip(data: bytes) -> list[File]:
    """The files of a .zip, each read when it is due.

    Raises:
        EpisodeError: it is no .zip, an empty one, or one that is not safe to read.
    """
    archive = Archive(data)
    if not archive.names:
        raise EpisodeError("The zip holds no file; put pictures into it.")
    return [File(name, partial(archive.read, name)) for name in archive.names]


def store_all(
    store: Store, files: Iterable[File], place: Callable[[str], Place], advance: Callable[[str], object]
) -> tuple[list[Delivery], Report]:
    """Decode and store files, a few at once; those that no project has room for are not even read.

    Args:
        place: says of a path where its picture belongs.
        advance: called with the name of each file before it is read.

    Raises:
        EpisodeError: the source of the files as a whole is not readable.
    """
    workers = min(os.cpu_count() or 1, MOST_AT_ONCE)
    with ThreadPoolExecutor(workers) as pool:
        delivered = _Delivered()
        for file in files:
            advance(file.name)
            where = place(file.path)
            while delivered.under_way and (len(delivered.under_way) > workers or delivered.full(where)):
                delivered.settle()
            if full := delivered.full(where):
                delivered.skipped.append(f"{called(file.name)} is one too many: {full}.")
                continue
            try:
                delivered.under_way.append((where, pool.submit(store.add, file.read(), file.name)))
            except FSLError as error:
                delivered.skipped.append(str(error))
        while delivered.under_way:
            delivered.settle()
    return delivered.pictures, Report(0, tuple(delivered.skipped))


class _Delivered:
    """What became of the files so far; those that are under way count as stored until they are settled."""

    def __init__(self) -> None:
        self.pictures: list[Delivery] = []
        self.skipped: list[str] = []
        self.under_way: deque[tuple[Place, Future[Picture]]] = deque()

    def settle(self) -> None:
        """Wait for the file that is under way longest."""
        where, stored = self.under_way.popleft()
        try:
            self.pictures.append(Delivery(stored.result(), where))
        except FSLError as error:
            self.skipped.append(str(error))

    def full(self, where: Place) -> str | None:
        """Why there is no room for one more picture in a place; None = there is."""
        known: dict[Place, set[object]] = {}
        for delivery in self.pictures:
            known.setdefault(delivery.place, set()).add(delivery.picture.id)
        for place, stored in self.under_way:
            known.setdefault(place, set()).add(stored)
        return _full({place: len(found) for place, found in known.items()}, where)


def _full(known: Mapping[Place, int], where: Place) -> str | None:
    if where.is_query:
        queries = sum(count for place, count in known.items() if place.is_query)
        return f"there are at most {MAX_QUERIES} pictures to ask about" if queries >= MAX_QUERIES else None
    if where not in known and sum(not place.is_query for place in known) >= MAX_CLASSES:
        return f"an episode has at most {MAX_CLASSES} classes"
    return f"a class has at most {MAX_SHOTS} pictures" if known.get(where, 0) >= MAX_SHOTS else None


def placement(paths: Iterable[str], title: str) -> Callable[[str], Place]:
    """Where the pictures of a folder or zip belong, from their paths.

    With a folder `support/`, at the top or inside one folder, it is an episode on disk; else the name of the folder
    that holds a picture is its class.

    Args:
        title: class of pictures that lie in no folder.
    """
    parts = [path.split("/") for path in paths]
    depth = next((depth for depth in (0, 1) if any(part[depth : depth + 1] == ["support"] for part in parts)), None)

    def place(path: str) -> Place:
        *folders, _ = path.split("/")
        below = folders if depth is None else folders[depth + 1 :]
        is_query = depth is not None and folders[depth : depth + 1] != ["support"]
        folder = unescape_name(below[-1]).strip() if below else ""
        return Place(is_query, called(folder) if folder else None if is_query else title)

    return place


def add_to_class(project: Project, class_id: str, pictures: Iterable[Picture]) -> tuple[Project, Report]:
    """Add support pictures to a class: the project and what was added."""
    added, skipped, remarks = 0, [], []
    for picture in pictures:
        owner = project.image_class(class_id)
        if any(old.id == picture.id for old in owner.pictures):
            skipped.append(f"{called(picture.name)} is already there.")
        elif len(owner.pictures) >= MAX_SHOTS:
            skipped.append(f"{called(picture.name)} is one too many: a class has at most {MAX_SHOTS} pictures.")
        else:
            remarks += _elsewhere(project, picture)
            project = project.with_class(replace(owner, pictures=(*owner.pictures, picture)))
            added += 1
    return replace(project, is_sample=project.is_sample and not added), Report(added, tuple(skipped), tuple(remarks))


def add_queries(project: Project, pictures: Iterable[tuple[Picture, str | None]]) -> tuple[Project, Report]:
    """Add pictures to ask about, each with the id of its true class where that is known."""
    added, skipped, remarks = 0, [], []
    for picture, true_class in pictures:
        if any(old.id == picture.id for old in project.queries):
            skipped.append(f"{called(picture.name)} is already there.")
        elif len(project.queries) >= MAX_QUERIES:
            skipped.append(
                f"{called(picture.name)} is one too many: there are at most {MAX_QUERIES} pictures to ask about."
            )
        else:
            remarks += _elsewhere(project, picture)
            project = replace(project, queries=(*project.queries, Query(picture, true_class)), is_sample=False)
            added += 1
    return project, Report(added, tuple(skipped), tuple(remarks))


def _elsewhere(project: Project, picture: Picture) -> list[str]:
    """A remark where the very same picture is in the project already."""
    owners = [one.name for one in project.classes if any(old.id == picture.id for old in one.pictures)]
    if owners:
        return [f"{called(picture.name)} is an example of {owners[0]} as well."]
    asked = any(query.id == picture.id for query in project.queries)
    return [f"{called(picture.name)} is among the pictures to ask about as well."] if asked else []


def deliver(project: Project, deliveries: Iterable[Delivery]) -> tuple[Project, Report]:
    """Add pictures to the classes of their names, new ones where needed; empty classes give way to new ones."""
    deliveries = sorted(deliveries, key=lambda delivery: natural_order(delivery.place.class_name or ""))
    support = [delivery for delivery in deliveries if not delivery.place.is_query]
    if support:
        project = replace(project, classes=tuple(old for old in project.classes if old.pictures))
    report = Report(0)
    for delivery in support:
        name = delivery.place.class_name or ""
        owner = next((old for old in project.classes if old.name == name), None)
        if owner is None and len(project.classes) >= MAX_CLASSES:
            report += Report(
                0, (f"{called(delivery.picture.name)} of {name}: an episode has at most {MAX_CLASSES} classes.",)
            )
            continue
        if owner is None:
            owner = ImageClass(new_class_id(), name)
            project = replace(project, classes=(*project.classes, owner))
        project, part = add_to_class(project, owner.id, [delivery.picture])
        report += part
    ids = {old.name: old.id for old in project.classes}
    queries = [(one.picture, ids.get(one.place.class_name or "")) for one in deliveries if one.place.is_query]
    project, part = add_queries(project, queries)
    return project, report + part
