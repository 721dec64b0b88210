"""The projects on this computer in short, those that changed last first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from fsl_core.errors import EpisodeError
from fsl_core.ui.bundle import pictures
from fsl_core.ui.project import Project
from fsl_core.ui.store import OWNER, PROJECT, PROJECT_ID, Store, projects_folder

THUMBNAILS = 4


class Summary(NamedTuple):
    """A project in short.

    Attributes:
        changed: when it was saved last, in ns since 1970.
        pictures: number of pictures, each counted once.
        thumbnails: ids of up to `THUMBNAILS` pictures, of as many classes as there are.
        is_listed: whether there is something of the person's own in it.
    """

    id: str
    title: str
    changed: int
    classes: int
    pictures: int
    thumbnails: tuple[str, ...]
    is_listed: bool


def on_disk(owner: str = "") -> list[tuple[str, int]]:
    """Id and time of the last change (ns) of every project, the latest first.

    Args:
        owner: only those that are marked with it; empty = all.
    """
    found = []
    for folder in projects_folder().glob("*"):
        if not PROJECT_ID.fullmatch(folder.name):
            continue
        try:
            if owner and (folder / OWNER).read_text("ascii") != owner:
                continue
            found.append((folder.name, (folder / PROJECT).stat().st_mtime_ns))
        except (OSError, ValueError):  # nobody's, or it is being made or deleted just now
            continue
    return sorted(found, key=lambda one: one[1], reverse=True)


def summarise(project_id: str, changed: int) -> Summary | None:
    """A project in short; None = it is damaged or gone."""
    try:
        _, project = Store.open(project_id)
    except EpisodeError:
        return None
    used = {picture.id for picture in pictures(project)}
    shown = tuple(dict.fromkeys(_shown(project)))[:THUMBNAILS]
    is_listed = not project.is_sample and bool(used or project.trash or project.name)
    return Summary(project_id, project.title, changed, len(project.classes), len(used), shown, is_listed)


def _shown(project: Project) -> Iterator[str]:
    """Ids of all pictures: the first of each class, then the second ones, ..., the queries at last."""
    for row in range(max((len(one.pictures) for one in project.classes), default=0)):
        yield from (one.pictures[row].id for one in project.classes if row < len(one.pictures))
    yield from (query.id for query in project.queries)


def in_words(then: datetime, now: datetime) -> str:
    """A moment as people say it: "today 14:05", "yesterday 9:30", "Monday 9:30", "3 March", "3 March 2025"."""
    days = (now.date() - then.date()) / timedelta(days=1)
    clock = f"{then.hour}:{then.minute:02}"
    if days <= 0:
        return f"today {clock}"
    if days == 1:
        return f"yesterday {clock}"
    if days < 7:
        return f"{then:%A} {clock}"
    day = f"{then.day} {then:%B}"
    return day if then.year == now.year else f"{day} {then.year}"
