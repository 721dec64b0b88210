"""Every file of the hostile corpus, through every door: read rightly or refused in one sentence, and nothing else."""

import os
import re
import resource
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.hostile_archives import EVIL, zipped
from benchmarks.hostile_files import hostile_files, imported
from benchmarks.hostile_pictures import Expectation, HostileFile, Verdict
from fsl_core.data import Episode
from fsl_core.errors import TURNING, FSLError, ImageError, called
from fsl_core.images import MAX_PIXELS, decode, encode_png
from fsl_core.ui.inbox import files_of_zip
from fsl_core.ui.project import ImageClass, Project, Query
from fsl_core.ui.store import HOME_VARIABLE, Store

ROOT = Path(__file__).parents[2]
SECONDS = 5  # of processor time, for any one file
ENTRY_SECONDS = 0.003  # more for each entry of a .zip; a busy machine with shared cores is several times slower
MEGABYTES = 1500  # that the largest picture may cost at its peak

WRITES = {"os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.rmdir", "os.truncate"}
_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is None:
        return
    if event == "open":
        _, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR) if mode is None else re.search("[wax+]", mode)
    else:
        writes = event in WRITES
    if writes:
        _watched.append(str(arguments[0]))


sys.addaudithook(_watch)


@contextmanager
def watched_writes() -> Iterator[list[str]]:
    """The paths that are opened for writing, made, renamed or removed meanwhile, by Python code of any library."""
    global _watched
    _watched = seen = []
    try:
        yield seen
    finally:
        _watched = None


@cache
def corpus() -> tuple[HostileFile, ...]:
    return tuple(hostile_files())


def pictures() -> list[HostileFile]:
    return [file for file in corpus() if not file.kind.startswith("zip")]


def archives() -> list[HostileFile]:
    return [file for file in corpus() if file.kind.startswith("zip")]


def wrong_sentence(text: str, *names: str) -> str | None:
    """What is wrong with a sentence for people that may name one of these files; None = nothing."""
    rest = text
    for name in sorted(map(called, names), key=len, reverse=True):
        rest = rest.replace(name, "X")
    if any(unicodedata.category(letter) in ("Cc", "Cs") or ord(letter) in TURNING for letter in text):
        return "a letter that does not show"
    if not rest.endswith(".") or re.search(r"\.\s", rest[:-1]) or len(rest) > 320:
        return "not one sentence"
    if not re.search(r"; \w|: |already there", rest):
        return "does not say what to do"
    if re.search(r"site-packages|Traceback|Error|Exception|codec|0x|PIL|<_io|b'", rest) or str(ROOT) in rest:
        return "a word for programmers"
    return None


