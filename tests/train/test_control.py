"""Runs in processes of their own, started, stopped and resumed; the loop is one that only waits, without torch.

The whole, with the loop that trains, is run by `tests/pages/test_training.py`.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_core.errors import OptionError, TrainingError
from fsl_core.train import control, runs
from fsl_core.train.config import CHECKPOINT, CONFIG, TrainConfig, write_config
from fsl_core.train.process import KILLED
from fsl_core.train.runs import FAILED, FINISHED, RUNNING, STOPPED, RunFolder

TINY = TrainConfig(dataset="folder", architecture="conv4", epochs=2)
WAITING = """
import sys, time, types
from fsl_core.errors import DataError, TrainingError
from fsl_core.train.config import CHECKPOINT, CONFIG, METRICS, write_config
from fsl_core.train.interrupt import deferred_interrupt
from fsl_core.train.process import Status, tell

def train(config, data, output, resume):
    if data.endswith("empty"):
        raise DataError("There is nothing in it.")
    write_config(output / CONFIG, config)
    if data.endswith("setup"):
        time.sleep(60)
    (output / CHECKPOINT).touch()
    if resume:
        rows = [f"{epoch},1,1,1,1,1" for epoch in range(1, config.epochs + 1)]
        (output / METRICS).write_text("\\n".join(["epoch,loss,accuracy,val_1shot,val_5shot,images_per_second", *rows]))
        return output / "best"
    with deferred_interrupt() as interrupt:
        tell(output, Status(1, config.epochs, 1, 2, 0.5, 0.5, 9.0, "0:01 h"))
        while not interrupt.asked:
            time.sleep(0.01)
    raise TrainingError(f"Stopped; the run is kept in {output}.")

def make_plan(config, data):
    if data.endswith("setup"):
        time.sleep(60)
    return types.SimpleNamespace(lines=lambda: ["Data  " + data, f"Schedule  {config.epochs} epochs"])

for name, function in (("loop", train), ("plan", make_plan)):
    module = types.ModuleType("fsl_core.train." + name)
    setattr(module, function.__name__, function)
    sys.modules[module.__name__] = module
