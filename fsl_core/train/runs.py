"""The runs on disk: which there are, how they stand, and whose backbones are offered on all pages.

A run belongs to no window and no server: whatever is known of it is read from its folder.
"""

import csv
import filecmp
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsl_core.errors import OptionError, TrainingError
from fsl_core.home import home
from fsl_core.manifest import SUFFIX, new_weights, own_weights
from fsl_core.records import TrainingCurves
from fsl_core.train.config import BEST, CHECKPOINT, CONFIG, METRICS, TrainConfig, read_recipe
from fsl_core.train.process import KILLED, PROCESS, Process, Status, is_alive, read_process, read_reading, read_status

RUNNING, FINISHED, STOPPED, FAILED = "running", "finished", "stopped", "failed"
UNKNOWN = "It left no word of the process that trained here."
EARLY = 0.1  # of an epoch; the means of fewer steps tell little
MEASURES = ("epoch", "loss", "accuracy", "val_1shot", "val_5shot", "davies_bouldin", "images_per_second")
YOUNGER = {"davies_bouldin": "nan"}  # what older runs did not measure


@dataclass(frozen=True, eq=False)
class RunFolder:
    """How a run stands.

    Attributes:
        config: None = the process has not written it yet, or it cannot be read.
        curves: of the epochs that are done.
        process: that trains, or did so last.
        status: how far that process is, or came.
        reading: how many pictures it has read, for people, before its first step.
        state: RUNNING, FINISHED (all epochs are done), STOPPED (it can be resumed) or FAILED (it cannot).
        message: why the process ended, where that was before the run was finished.
    """

    path: Path
    config: TrainConfig | None
    curves: TrainingCurves
    process: Process | None
    status: Status | None
    reading: str
    state: str
    message: str

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.path.name

    @property
    def live(self) -> TrainingCurves:
        """The curves; of a run under way with a last point for that part of its present epoch that is done."""
        now, known = self.status, self.curves
        if self.state != RUNNING or now is None or now.step < EARLY * now.steps or now.epoch in known.epoch:
            return known
        done = now.epoch - 1 + now.step / now.steps
        row = (done, now.loss, now.accuracy, np.nan, np.nan, np.nan, now.images_per_second)
        return TrainingCurves(
            **{name: np.append(getattr(known, name), value) for name, value in zip(MEASURES, row, strict=True)}
        )

    @property
    def best(self) -> Path:
        """Its best weights."""
        return self.path / BEST


def runs_folder() -> Path:
    """Where runs are kept: `runs/` in the working folder; where that cannot be written, in the user's own."""
    here = Path("runs")
    return here if os.access(here if here.is_dir() else Path(), os.W_OK) else home() / "runs"


def find_runs() -> list[RunFolder]:
    """All runs, the one that was started last first."""
    paths = {path.parent for name in (CONFIG, PROCESS) for path in runs_folder().glob(f"*/{name}")}
    return sorted(map(look, paths), key=lambda run: (-_started(run), run.name))


def look(path: Path) -> RunFolder:
    """How the run in a folder stands."""
    try:
        config = read_recipe(str(path / CONFIG), {})
    except OptionError:
        config = None
    alive, process, status = is_alive(path), read_process(path), read_status(path)
    curves = read_curves(path / METRICS)
    message = ""
    if alive:
        state = RUNNING
    elif config and len(curves.epoch) and curves.epoch[-1] >= config.epochs and not (process and process.end != ""):
        state = FINISHED
    else:
        state = STOPPED if (path / CHECKPOINT).is_file() else FAILED
        message = UNKNOWN if process is None else KILLED if process.end is None else process.end
    return RunFolder(path, config, curves, process, status, read_reading(path), state, message)


def read_curves(path: Path) -> TrainingCurves:
    """The numbers of a `metrics.csv`; without such a file none, and a row that is being written is left out."""
    rows = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                try:
                    rows.append([float((YOUNGER | row)[name]) for name in MEASURES])
                except (KeyError, TypeError, ValueError):
                    continue
    except OSError:
        pass
    values = np.array(rows).reshape(-1, len(MEASURES))
    return TrainingCurves(**{name: values[:, column] for column, name in enumerate(MEASURES)})


def may_be_replaced(run: RunFolder) -> bool:
    """Whether nothing of value is in its folder: a run that failed before it had weights."""
    return run.state == FAILED and run.process is not None and not run.best.exists()


def is_shared(run: RunFolder) -> bool:
    """Whether the best weights of a run are among the user's own backbones, under the name of the run."""
    try:
        return filecmp.cmp(run.best, own_weights() / f"{run.name}{SUFFIX}")
    except OSError:
        return False


def share(run: RunFolder) -> None:
    """Copy the best weights of a run to the user's own backbones, under the name of the run.

    Raises:
        WeightsError: no backbone can have that name, or another one has it.
        TrainingError: the copy cannot be written.
    """
    place = new_weights(run.name)
    part = place.with_suffix(".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(run.best, part)
        part.replace(place)
    except OSError as error:
        raise TrainingError(f"{place} cannot be written ({error.strerror}); make room there, and try again.") from error


def withdraw(run: RunFolder) -> None:
    """Delete that copy; the run keeps its weights.

    Raises:
        TrainingError: it cannot be deleted.
    """
    place = own_weights() / f"{run.name}{SUFFIX}"
    if is_shared(run):
        try:
            place.unlink(missing_ok=True)
        except OSError as error:
            raise TrainingError(f"{place} cannot be deleted ({error.strerror}); delete it by hand.") from error


def _started(run: RunFolder) -> float:
    """When a run was started last, in seconds since 1970."""
    return run.process.started if run.process else run.path.stat().st_mtime
