"""The index of a data set: made once, found again, never half, never too large."""

import dataclasses
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from fsl_core.backbones import Backbone
from fsl_core.errors import DataError, EpisodeError
from fsl_core.explain import index as module
from fsl_core.explain import index_from, index_of
from fsl_core.explain.index import indexes_folder
from tests.explain.conftest import BLACK, GREEN, RED, Pictures, quarters, random_pictures


def files() -> list[Path]:
    return sorted(indexes_folder().iterdir()) if indexes_folder().exists() else []


def test_what_an_index_holds(backbone: Backbone) -> None:
    dataset, done = Pictures([quarters(RED, RED, GREEN, BLACK), quarters(GREEN)], [0, 1]), []
    found = index_of(backbone, dataset, "two", done.append)
    assert found.computed and found.grid == (2, 2) and sum(done) == 2
    assert found.pooled.tolist() == [[0.5, 0.25, 0], [0, 1, 0]]
    expected = [[[1, 0, 0], [1, 0, 0]], [[0, 1, 0], [0, 0, 0]]]
    assert found.cells[0].tolist() == expected


def test_it_is_read_from_disk_the_second_time(backbone: Backbone) -> None:
    dataset, done = Pictures(random_pictures(5), [0, 0, 1, 1, 1]), []
    first = index_of(backbone, dataset, "five")
    before = backbone.network.seen
    again = index_of(backbone, dataset, "renamed", done.append)
    assert first.computed and not again.computed and backbone.network.seen == before and sum(done) == 5
    assert torch.equal(first.pooled, again.pooled) and torch.equal(first.cells, again.cells)
    assert again.title == "renamed" and len(files()) == 1


def test_other_weights_pictures_labels_and_input_have_files_of_their_own(backbone: Backbone) -> None:
    images = random_pictures(4)
    changed = [*images[:3], images[3] ^ 1]
    cases = [
        (backbone, Pictures(images, [0, 0, 1, 1])),
        (dataclasses.replace(backbone, digest="other"), Pictures(images, [0, 0, 1, 1])),
        (backbone.fitted("letterbox"), Pictures(images, [0, 0, 1, 1])),
        (backbone, Pictures(changed, [0, 0, 1, 1])),
        (backbone, Pictures(images, [0, 1, 1, 1])),
        (backbone, Pictures(images[:3], [0, 0, 1])),
    ]
    assert all(index_of(one, dataset, "").computed for one, dataset in cases)
    assert len(files()) == len(cases)


@pytest.mark.parametrize("damage", ["nothing", "half", "noise", "other tensors", "fewer images"])
def test_a_damaged_file_is_made_again(damage: str, backbone: Backbone) -> None:
    dataset = Pictures(random_pictures(4), [0, 0, 1, 1])
    first = index_of(backbone, dataset, "")
    (path,) = files()
    data = path.read_bytes()
    if damage == "other tensors":
        save_file({"pooled": torch.zeros(4, 3)}, path)
    elif damage == "fewer images":
        save_file({"pooled": torch.zeros(3, 3), "cells": torch.zeros(3, 2, 2, 3, dtype=torch.float16)}, path)
    else:
        path.write_bytes({"nothing": b"", "half": data[: len(data) // 2], "noise": os.urandom(200)}[damage])
    again = index_of(backbone, dataset, "")
    assert again.computed and torch.equal(first.pooled, again.pooled)
    assert not index_of(backbone, dataset, "").computed


@pytest.mark.parametrize("error", [SafetensorError("disk full"), OSError("no more space")])
def test_a_write_that_fails_leaves_nothing_and_costs_nothing(
    error: Exception, backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(tensors: dict, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise error

    monkeypatch.setattr(module, "save_file", half)
    found = index_of(backbone, Pictures(random_pictures(4), [0, 0, 1, 1]), "")
    assert found.pooled.shape == (4, 3) and files() == []


def test_the_indexes_that_were_not_used_for_longest_make_room(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [Pictures(random_pictures(4, seed), [0, 0, 1, 1]) for seed in range(3)]
    ages: dict[Path, int] = {}
    for age, dataset in ((300, sets[0]), (200, sets[1])):
        index_of(backbone, dataset, "")
        (new,) = set(files()) - ages.keys()
        ages[new] = age
    for path, age in ages.items():
        os.utime(path, (time.time() - age,) * 2)
    assert not index_of(backbone, sets[0], "").computed  # used just now
    stray = indexes_folder() / "draft-crashed"
    stray.mkdir()
    os.utime(stray, (0, 0))
    size = max(path.stat().st_size for path in files() if path.is_file())
    monkeypatch.setattr(module, "ROOM", 2 * size)
    index_of(backbone, sets[2], "")
    assert len(files()) == 2 and not stray.exists()
    assert [index_of(backbone, dataset, "").computed for dataset in (sets[0], sets[2])] == [False, False]


def test_what_cannot_be_indexed_is_refused(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no image"):
        index_of(backbone, Pictures([], []), "")
    dataset = Pictures(random_pictures(4), [0, 0, 1, 1])
    monkeypatch.setattr(module, "LARGEST", 4 * 3 * (2 * 4 + 4) - 1)
    with pytest.raises(DataError, match=r"The features of 4 images with by hand .* fewer images"):
        index_of(backbone, dataset, "")
    assert backbone.network.seen == 1
    monkeypatch.undo()
    monkeypatch.setattr(Backbone, "maps", lambda self, images: torch.full((len(images), 3, 2, 2), torch.nan))
    with pytest.raises(EpisodeError, match="NaN"):
        index_of(backbone, dataset, "")


def test_blocks_make_the_same_index(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Pictures(random_pictures(7), [0] * 7)
    whole = index_of(backbone, dataset, "")
    files()[0].unlink()
    monkeypatch.setattr(module, "BLOCK", 2)
    again = index_of(backbone, dataset, "")
    assert again.computed and torch.equal(whole.cells, again.cells) and torch.equal(whole.pooled, again.pooled)
    assert np.abs(np.linalg.norm(again.cells.float(), axis=3) - 1).max() < 1e-3


def test_maps_that_are_known_make_an_index_without_a_file(backbone: Backbone) -> None:
    dataset = Pictures(random_pictures(5), [0, 1, 0, 1, 0])
    given = index_from(backbone, dataset, "given", backbone.maps(dataset.images))
    assert not indexes_folder().exists() and not given.computed
    kept = index_of(backbone, dataset, "kept")
    torch.testing.assert_close(given.pooled, kept.pooled)
    torch.testing.assert_close(given.cells, kept.cells)