sys.argv[1:] = sys.argv[3:]
from fsl_core.train.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe, and the command line with the loop that waits."""
    python, script = tmp_path / "python", tmp_path / "waiting.py"
    script.write_text(WAITING)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} {script} "$@"\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.chdir(tmp_path)
    for name in ("data", "empty", "setup"):
        (tmp_path / name).mkdir()
    write_config(tmp_path / "tiny.toml", TINY)
    return str(tmp_path / "tiny.toml")


def until(path: Path, holds: Callable[[RunFolder], object]) -> RunFolder:
    end = time.monotonic() + 60
    while not holds(run := runs.look(path)):
        assert time.monotonic() < end, (run.state, run.message)
        time.sleep(0.02)
    return run


def ended(path: Path) -> RunFolder:
    return until(path, lambda run: run.state != RUNNING)


def test_a_run_is_started_stopped_and_resumed(recipe: str, tmp_path: Path) -> None:
    path = runs.runs_folder() / "tiny"
    control.start("tiny", recipe, {"epochs": 5, "seed": 3}, "data")
    run = until(path, lambda run: run.status and run.config)
    assert (run.state, run.config) == (RUNNING, replace(TINY, epochs=5, seed=3))
    with pytest.raises(TrainingError, match="choose another name"):
        control.start("tiny", recipe, {}, "data")
    with pytest.raises(TrainingError, match="under way"):
        control.resume(path)
    control.stop(path)
    run = ended(path)
    assert (run.state, run.message) == (STOPPED, f"Stopped; the run is kept in {path.resolve()}.")
    assert run.process and run.process.data == str(tmp_path / "data")

    with pytest.raises(TrainingError, match="choose another name"):
        control.start("tiny", recipe, {}, "data")
    control.resume(path)
    run = ended(path)
    assert (run.state, run.message, len(run.curves.epoch)) == (FINISHED, "", 5)
    assert run.config == replace(TINY, epochs=5, seed=3)
    assert [one.name for one in runs.find_runs()] == ["tiny"]


def test_a_mistaken_command_line_leaves_the_record_of_a_run(recipe: str, tmp_path: Path) -> None:
    path = runs.runs_folder() / "tiny"
    control.start("tiny", recipe, {"epochs": 5}, "data")
    until(path, lambda run: run.status)
    control.stop(path)
    control.stop(path)  # to ask twice changes nothing
    ended(path)
    for end in (STOPPED, FINISHED):
        words = ["-m", "fsl_core.train", f"--recipe={recipe}", "--data=empty", f"--output={path}"]
        refused = subprocess.run([sys.executable, *words], env=os.environ | {"PYTHONPATH": str(control.PACKAGE)})
        run = runs.look(path)
        assert refused.returncode and run.process and run.process.data == str(tmp_path / "data")
        assert run.state == end
        if end == STOPPED:
            control.resume(path)
            assert ended(path).state == FINISHED


def test_a_killed_run_says_so_and_can_be_resumed(recipe: str) -> None:
    path = runs.runs_folder() / "tiny"
    control.start("tiny", recipe, {}, "data")
    run = until(path, lambda run: run.status)
    assert run.process
    os.kill(run.process.pid, signal.SIGKILL)
    run = ended(path)
    assert (run.state, run.message) == (STOPPED, KILLED)
    control.resume(path)
    assert ended(path).state == FINISHED


def test_a_run_that_is_stopped_before_its_first_step(recipe: str) -> None:
    path = runs.runs_folder() / "tiny"
    control.start("tiny", recipe, {}, "setup")
    until(path, lambda run: run.config)
    control.stop(path)
    run = ended(path)
    assert (run.state, run.message[:15]) == (FAILED, "Stopped at once")


def test_a_run_that_failed_says_why_and_can_be_tried_again_or_removed(recipe: str) -> None:
    path = runs.runs_folder() / "tiny"
    control.start("tiny", recipe, {}, "empty")
    run = ended(path)
    assert (run.state, run.message) == (FAILED, "There is nothing in it.")
    with pytest.raises(TrainingError, match="no checkpoint"):
        control.resume(path)
    control.start("tiny", recipe, {}, "data")
    with pytest.raises(TrainingError, match="something of value"):
        control.remove(path)
    until(path, lambda run: run.status)
    control.stop(path)
    ended(path)
    (path / CHECKPOINT).unlink()
    control.remove(path)
    assert not runs.find_runs()


def test_a_folder_that_is_no_run_of_ours_is_left_alone(recipe: str, tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(TrainingError, match="another folder mine already"):
        control.start("mine", recipe, {}, str(tmp_path / "data"))
    assert [file.name for file in (tmp_path / "runs" / "mine").iterdir()] == ["thesis.txt"]


def test_a_process_that_cannot_even_begin_says_why(recipe: str) -> None:
    script = Path(sys.executable)
    script.write_text("#!/bin/sh\necho Traceback >&2\necho \"No module named 'torch'\" >&2\nexit 1\n")
    with pytest.raises(TrainingError, match=r"^No module named 'torch'$"):
        control.start("tiny", recipe, {}, "data")
    with pytest.raises(TrainingError, match=r"^No module named 'torch'$"):
        control.make_plan(recipe, {}, "data")
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    with pytest.raises(TrainingError, match="ended from outside"):
        control.make_plan(recipe, {}, "data")


def test_the_plan_is_what_the_dry_run_says(recipe: str, tmp_path: Path) -> None:
    plan = control.make_plan(recipe, {"epochs": 7}, "data", lambda: None)
    assert plan == f"Data  {tmp_path / 'data'}\nSchedule  7 epochs"
    assert not runs.runs_folder().exists()


def test_a_plan_can_be_left(recipe: str) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        control.make_plan(recipe, {}, "setup", leave)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("data", ["nowhere", "/dev/null/x", "x" * 5000, "a\0b", "~nobody-of-this-name/x"])
def test_data_that_are_not_there(recipe: str, data: str) -> None:
    with pytest.raises(TrainingError, match="There is no folder or zip"):
        control.start("tiny", recipe, {}, data)
    assert not runs.runs_folder().exists()


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "_x", "über", "x.safetensors", "a b", "x" * 101])
def test_names_that_no_folder_can_have(name: str, recipe: str) -> None:
    with pytest.raises(OptionError, match="made of letters"):
        control.start(name, recipe, {}, None)


def test_a_folder_that_cannot_be_written(recipe: str) -> None:
    Path("runs").mkdir()
    Path("runs/tiny").touch()
    with pytest.raises(TrainingError, match="cannot be started in"):
        control.start("tiny", recipe, {}, "data")


@pytest.mark.parametrize("changes", [{"epochs": 0}, {"epochs": 10**9}, {"seed": 2**31}, {"batch": 0}])
def test_impossible_values_are_said_before_anything_starts(recipe: str, changes: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="must lie"):
        control.start("tiny", recipe, changes, None)
    assert not runs.runs_folder().exists()


def test_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a b").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert control.arguments("scl_cifar_fs", {"epochs": 3, "devices": 2}, "~/a b") == [
        "--recipe=scl_cifar_fs", f"--data={tmp_path / 'a b'}", "--epochs=3", "--devices=2",
    ]  # fmt: skip


def test_where_the_working_folder_cannot_be_written_runs_are_the_users_own(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recipes name their teachers as runs/…, which is to be found from there."""
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert runs.runs_folder() == tmp_path / "home" / "runs"
    control.start("tiny", recipe, {}, "data")
    run = until(tmp_path / "home/runs/tiny", lambda run: run.status)
    assert run.process
    if sys.platform == "linux":
        assert Path(f"/proc/{run.process.pid}/cwd").resolve() == tmp_path / "home"
    control.stop(run.path)
    assert ended(run.path).state == STOPPED and (run.path / CONFIG).is_file()
