"""Answers in words, tables and files."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from fsl_core.ui.answers import bars, in_words, percent, scores, to_csv, to_json
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query
from fsl_core.ui.project import Project

PICTURES = [Picture(str(number) * 64, f"{number}.png") for number in range(3)]
ANSWER = Answer(
    "key", "net", "cosine", False, ("a", "b"), ("A", "B"), tuple(one.id for one in PICTURES),
    ((2.0, 1.0), (0.0, 3.0), (1.0, 1.5)), ((0.9, 0.1), (0.2, 0.8), (0.4, 0.6)), 0.5, 0.25, 3,
)  # fmt: skip
QUERIES = (Query(PICTURES[2], "b"), Query(PICTURES[0], "b"), Query(Picture("9" * 64, "new.png")))
PROJECT = Project("id", (ImageClass("b", "Bee"), ImageClass("a", "Ant")), QUERIES, answer=ANSWER)


def test_scores_follow_the_project_of_today() -> None:
    table = scores(PROJECT, ANSWER)
    assert table.class_names == ("Ant", "Bee")
    assert table.query_names == ("2.png", "0.png")
    np.testing.assert_array_equal(table.probabilities, [[0.4, 0.6], [0.9, 0.1]])
    np.testing.assert_array_equal(table.labels, [1, 1])
    assert table.accuracy == 0.5
    gone = scores(PROJECT.without_class("b"), ANSWER)
    assert (gone.class_names, gone.labels.tolist()) == (("Ant", "B"), [-1, -1])
    assert scores(replace(PROJECT, queries=()), ANSWER).probabilities.shape == (0, 2)


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "> 99 %"), (0.995, "> 99 %"), (0.985, "98 %"), (0.5, "50 %"), (0.0, "< 1 %")]
)
def test_nothing_is_certain(probability: float, text: str) -> None:
    assert percent(probability) == text


@pytest.mark.parametrize(
    ("probabilities", "text"),
    [([0.1, 0.8, 0.1], "clearly"), ([0.5, 0.2, 0.3], "probably"), ([0.34, 0.33, 0.33], "close")],
)
def test_words_say_how_clearly(probabilities: list[float], text: str) -> None:
    name, clarity = in_words(["ant", "bee", "cat"], probabilities)
    assert name == ["ant", "bee", "cat"][int(np.argmax(probabilities))]
    assert text in clarity


def test_bars_escape_names_and_sum_up_the_rest() -> None:
    text = bars(["<script>", *"bcdefg"], [0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "2 others" in text
    assert "10 %" in text.split("others")[1]


def test_files_hold_every_answer() -> None:
    table = scores(PROJECT, ANSWER)
    rows = list(csv.reader(io.StringIO(to_csv(table))))
    assert rows[0] == ["image", "predicted", "true", "p(Ant)", "p(Bee)"]
    assert rows[2] == ["0.png", "Ant", "Bee", "0.900000", "0.100000"]
    answer = json.loads(to_json(table, ANSWER))
    assert answer["predictions"][1]["probabilities"] == {"Ant": 0.9, "Bee": 0.1}
    assert (answer["accuracy"], answer["seconds"]) == (0.5, {"features": 0.5, "classifier": 0.25})
