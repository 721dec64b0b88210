"""Drawing from a data set waits for a download in the background, says how far it is, and can be left."""

import threading
from pathlib import Path

import pytest

from fsl_core.data.episode import Episode
from fsl_core.data.hub import downloaded_bytes
from fsl_core.errors import DataError
from fsl_core.ui import cached, drawing
from fsl_core.ui.jobs import Abandoned, Ticket

SIZE = (2, 1, 1)


def test_an_episode_is_drawn() -> None:
    episode = drawing.draw(Ticket(lambda fraction, phase: None), "synthetic", "", SIZE, 3)
    assert episode.class_names == cached.draw("synthetic", None, SIZE, 3).class_names
    assert (episode.way, len(episode.query_images)) == (2, 2)


def test_a_download_says_how_far_it_is_and_can_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, said, go_on = iter([1_000_000, 1_000_000, 35_000_000, 36_000_000]), [], threading.Event()
    monkeypatch.setattr(drawing, "LOOK", 0.01)
    monkeypatch.setattr(drawing, "downloaded_bytes", lambda hub_id: next(sizes))
    monkeypatch.setattr(cached, "draw", lambda *asked: go_on.wait(20))

    def report(fraction: float, phase: str) -> None:
        said.append(phase)
        if len(said) == 3:
            raise Abandoned

    with pytest.raises(Abandoned):
        drawing.draw(Ticket(report), "owner/leaves", "", SIZE, 0)
    go_on.set()
    assert said == [
        "Opening owner/leaves", "Downloading owner/leaves: 34 MB so far", "Downloading owner/leaves: 35 MB so far",
    ]  # fmt: skip


def test_what_goes_wrong_is_told_by_the_job(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no folder or zip"):
        drawing.draw(Ticket(lambda fraction, phase: None), "folder", str(tmp_path / "none"), SIZE, 0)


def test_local_files_are_no_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def draw(dataset: str, folder: str | None, size: tuple[int, int, int], seed: int) -> Episode:
        raise DataError(f"asked for {folder}")

    monkeypatch.setattr(drawing, "downloaded_bytes", lambda hub_id: pytest.fail("looked for a download"))
    monkeypatch.setattr(cached, "draw", draw)
    with pytest.raises(DataError, match=f"asked for {tmp_path}"):
        drawing.draw(Ticket(lambda fraction, phase: None), "cifar_fs", str(tmp_path), SIZE, 0)


def test_bytes_of_a_download_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    blobs = tmp_path / "datasets--owner--leaves" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / "one").write_bytes(b"12345")
    (blobs / "two.incomplete").write_bytes(b"123")
    assert downloaded_bytes("owner/leaves") == 8
    assert downloaded_bytes("owner/other") == 0
