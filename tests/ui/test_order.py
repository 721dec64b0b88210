"""Which answers are shown, and in which order."""

from dataclasses import replace

import numpy as np
import pytest
import streamlit as st

from fsl_core.records import Scores
from fsl_core.ui import order
from fsl_core.ui.pieces import ImageClass, Picture, Query
from fsl_core.ui.project import Project

NAMES = ("one", "two", "three", "new")
QUERIES = tuple(Query(Picture(name, name)) for name in NAMES)
PROJECT = Project("id", (ImageClass("a", "cat"), ImageClass("b", "dog")), QUERIES)
CHANCES = np.array([[0.9, 0.1], [0.55, 0.45], [0.2, 0.8]])
TABLE = Scores(("cat", "dog"), NAMES[:3], np.log(CHANCES), CHANCES, np.array([0, 0, 0]))
ROWS = {name: row for row, name in enumerate(NAMES[:3])}


@pytest.mark.parametrize(
    ("chosen", "filtered", "expected"),
    [
        (order.AS_ADDED, order.ALL, NAMES),
        (order.UNCERTAIN, order.ALL, ("two", "three", "one", "new")),
        (order.SURPRISING, order.ALL, ("three", "two", "one", "new")),
        (order.AS_ADDED, order.RIGHT, ("one", "two")),
        (order.AS_ADDED, order.WRONG, ("three",)),
        (order.AS_ADDED, "cat taken for dog", ("three",)),
    ],
)
def test_order_and_filter(
    monkeypatch: pytest.MonkeyPatch, chosen: str, filtered: str, expected: tuple[str, ...]
) -> None:
    monkeypatch.setattr(st, "session_state", {order.ORDER: chosen, order.FILTER: filtered})
    assert tuple(query.id for query in order.shown(PROJECT, TABLE, ROWS)) == expected


def test_cells_of_the_confusion_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, str] = {}
    monkeypatch.setattr(st, "session_state", state)
    assert order.confusions(TABLE) == ["cat taken for dog"]
    order.show_cell(TABLE, 0, 1)
    assert state[order.FILTER] == "cat taken for dog"
    order.show_cell(TABLE, 0, 0)
    assert state[order.FILTER] == order.RIGHT


def test_without_fields_everything_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are there from two answers on; what was chosen before holds no query back."""
    monkeypatch.setattr(st, "session_state", {order.FILTER: order.WRONG})
    one = Scores(TABLE.class_names, NAMES[:1], TABLE.logits[:1], CHANCES[:1], TABLE.labels[:1])
    assert order.shown(replace(PROJECT, queries=QUERIES[:1]), one, ROWS) == QUERIES[:1]
    assert order.shown(replace(PROJECT, queries=QUERIES[:2]), None, {}) == QUERIES[:2]
