"""The runs on disk: which there are and how they stand; to start, stop and resume one in a process of its own.

A run belongs to no window and no server: whatever is known of it is read from its folder.
"""

import csv
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsl_core.errors import OptionError, TrainingError
from fsl_core.train.config import BEST, CHECKPOINT, CONFIG, METRICS, TrainConfig, read_recipe
from fsl_core.train.process import PROCESS, Process, Status, is_alive, read_process, read_status
from fsl_core.training_records import TrainingCurves

RUNS = Path("runs")
LOG = "log.txt"  # what a process that was started here says
RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped", "failed"
MEASURES = ("epoch", "loss", "accuracy", "val_1shot", "val_5shot", "images_per_second")
PACKAGE = Path(__file__).parents[2]
WAIT = 20.0  # seconds for a process to tell that it is there
TAIL = 4096  # bytes


@dataclass(frozen=True, eq=False)
class RunFolder:
    """How a run stands.

    Attributes:
        config: None = the process has not written it yet, or it cannot be read.
        process: that trains, or did so last.
        status: how far that process is, or came.
        state: RUNNING, FINISHED (all epochs are done), STOPPED (it can be resumed) or FAILED (it cannot).
        message: what the process said last, where it ended before the run was finished.
    """

    path: Path
    config: TrainConfig | None
    curves: TrainingCurves
    process: Process | None
    status: Status | None
    state: str
    message: str

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.name

    @property
    def best(self) -> Path:
        """Its best weights."""
        return self.path / BEST


def find_runs(folder: Path | None = None) -> list[RunFolder]:
    """All runs in a folder, by default `RUNS`, the one that was started last first."""
    folder = folder or RUNS
    paths = {path.parent for name in (CONFIG, PROCESS) for path in folder.glob(f"*/{name}")}
    return sorted(map(look, paths), key=lambda run: (-_started(run), run.name))


def look(path: Path) -> RunFolder:
    """How the run in a folder stands."""
    try:
        config = read_recipe(str(path / CONFIG), {})
    except OptionError:
        config = None
    alive = is_alive(path)
    curves = read_curves(path / METRICS)
    if alive:
        state = RUNNING
    elif config and len(curves.epoch) and curves.epoch[-1] >= config.epochs:
        state = FINISHED
    else:
        state = STOPPED if (path / CHECKPOINT).is_file() else FAILED
    message = last_line(path / LOG) if state in (STOPPED, FAILED) else ""
    return RunFolder(path, config, curves, read_process(path), read_status(path), state, message)


def read_curves(path: Path) -> TrainingCurves:
    """The numbers of a `metrics.csv`; without such a file none, and a row that is being written is left out."""
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                try:
                    rows.append([float(row[name]) for name in MEASURES])
                except (KeyError, TypeError, ValueError):
                    continue
    except OSError:
        pass
    values = np.array(rows).reshape(-1, len(MEASURES))
    return TrainingCurves(**{name: values[:, column] for column, name in enumerate(MEASURES)})


def last_line(path: Path) -> str:
    """What a log says last, in which progress bars write over themselves; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return _last(text)


def _last(text: str) -> str:
    """The error that ended a command line, before or behind which a bar may be drawn; else the last line."""
    errors = re.findall(r"python -m fsl_core\.train: ([^\r\n]+)", text)
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    return (errors or lines or [""])[-1]


def start(name: str, recipe: str, changes: Mapping[str, int], data: str | None) -> None:
    """Start a run in a process of its own, which goes on when this one ends.

    Args:
        name: of the run's folder in `RUNS`.
        changes: field -> value in place of the recipe's.
        data: folder of the data set; None = a download.

    Raises:
        OptionError: the name can be no folder's, there is no such recipe, or a value is impossible.
        TrainingError: there is such a run already, or the folder cannot be written.
    """
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise OptionError(f"A run's name is made of letters, digits, '-', '_' and '.', got {name!r}.")
    words = arguments(recipe, changes, data)
    path = RUNS / name
    if (path / CHECKPOINT).exists() or is_alive(path):
        raise TrainingError(f"There is a run {name} already; resume it, or choose another name.")
    _launch(path, words)


def resume(path: Path) -> None:
    """Go on with a run from its last checkpoint, on the data that it had, in a process of its own.

    Raises:
        TrainingError: a process trains there, or there is nothing to go on from.
    """
    if is_alive(path):
        raise TrainingError(f"The run {path.name} is under way already.")
    if not (path / CHECKPOINT).is_file():
        raise TrainingError(f"There is no checkpoint in {path} to resume from; start the run anew.")
    process = read_process(path)
    _launch(path, [*arguments(str(path / CONFIG), {}, process.data if process else None), "--resume"])


def stop(path: Path) -> None:
    """Ask the process that trains in a folder to save and leave after the present step."""
    process = read_process(path)
    if process and is_alive(path):
        # Unlike SIGINT, this arrives also where the app was started in the background, with SIGINT ignored.
        os.kill(process.pid, signal.SIGTERM)


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
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
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
        raise TrainingError(_last(errors.decode(errors="replace")) or f"exit code {process.returncode}")
    return out.decode(errors="replace").strip()


def arguments(recipe: str, changes: Mapping[str, int], data: str | None) -> list[str]:
    """The arguments of the command line that stand for a run.

    Raises:
        OptionError: there is no such recipe, or a value is impossible.
    """
    read_recipe(recipe, dict(changes))
    fields = [f"--{name.replace('_', '-')}={value}" for name, value in changes.items()]
    return [f"--recipe={recipe}", *([f"--data={data}"] if data else []), *fields]


def _launch(path: Path, words: list[str]) -> None:
    """Start the process and wait until it has told that it is there, or has ended."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with (path / LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "fsl_core.train", *words, f"--output={path}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env=_environment(),
            )  # fmt: skip
    except OSError as error:
        raise TrainingError(f"The run cannot be started in {path} ({error.strerror}); choose another name.") from error
    threading.Thread(target=process.wait, name="training", daemon=True).start()  # it is laid to rest when it ends
    end = time.monotonic() + WAIT
    while time.monotonic() < end and process.poll() is None:
        told = read_process(path)
        if told and told.pid == process.pid:
            return
        time.sleep(0.05)


def _environment() -> dict[str, str]:
    """This process's, in which the package is found from any folder."""
    paths = [str(PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _started(run: RunFolder) -> float:
    """When a run was started last, in seconds since 1970."""
    return run.process.started if run.process else run.path.stat().st_mtime