def wrong_pixels(image: np.ndarray, expected: Expectation) -> str | None:
    height, width, _ = image.shape
    if expected.shape and (height, width) != expected.shape:
        return f"{height} x {width} pixels"
    if expected.shows is None:
        return None
    rows, columns = len(expected.shows), len(expected.shows[0])
    at = np.ix_([height * (2 * row + 1) // (2 * rows) for row in range(rows)],
                [width * (2 * column + 1) // (2 * columns) for column in range(columns)])  # fmt: skip
    difference = np.abs(image[at].astype(int) - expected.shows).max()
    return f"{difference} off" if difference > expected.off else None


def test_the_corpus_is_large_and_the_same_seed_gives_the_same_bytes() -> None:
    counts = Counter(file.kind for file in corpus())
    assert counts.total() >= 200 and len(counts) >= 15 and min(counts.values()) >= 4
    assert [file[:3] for file in hostile_files()] == [file[:3] for file in corpus()]
    other = [file.data for file in hostile_files(seed=7)]
    assert [file.data for file in corpus()] != other
    assert sum(len(file.data) for file in corpus()) < 20_000_000


def test_decode_reads_rightly_or_refuses_in_one_sentence() -> None:
    wrong = []
    for file in pictures():
        start = time.process_time()
        says, verdict = "", Verdict.READ
        try:
            fault = wrong_pixels(decode(file.data, file.name), file.expectation)
        except ImageError as error:
            says, verdict = str(error), Verdict.REFUSED
            fault = wrong_sentence(says, file.name)
            if not says.startswith(called(file.name)):
                fault = "does not name the file"
        expected = file.expectation
        if expected.verdict not in (verdict, Verdict.ANY) or expected.says not in says:
            fault = f"{verdict}, expected {expected.verdict} {expected.says}"
        if (seconds := time.process_time() - start) > SECONDS:
            fault = f"{seconds:.1f} s"
        if fault:
            wrong.append((file.kind, called(file.name), fault, says))
    assert not wrong


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for projects, deep enough for every `../` of the corpus to stay within `tmp_path`."""
    home = tmp_path / "a/b/c/d/e/f/g/home"
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return home


def test_the_app_imports_every_file_and_nothing_else_changes(home: Path, tmp_path: Path) -> None:
    store, empty = Store.create()
    kept = store.add(encode_png(np.full((9, 9, 3), 7, np.uint8)), "kept.png")
    asked = store.add(encode_png(np.full((9, 9, 3), 9, np.uint8)), "asked.png")
    earlier = Project(empty.id, (ImageClass("k", "kept", (kept,)),), (Query(asked),))
    store.save(earlier)
    before = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    wrong = []
    with watched_writes() as writes:
        for file in corpus():
            start = time.process_time()
            fault = import_fault(file, store, earlier)
            if (seconds := time.process_time() - start) > SECONDS + ENTRY_SECONDS * file.data.count(b"PK\1\2"):
                fault = f"{seconds:.1f} s"
            if fault:
                wrong.append((file.kind, called(file.name), fault))
    assert not wrong
    assert len(writes) > 300
    folders = (home, home / "projects", store.folder)
    assert not [path for path in map(Path, writes) if store.folder not in path.parents and path not in folders]
    assert {path for path in tmp_path.rglob("*") if path.is_file() and store.folder not in path.parents} == set()
    assert not Path("/tmp", EVIL).exists()
    assert not [path for path in store.folder.rglob("*") if path.is_symlink()]
    assert {path: path.read_bytes() for path in before} == before
    assert Store.open(empty.id)[1] == earlier


def import_fault(file: HostileFile, store: Store, earlier: Project) -> str | None:
    """What is wrong with what the app makes of a file; None = nothing."""
    expected, is_zip = file.expectation, file.kind.startswith("zip")
    try:
        changed, report = imported(file, store, earlier)
    except FSLError as error:
        said, verdict, added = [str(error)], Verdict.REFUSED, 0
    else:
        said, added = list(report.skipped), report.added
        verdict = Verdict.READ if is_zip or added else Verdict.REFUSED
        if changed.classes[:1] != earlier.classes or changed.queries[:1] != earlier.queries:
            return "the earlier pictures changed"
        fresh = [one for owner in changed.classes[1:] for one in owner.pictures]
        fresh += [one.picture for one in changed.queries[1:]]
        if len(fresh) != added or any(store.thumbnail(one.id)[:2] != b"\xff\xd8" for one in fresh):
            return "what was added is not there"
        if not all(owner.name.strip() and "\n" not in owner.name for owner in changed.classes):
            return "a class without a name"
    if expected.verdict not in (verdict, Verdict.ANY) or expected.says not in " ".join(said):
        return f"{verdict} {said[:2]}, expected {expected.verdict} {expected.says}"
    room = 19 if "too many classes" in file.name else expected.added  # one class is there already
    if expected.added is not None and added != room:
        return f"{added} added"
    faults = (wrong_sentence(text, file.name, *inner_names(file)) for text in said[:50])
    return next((f"{fault}: {text}" for fault, text in zip(faults, said, strict=False) if fault), None)


def inner_names(file: HostileFile) -> list[str]:
    """Paths and file names within a .zip that can be opened."""
    if not file.kind.startswith("zip"):
        return []
    try:
        return [name for one in files_of_zip(file.data)[:50] for name in (one.path, one.name)]
    except FSLError:
        return []


def test_an_episode_is_loaded_or_refused_in_one_sentence(home: Path) -> None:
    wrong, loaded = [], []
    with watched_writes() as writes:
        for file in archives():
            start = time.process_time()
            try:
                episode = Episode.load(file.data)
            except FSLError as error:
                if fault := wrong_sentence(str(error), *inner_names(file)):
                    wrong.append((called(file.name), fault, str(error)))
            else:
                loaded.append(file.name)
                assert episode.way == 2 and all(image.size for image in episode.support_images)
            if time.process_time() - start > SECONDS:
                wrong.append((called(file.name), "slow", ""))
    assert not wrong
    assert writes == []
    assert {"episode.zip", "inside one folder.zip", "lzma.zip"} <= set(loaded) and len(loaded) < 15


def test_one_zip_of_all_pictures_names_every_bad_one(home: Path) -> None:
    """As a person would bring them: all in one .zip, good and bad."""
    chosen = [file for file in pictures() if file.kind in ("another kind of file", "wrong suffix")]
    data = zipped({f"{number:02}/{file.name}": file.data for number, file in enumerate(chosen)})
    whole = HostileFile("zip", "all.zip", data, Expectation(Verdict.ANY))
    project, report = imported(whole, Store.create()[0], Project("p"))
    bad = [file for file in chosen if file.expectation.verdict is Verdict.REFUSED]
    assert report.added == len(chosen) - len(bad) == len({owner.name for owner in project.classes})
    for file in bad:
        assert any(text.startswith(file.name) and file.expectation.says in text for text in report.skipped), file.name


def test_nothing_reaches_the_console() -> None:
    """In a process of its own, where nobody has changed how warnings are shown."""
    code = (
        "from benchmarks import hostile_pictures as h\n"
        "from fsl_core.images import decode\n"
        "from fsl_core.errors import FSLError\n"
        "count = 0\n"
        "for file in [*h.bombs(), *h.odd_metadata(), *h.names()]:\n"
        "    try: decode(file.data, file.name)\n"
        "    except FSLError: count += 1\n"
        "print(count)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    assert ended.returncode == 0 and int(ended.stdout) > 40


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="needs getrusage")
def test_the_largest_picture_that_is_allowed_stays_within_memory() -> None:
    """Nearly 80 megapixels from 10 kB: the peak of a process of its own."""
    code = (
        "import resource\n"
        "from benchmarks.hostile_pictures import idat, png\n"
        "from fsl_core.images import decode\n"
        "data = png(8900, 8900, idat(bytes(8900 * 1114)), depth=1, colour=0)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(decode(data).shape, len(data))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    shape, kilobytes = ended.stdout.splitlines()
    assert shape.startswith("(8900, 8900, 3)") and MAX_PIXELS >= 8900 * 8900
    assert int(kilobytes) / 1024 < MEGABYTES
