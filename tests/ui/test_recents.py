"""The list of projects: newest first, nothing that nobody made, nobody else's."""

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from fsl_core.images import encode_png
from fsl_core.ui.recents import in_words, on_disk, summarise
from fsl_core.ui.store import HOME_VARIABLE, Store, projects_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))


def made(when: int, owner: str = "") -> str:
    store, project = Store.create(owner=owner)
    os.utime(store.folder / "project.json", (when, when))
    return project.id


def test_the_latest_comes_first_and_strays_are_left_out() -> None:
    assert on_disk() == []
    ids = [made(when) for when in (1_000, 3_000, 2_000)]
    (projects_folder() / "notes").mkdir()
    (projects_folder() / ("0" * 32)).mkdir()
    (projects_folder() / f".{'1' * 32}").mkdir()
    assert on_disk() == [(ids[1], 3_000 * 10**9), (ids[2], 2_000 * 10**9), (ids[0], 1_000 * 10**9)]


def test_only_ones_own_are_listed_where_owners_are_asked_for() -> None:
    mine, _, _ = made(1, "me"), made(2, "you"), made(3)
    assert [found for found, _ in on_disk("me")] == [mine]
    assert len(on_disk()) == 3


def test_a_project_in_short() -> None:
    store, project = Store.create()
    shades = [store.add(encode_png(np.full((4, 4, 3), shade, np.uint8)), f"{shade}.png") for shade in range(5)]
    project = project.with_new_class().with_new_class()
    first, second = project.classes
    project = project.with_class(replace(first, pictures=tuple(shades[:3])))
    project = project.with_class(replace(second, pictures=(shades[3], shades[0])))._with_query(shades[4])
    store.save(project)
    short = summarise(project.id, 5)
    assert short is not None
    assert (short.title, short.changed, short.classes, short.pictures) == ("Class 1, Class 2", 5, 2, 5)
    assert short.thumbnails == tuple(shades[row].id for row in (0, 3, 1, 2))
    assert short.is_listed


@pytest.mark.parametrize(
    ("change", "listed"),
    [({}, False), ({"name": "Leaves"}, True), ({"name": "Leaves", "is_sample": True}, False)],
)
def test_samples_and_empty_projects_are_not_listed(change: dict[str, object], listed: bool) -> None:
    store, project = Store.create()
    store.save(replace(project.with_new_class(), **{"is_sample": False} | change))
    short = summarise(project.id, 0)
    assert short is not None and short.is_listed == listed


def test_what_is_damaged_or_gone_is_none() -> None:
    store, project = Store.create()
    (store.folder / "project.json").write_text("{")
    assert summarise(project.id, 0) is None
    store.delete()
    assert summarise(project.id, 0) is None


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ((2026, 3, 18, 9, 5), "today 9:05"),
        ((2026, 3, 18, 23, 59), "today 23:59"),
        ((2026, 3, 17, 23, 59), "yesterday 23:59"),
        ((2026, 3, 12, 14, 5), "Thursday 14:05"),
        ((2026, 3, 11, 14, 5), "11 March"),
        ((2025, 12, 31, 14, 5), "31 December 2025"),
    ],
)
def test_moments_in_words(then: tuple[int, ...], said: str) -> None:
    assert in_words(datetime(*then), datetime(2026, 3, 18, 14, 5)) == said
