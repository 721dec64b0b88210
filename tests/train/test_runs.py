"""Runs in processes of their own, for real: started, stopped, resumed, and found again."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_core.backbones import load_backbone
from fsl_core.errors import OptionError, TrainingError
from fsl_core.train import runs
from fsl_core.train.config import TrainConfig, write_config
from fsl_core.train.process import hold
from fsl_core.train.runs import FAILED, FINISHED, RUNNING, STOPPED, RunFolder

TINY = TrainConfig(
    dataset="folder", architecture="conv4", size=32, epochs=6, crop_scale=0.6, batch=16, learning_rate=0.02,
    schedule="cosine", val_episodes=10, val_images=20, accelerator="cpu",
)  # fmt: skip


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path / "tiny.toml", TINY)
    return "tiny.toml"


def until(path: Path, holds: Callable[[RunFolder], object]) -> RunFolder:
    for _ in range(1200):
        run = runs.look(path)
        if holds(run):
            return run
        time.sleep(0.1)
    raise AssertionError(f"{run.state}: {run.message}")


def test_a_run_is_started_stopped_and_resumed(data: Path, recipe: str) -> None:
    path = runs.RUNS / "tiny"
    runs.start("tiny", recipe, {"epochs": 5, "seed": 3}, str(data))
    assert runs.look(path).state == RUNNING
    with pytest.raises(TrainingError, match="already"):
        runs.start("tiny", recipe, {}, str(data))
    with pytest.raises(TrainingError, match="under way"):
        runs.resume(path)
    run = until(path, lambda run: run.status)
    assert run.config == replace(TINY, epochs=5, seed=3)
    runs.stop(path)
    run = until(path, lambda run: run.message.startswith("Stopped; the run is kept in"))
    assert (run.state, len(run.curves.epoch) < 5) == (STOPPED, True)
    assert run.process and run.process.data == str(data)

    with pytest.raises(TrainingError, match="resume it"):
        runs.start("tiny", recipe, {}, str(data))
    runs.resume(path)
    run = until(path, lambda run: run.state != RUNNING)
    assert (run.state, run.message) == (FINISHED, "")
    assert list(run.curves.epoch) == [1, 2, 3, 4, 5]
    assert run.curves.loss[-1] < run.curves.loss[0]
    assert run.status and (run.status.epoch, run.status.step) == (5, run.status.steps)
    assert load_backbone(str(run.best), "cpu").spec.size == 32
    assert [one.name for one in runs.find_runs()] == ["tiny"]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command line that ends at once with an error, instead of one that imports torch first."""
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho 'python -m fsl_core.train: There is no folder /nowhere.' >&2\nexit 2\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


def test_a_run_that_cannot_be_says_why(recipe: str, refused: None) -> None:
    runs.start("lost", recipe, {}, "/nowhere")
    run = runs.look(runs.RUNS / "lost")
    assert (run.state, run.message) == (FAILED, "There is no folder /nowhere.")
    with pytest.raises(TrainingError, match="no checkpoint"):
        runs.resume(run.path)


def test_the_plan_is_what_the_dry_run_says(data: Path, recipe: str) -> None:
    looks: list[int] = []
    plan = runs.make_plan(recipe, {"epochs": 7}, str(data), lambda: looks.append(1))
    assert "7 epochs of" in plan and plan.startswith("Data") and "Time" in plan and looks
    assert not runs.RUNS.exists()


def test_a_plan_that_cannot_be_says_why(recipe: str, refused: None) -> None:
    with pytest.raises(TrainingError, match=r"^There is no folder /nowhere\.$"):
        runs.make_plan(recipe, {}, "/nowhere")


def test_a_plan_can_be_left(data: Path, recipe: str) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        runs.make_plan(recipe, {}, str(data), leave)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a b", "x" * 101])
def test_names_that_no_folder_can_have(name: str, recipe: str) -> None:
    with pytest.raises(OptionError, match="made of letters"):
        runs.start(name, recipe, {}, None)


def test_impossible_values_are_said_before_anything_starts(recipe: str) -> None:
    with pytest.raises(OptionError, match="epochs must lie"):
        runs.start("tiny", recipe, {"epochs": 0}, None)
    assert not runs.RUNS.exists()


def test_arguments() -> None:
    assert runs.arguments("scl_cifar_fs", {"epochs": 3, "devices": 2}, "a b") == [
        "--recipe=scl_cifar_fs", "--data=a b", "--epochs=3", "--devices=2",
    ]  # fmt: skip


def test_the_newest_run_comes_first_and_a_strange_folder_is_none(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        with hold(tmp_path / name, None):
            assert runs.look(tmp_path / name).state == RUNNING
    (tmp_path / "notes").mkdir()
    assert [run.name for run in runs.find_runs(tmp_path)] == ["newer", "older"]
    assert runs.find_runs(tmp_path / "absent") == []


def test_a_row_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    text = "epoch,size,learning_rate,loss,accuracy,val_1shot,val_5shot,images_per_second\n"
    (tmp_path / "metrics.csv").write_text(text + "1,32,0.1,2.5,0.25,0.5,0.75,300\n2,32,0.1,1.5,0.5\n")
    curves = runs.read_curves(tmp_path / "metrics.csv")
    assert (list(curves.epoch), list(curves.loss), list(curves.val_5shot)) == ([1], [2.5], [0.75])
    assert len(runs.read_curves(tmp_path / "none.csv").epoch) == 0


def test_the_last_line_of_a_log_is_what_a_bar_shows_last(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("x" * 5000 + "\n 10%|#\r 20%|## \r\n\n")
    assert runs.last_line(tmp_path / "log.txt") == "20%|##"


def test_an_error_counts_more_than_the_bar_that_is_drawn_after_it(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("10%|#\r20%|##python -m fsl_core.train: Stopped.\n\r20%|##\n")
    assert runs.last_line(tmp_path / "log.txt") == "Stopped."
