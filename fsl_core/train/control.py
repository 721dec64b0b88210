"""To start, stop and resume runs, each in a process of its own that outlives this one; and to try one before."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fsl_core.errors import OptionError, TrainingError, called
from fsl_core.manifest import NAME, SUFFIX
from fsl_core.train.config import CHECKPOINT, CONFIG, read_recipe
from fsl_core.train.process import KILLED, is_alive, read_process
from fsl_core.train.runs import look, may_be_replaced, runs_folder

LOG = "log.txt"  # what a process that was started here says
PACKAGE = Path(__file__).parents[2]
LONGEST = 100  # characters of a run's name
WAIT = 20.0  # seconds for a process to tell that it is there
TAIL = 4096  # bytes


def start(name: str, recipe: str, changes: Mapping[str, int], data: str | None) -> None:
    """Start a run in a process of its own, which goes on when this one ends.

    Args:
        name: of the run's folder.
        changes: field -> value in place of the recipe's.
        data: folder of the data set; None = a download.

    Raises:
        OptionError: the name can be no folder's, there is no such recipe, or a value is impossible.
        TrainingError: there is such a run already, there are no data, or the folder cannot be written.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST or name.endswith(SUFFIX):
        raise OptionError(
            f"A run's name is made of letters (A-Z, a-z), digits, '-', '_' and '.', begins with a letter or digit and "
            f"has at most {LONGEST} of them, got {name!r}."
        )
    words = arguments(recipe, changes, data)
    path = runs_folder() / name
    if path.is_dir() and not may_be_replaced(look(path)):
        raise TrainingError(f"There is a run or another folder {name} already; choose another name.")
    _launch(path, words)


def resume(path: Path) -> None:
    """Go on with a run from its last checkpoint, on the data that it had, in a process of its own.

    Raises:
        OptionError: its configuration cannot be read.
        TrainingError: a process trains there, there is nothing to go on from, or the data are gone.
    """
    if is_alive(path):
        raise TrainingError(f"The run {path.name} is under way already.")
    if not (path / CHECKPOINT).is_file():
        raise TrainingError(f"There is no checkpoint in {path} to resume from; start the run anew.")
    process = read_process(path)
    recipe = str((path / CONFIG).resolve())
    _launch(path, [*arguments(recipe, {}, process.data if process else None), "--resume"])


def stop(path: Path) -> None:
    """Ask the process that trains in a folder to save and leave after the present step; to ask twice changes nothing.

    Raises:
        TrainingError: the process belongs to another person.
    """
    process = read_process(path)
    if process and is_alive(path):
        # Unlike SIGINT, this arrives also where the app was started in the background, with SIGINT ignored.
        try:
            os.kill(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass  # it has just ended
        except PermissionError as error:
            raise TrainingError(f"The run {path.name} was started by another person, who alone can stop it.") from error


def remove(path: Path) -> None:
    """Delete the folder of a run that failed and left no weights.

    Raises:
        TrainingError: it is no such run, or cannot be deleted.
    """
    run = look(path)
    if not may_be_replaced(run):
        raise TrainingError(f"The run {path.name} holds something of value; delete {path} by hand.")
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise TrainingError(f"{path} cannot be deleted ({error.strerror}); delete it by hand.") from error


def make_plan(
    recipe: str, changes: Mapping[str, int], data: str | None, wait: Callable[[], object] = lambda: time.sleep(0.2)
) -> str:
    """What `--dry-run` says of a run, a fact a line.

    Args:
        wait: called again and again until the plan is there; what it raises ends the work.

    Raises:
        OptionError: there is no such recipe, or a value is impossible.
        TrainingError: the run could not be tried; it says why.
    """
    command = [sys.executable, "-m", "fsl_core.train", *arguments(recipe, changes, data), "--dry-run"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **_surroundings()
    ) as process:
        try:
            while True:
                try:
                    out, errors = process.communicate(timeout=0.1)
                    break
                except subprocess.TimeoutExpired:
                    wait()
        finally:
            process.kill()
    if process.returncode:
        raise TrainingError(_last_words(errors, process.returncode))
    return out.decode(errors="replace").strip()


def arguments(recipe: str, changes: Mapping[str, int], data: str | None) -> list[str]:
    """The arguments of the command line that stand for a run.

    Raises:
        OptionError: there is no such recipe, or a value is impossible.
        TrainingError: there is no such folder.
    """
    read_recipe(recipe, dict(changes))
    place = _existing(data) if data else None
    fields = [f"--{name.replace('_', '-')}={value}" for name, value in changes.items()]
    return [f"--recipe={recipe}", *([f"--data={place}"] if place else []), *fields]


def _existing(data: str) -> Path:
    """The place that a person means."""
    try:
        place = Path(data).expanduser().resolve()
        there = place.exists()
    except (OSError, ValueError, RuntimeError):  # too long, no path at all, "~" and no user
        there = False
    if not there:
        raise TrainingError(f"There is no folder or zip {called(data)}; check the path of the data set.")
    return place


def _launch(path: Path, words: list[str]) -> None:
    """Start the process and wait until it has told that it is there.

    Raises:
        TrainingError: the folder cannot be written, or the process ended before it told.
    """
    path = path.resolve()
    try:
        path.mkdir(parents=True, exist_ok=True)
        with (path / LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "fsl_core.train", *words, f"--output={path}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                **_surroundings(),
            )  # fmt: skip
    except OSError as error:
        raise TrainingError(
            f"The run cannot be started in {path} ({error.strerror}); choose another name, or make room there."
        ) from error
    threading.Thread(target=process.wait, name="training", daemon=True).start()  # it is laid to rest when it ends
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        ended, told = process.poll() is not None, read_process(path)
        if told and told.pid == process.pid:
            return
        if ended:
            raise TrainingError(_last_words((path / LOG).read_bytes()[-TAIL:], process.returncode))
        time.sleep(0.05)


def _last_words(said: bytes, code: int) -> str:
    """Why a process ended: its last line on stderr, without the name of the command."""
    lines = said.decode(errors="replace").strip().splitlines() if code > 0 else []
    return lines[-1].removeprefix("python -m fsl_core.train: ") if lines else KILLED


def _surroundings() -> dict[str, Any]:
    """Of a process: recipes speak of `runs/` in its working folder, and the package is found from there."""
    folder = runs_folder().parent
    paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        "cwd": folder if folder.is_dir() else None,
        "env": os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"},
    }
