"""The lock of a run's folder lasts as long as the process that holds it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fsl_core.errors import TrainingError
from fsl_core.train import process
from fsl_core.train.process import (
    Process,
    Status,
    hold,
    is_alive,
    read_process,
    read_reading,
    read_status,
    tell,
    tell_reading,
)

STATUS = Status(2, 3, 4, 5, 0.5, 0.25, 100.0, "0:01 h")


def test_who_holds_the_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--recipe", "a b"])
    assert not is_alive(tmp_path / "run")
    before = time.time()
    with hold(tmp_path / "run", "pictures"):
        assert is_alive(tmp_path / "run")
        told = read_process(tmp_path / "run")
        assert told is not None
        assert (told.pid, told.command) == (os.getpid(), "python -m fsl_core.train --recipe 'a b'")
        assert told.data == str(Path.cwd() / "pictures")
        assert before <= told.started <= time.time()
    assert not is_alive(tmp_path / "run")
    assert read_process(tmp_path / "run") == replace(told, end="")


def test_a_request_to_end_interrupts(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), hold(tmp_path, None):
        signal.raise_signal(signal.SIGTERM)
    told = read_process(tmp_path)
    assert told is not None and told.end is not None and told.end.startswith("Stopped at once")
    assert signal.getsignal(signal.SIGTERM) is before


def test_only_one_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.1)
    with hold(tmp_path, None), pytest.raises(TrainingError, match="Another process"), hold(tmp_path, None):
        pass


def test_the_processes_of_further_devices_leave_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    with hold(tmp_path, None):
        assert not is_alive(tmp_path)


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    code = f"import time, pathlib, fsl_core.train.process as p\nwith p.hold(pathlib.Path({str(tmp_path)!r}), None):\n"
    with subprocess.Popen([sys.executable, "-c", code + " print(flush=True)\n time.sleep(60)"], stdout=-1) as child:
        assert child.stdout is not None and child.stdout.readline()
        assert is_alive(tmp_path)
        child.send_signal(signal.SIGKILL)
    assert not is_alive(tmp_path)


def test_the_status_is_of_the_present_process(tmp_path: Path) -> None:
    tell(tmp_path, STATUS)
    assert read_status(tmp_path) == STATUS
    tell_reading(tmp_path, "Reading train images", 50, 200)
    assert read_reading(tmp_path) == "Reading train images: 50 of 200"
    with hold(tmp_path, None):
        assert read_status(tmp_path) is None
        assert read_reading(tmp_path) == ""


@pytest.mark.parametrize("text", ["", "{", json.dumps({"pid": 1}), "[]"])
def test_a_damaged_file_tells_nothing(tmp_path: Path, text: str) -> None:
    for name in (process.PROCESS, process.STATUS):
        (tmp_path / name).write_text(text)
    told: tuple[Process | None, Status | None] = read_process(tmp_path), read_status(tmp_path)
    assert told == (None, None)
