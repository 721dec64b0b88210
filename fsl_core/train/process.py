"""The process that trains in a folder: it holds a lock there while it lives, tells how far it is and how it ended."""

import contextlib
import fcntl
import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

from fsl_core.errors import FSLError, TrainingError

PROCESS, STATUS, READING = "process.json", "progress.json", "reading.txt"
KILLED = (
    "Its process was ended from outside: the computer was switched off, its memory was full, or somebody killed it."
)
AT_ONCE = "Stopped at once, without saving; what came after the last checkpoint, if there is one, is lost."
PATIENCE = 1.0  # seconds; who asks whether the lock is held holds it for a moment


@dataclass(frozen=True)
class Process:
    """The process that trains in a folder, or did so last.

    Attributes:
        command: for people.
        data: folder of the data set; None = it was downloaded.
        started: seconds since 1970.
        end: why it ended, in a sentence, empty where its work was done; None = it lives, or was ended from outside.
    """

    pid: int
    command: str
    data: str | None
    started: float
    end: str | None = None


@dataclass(frozen=True)
class Status:
    """How far a run is.

    Attributes:
        epoch: that is under way, counted from 1.
        step: steps of it that are done; where it is `steps`, the validation is under way.
        loss, accuracy: means over these steps.
        remaining: estimated time to the end of the run, for people.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    accuracy: float
    images_per_second: float
    remaining: str


@contextmanager
def hold(folder: Path, data: str | None) -> Iterator[None]:
    """Within the block, this process is the one that trains in the folder; of several devices, that of the first.

    The kernel takes the lock back however the process ends. SIGTERM, by which it is asked to end, acts as Ctrl-C does.

    Args:
        data: as the command line has it.

    Raises:
        TrainingError: another process trains there, or the folder cannot be written.
    """
    if int(os.environ.get("RANK") or os.environ.get("LOCAL_RANK") or 0):
        yield
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / PROCESS).open("a+", encoding="utf-8")
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {folder} ({error.strerror}); choose another folder with --output."
        ) from error
    with file:
        _lock(file, folder)
        for name in (STATUS, READING):
            (folder / name).unlink(missing_ok=True)
        former = read_process(folder)
        command = shlex.join(["python", "-m", "fsl_core.train", *sys.argv[1:]])
        process = Process(os.getpid(), command, data and str(Path(data).resolve()), time.time())
        _write(file, process)
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
            with contextlib.suppress(OSError):  # it may be the full disk that ends the process
                _write(file, _ended(process, former, begun=(folder / STATUS).exists()))


def _ended(process: Process, former: Process | None, begun: bool) -> Process:
    """What is told when a process ends; one that did not begin to train leaves what is known of the one before it."""
    end = _words(sys.exception())
    if not end or begun or former is None:
        return replace(process, end=end)
    return former if former.end == "" else replace(former, end=end)


def _write(file: TextIO, process: Process) -> None:
    file.truncate(0)
    json.dump(asdict(process), file)
    file.flush()


def _words(error: BaseException | None) -> str:
    """Why a process ends."""
    if error is None or isinstance(error, FSLError):
        return str(error or "")
    if isinstance(error, KeyboardInterrupt):
        return AT_ONCE
    return f"Something unexpected went wrong ({type(error).__name__}: {error})."


def _lock(file: TextIO, folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() > end:
                raise TrainingError(
                    f"Another process trains in {folder} already; stop it first, or choose another --output."
                ) from error
            time.sleep(0.05)


def is_alive(folder: Path) -> bool:
    """Whether a process of this computer trains in the folder."""
    try:
        with (folder / PROCESS).open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_process(folder: Path) -> Process | None:
    """The process that trains in the folder, or did so last; None = none told."""
    try:
        return Process(**json.loads((folder / PROCESS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def tell(folder: Path, status: Status) -> None:
    """Replace the status that the folder tells."""
    _replace(folder / STATUS, json.dumps(asdict(status)))


def tell_reading(folder: Path, what: str, done: int, total: int) -> None:
    """Tell how many pictures are read, before the first step."""
    _replace(folder / READING, f"{what}: {done} of {total}")


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read_reading(folder: Path) -> str:
    """How many pictures are read, for people; "" = that has not begun."""
    try:
        return (folder / READING).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def read_status(folder: Path) -> Status | None:
    """How far the run in a folder is; None = its process has not begun with the first step, or wrote no status."""
    try:
        return Status(**json.loads((folder / STATUS).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
