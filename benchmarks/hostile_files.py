"""A corpus of hostile and odd files, and what the product says to each: python -m benchmarks.hostile_files FOLDER."""

import argparse
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import hostile_archives, hostile_pictures
from benchmarks.hostile_pictures import HostileFile
from fsl_core.data import Episode
from fsl_core.errors import FSLError, called
from fsl_core.images import decode
from fsl_core.ui.inbox import File, Place, Report, add_queries, deliver, files_of_zip, placement, store_all
from fsl_core.ui.project import Project
from fsl_core.ui.store import HOME_VARIABLE, Store

SEED = 2026


def hostile_files(seed: int = SEED) -> Iterator[HostileFile]:
    """All files of the corpus, in a fixed order; the same seed gives the same bytes."""
    generator = np.random.default_rng(seed)
    pictures, archives = hostile_pictures, hostile_archives
    yield from pictures.valid_modes()
    yield from pictures.orientations()
    yield from pictures.odd_metadata()
    yield from pictures.odd_sizes()
    yield from pictures.truncated()
    yield from pictures.fuzzed(generator)
    yield from pictures.bombs()
    yield from pictures.foreign()
    yield from pictures.names()
    yield from archives.valid_archives()
    yield from archives.escaping()
    yield from archives.archive_bombs()
    yield from archives.damaged(generator)
    yield from archives.odd_names()
    yield from archives.misplaced()


def imported(file: HostileFile, store: Store, project: Project) -> tuple[Project, Report]:
    """What the app does with an uploaded file: a .zip becomes classes and queries, any other file a query.

    Raises:
        FSLError: a .zip that is not read at all.
    """
    if file.kind.startswith("zip"):
        found = files_of_zip(file.data)
        deliveries, unread = store_all(store, found, placement([one.path for one in found], "Pictures"), len)
        changed, report = deliver(project, deliveries)
    else:
        found = [File(file.name, partial(bytes, file.data))]
        deliveries, unread = store_all(store, found, lambda path: Place(True, None), len)
        changed, report = add_queries(project, [(delivery.picture, None) for delivery in deliveries])
    return changed, report + unread


def answer(file: HostileFile, store: Store, project: Project) -> str:
    """What the product says to a file, in words."""
    try:
        _, report = imported(file, store, project)
    except FSLError as error:
        return str(error)
    said = " ".join(report.sentences())
    if not file.kind.startswith("zip"):
        return (
            f"read, {' x '.join(map(str, decode(file.data).shape[:2]))} pixels" if report.added else report.skipped[0]
        )
    try:
        episode = Episode.load(file.data)
    except FSLError as error:
        return f"{said} As an episode: {error}"
    return f"{said} As an episode: {episode.way} classes, {len(episode.query_images)} queries."


def written(file: HostileFile, number: int, folder: Path) -> None:
    """Write a file under a name that every system allows and that still shows what it is."""
    group = folder / re.sub(r"\W+", "-", file.kind)
    group.mkdir(parents=True, exist_ok=True)
    safe = re.sub(r"[^\w. -]+", "_", called(file.name)).strip(". ") or "nameless"
    (group / f"{number:03} {safe}").write_bytes(file.data)


def main() -> None:
    """Write the corpus to a folder and print one row for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where to write the files; left out: nowhere")
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    slowest = 0.0
    print("| Kind | File | Bytes | Seconds | What is said |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        store, _ = Store.create()
        for number, file in enumerate(hostile_files(arguments.seed)):
            if arguments.folder:
                written(file, number, arguments.folder)
            start = time.perf_counter()
            said = answer(file, store, Project("corpus")).replace("|", "\\|")
            seconds = time.perf_counter() - start
            slowest, counts[file.kind] = max(slowest, seconds), counts[file.kind] + 1
            name = called(file.name).replace("|", "\\|")
            print(f"| {file.kind} | {name} | {len(file.data)} | {seconds:.2f} | {said} |")
    print("\n| Kind | Files |\n|---|---|")
    for kind, count in counts.items():
        print(f"| {kind} | {count} |")
    print(f"| all | {counts.total()} |\n\nThe slowest took {slowest:.2f} s.")


if __name__ == "__main__":
    main()
