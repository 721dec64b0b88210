"""What is known of runs by looking into their folders, and whose backbones are offered on all pages."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsl_core.backbones import Conv4, load_backbone, save_weights
from fsl_core.data.transforms import InputSpec
from fsl_core.errors import TrainingError, WeightsError
from fsl_core.manifest import own_weights, read_cards, read_manifest
from fsl_core.train import runs
from fsl_core.train.config import BEST, CHECKPOINT, CONFIG, METRICS, TrainConfig, write_config
from fsl_core.train.process import KILLED, Status, hold, tell
from fsl_core.train.runs import FAILED, FINISHED, RUNNING, STOPPED, UNKNOWN

HEADER = "epoch,size,learning_rate,loss,accuracy,val_1shot,val_5shot,images_per_second\n"


@pytest.fixture(autouse=True)
def _a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def run_of(name: str, epochs: int = 2) -> Path:
    path = Path("runs", name)
    path.mkdir(parents=True)
    write_config(path / CONFIG, TrainConfig(epochs=2, architecture="conv4"))
    (path / METRICS).write_text(HEADER + "".join(f"{row + 1},32,0.1,2,0.2,0.3,0.4,100\n" for row in range(epochs)))
    return path


def trained(name: str) -> runs.RunFolder:
    path = run_of(name)
    save_weights(path / BEST, Conv4(), "conv4", {}, InputSpec(size=32))
    return runs.look(path)


def test_the_newest_run_comes_first_and_a_strange_folder_is_none() -> None:
    assert runs.find_runs() == []
    for name in ("older", "newer"):
        with hold(Path("runs", name), None):
            assert runs.look(Path("runs", name)).state == RUNNING
    Path("runs/notes").mkdir()
    Path("runs/a file").touch()
    assert [run.name for run in runs.find_runs()] == ["newer", "older"]


def test_states() -> None:
    path = run_of("one", 1)
    assert (runs.look(path).state, runs.look(path).message) == (FAILED, UNKNOWN)
    (path / CHECKPOINT).touch()
    assert runs.look(path).state == STOPPED
    with pytest.raises(TrainingError), hold(path, None):
        raise TrainingError("No more.")
    assert (runs.look(path).state, runs.look(path).message) == (STOPPED, "No more.")
    with pytest.raises(MemoryError), hold(path, None):
        raise MemoryError("much too big")
    assert runs.look(path).message == "Something unexpected went wrong (MemoryError: much too big)."
    text = (path / "process.json").read_text()
    (path / "process.json").write_text(text[: text.index(', "end"')] + "}")
    assert runs.look(path).message == KILLED
    assert (runs.look(run_of("two")).state, runs.look(run_of("three")).message) == (FINISHED, "")
    (path / CONFIG).write_text("[")
    assert (runs.look(path).state, runs.look(path).config) == (STOPPED, None)


def test_the_curves_of_a_run_under_way_reach_to_its_present_step() -> None:
    path = run_of("one", 1)
    with hold(path, None):
        assert list(runs.look(path).live.epoch) == [1]
        tell(path, Status(2, 2, 3, 4, 0.75, 0.5, 250.0, "0:07 h"))
        live = runs.look(path).live
        assert (list(live.epoch), list(live.loss), list(live.images_per_second)) == ([1, 1.75], [2, 0.75], [100, 250])
        np.testing.assert_equal(live.val_1shot, [0.3, np.nan])
        for early in (Status(1, 2, 4, 4, 0.75, 0.5, 250.0, "0:07 h"), Status(2, 2, 3, 40, 9.0, 0.5, 250.0, "0:07 h")):
            tell(path, early)
            assert list(runs.look(path).live.epoch) == [1]
    tell(path, Status(2, 2, 3, 4, 0.75, 0.5, 250.0, "0:07 h"))
    assert list(runs.look(path).live.epoch) == [1]


def test_a_row_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    (tmp_path / METRICS).write_text(HEADER + "1,32,0.1,2.5,0.25,0.5,0.75,300\n2,32,0.1,1.5,0.5\n")
    curves = runs.read_curves(tmp_path / METRICS)
    assert (list(curves.epoch), list(curves.loss), list(curves.val_5shot)) == ([1], [2.5], [0.75])
    assert len(runs.read_curves(tmp_path / "none.csv").epoch) == 0


def test_a_backbone_is_offered_on_all_pages_and_taken_away() -> None:
    run = trained("mine")
    assert not runs.is_shared(run) and "mine" not in read_cards()
    runs.share(run)
    assert runs.is_shared(run) and read_cards()["mine"].own
    assert load_backbone("mine", "cpu").spec.size == 32
    with pytest.raises(WeightsError, match="there already"):
        runs.share(run)
    runs.withdraw(run)
    assert "mine" not in read_cards() and run.best.is_file()


def test_another_backbone_of_that_name_is_neither_replaced_nor_deleted() -> None:
    own_weights().mkdir(parents=True)
    other = own_weights() / "mine.safetensors"
    other.write_bytes(b"other")
    run = trained("mine")
    with pytest.raises(WeightsError, match="there already"):
        runs.share(run)
    runs.withdraw(run)
    assert other.read_bytes() == b"other" and not runs.is_shared(run)
    with pytest.raises(WeightsError, match="that ships"):
        runs.share(trained(next(iter(read_manifest()))))


def test_a_full_or_unwritable_home() -> None:
    Path("home").touch()
    with pytest.raises(TrainingError, match="cannot be written"):
        runs.share(replace(trained("mine")))


def test_the_folder_of_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append(path))
    assert runs.runs_folder() == Path("home/runs").absolute()
    Path("runs").mkdir()
    assert runs.runs_folder() == Path("home/runs").absolute()
    assert asked == [Path(), Path("runs")]
