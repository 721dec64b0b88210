"""Several methods asked the same: the same answers as one by one, rows, words and files."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from fsl_core.errors import FSLError
from fsl_core.records import ShotsCurve
from fsl_core.ui import cached, comparison
from fsl_core.ui.comparison import Method, Row
from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Abandoned, Ticket
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

QUIET = Ticket(lambda fraction, phase: None)


@pytest.fixture
def work(small_backbone: str) -> tuple[Store, Project, list[Method]]:
    store, empty = Store.create()
    project = store.adopt(cached.draw("synthetic", None, (3, 3, 2), 5), empty)
    weights = cached.cards()[small_backbone].sha256
    return store, project, [Method(name, small_backbone, weights) for name in ("deepemd", "protonet", "cosine")]


def row(*said: str, true: str = "", name: str = "q.png") -> Row:
    return Row(Query(Picture(name, name)), said, (0.5,) * len(said), said, true)


def test_the_answers_are_those_of_the_classify_page(work: tuple[Store, Project, list[Method]]) -> None:
    store, project, methods = work
    project = project.with_switched(project.classes[0].id, project.classes[0].pictures[0].id)
    settings = project.settings.with_option("deepemd", "temperature", 3.0).with_option("cosine", "temperature", 2.0)
    project = replace(project, settings=settings)
    given = comparison.compare(QUIET, Engine(), store, project, methods)
    assert [answer.computed_images for answer in given] == [14, 0, 0]
    for answer, method in zip(given, methods, strict=True):
        alone = replace(project, settings=replace(settings, classifier=method.classifier))
        key = alone.support_key(method.weights)
        expected = Engine().classify(QUIET, store, alone.in_use, method.backbone, key)
        assert (answer.key, answer.classifier, answer.query_ids) == (key, expected.classifier, expected.query_ids)
        np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-6)
    assert not np.allclose(given[0].probabilities, given[1].probabilities, atol=1e-3)


def test_progress_rises_over_all_methods_and_can_be_broken_off(work: tuple[Store, Project, list[Method]]) -> None:
    store, project, methods = work
    seen: list[tuple[float, str]] = []
    comparison.grow(Ticket(lambda *said: seen.append(said)), Engine(), store, project, methods, 0)
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1.0)
    assert seen[-1][1] == "Draw 41 of 41 (method 3 of 3)"

    def stop(fraction: float, phase: str) -> None:
        if phase.startswith("Draw 3 "):
            raise Abandoned

    with pytest.raises(Abandoned):
        comparison.grow(Ticket(stop), Engine(), store, project, methods, 0)


def test_a_curve_of_all_examples_is_the_accuracy_of_the_answer(work: tuple[Store, Project, list[Method]]) -> None:
    store, project, methods = work
    engine = Engine()
    growth = comparison.grow(QUIET, engine, store, project, methods, 0)
    assert (growth.n_way, growth.n_asked, comparison.most_shots(project)) == (3, 6, 3)
    rows = comparison.rows_of(project, comparison.compare(QUIET, engine, store, project, methods))
    for column, curve in enumerate(growth.curves):
        right, known = comparison.right_of(rows, column)
        assert curve.draws.tolist() == [20, 20, 1]
        assert curve.mean[-1] == pytest.approx(right / known)


def test_without_labels_the_left_out_examples_are_asked_about(work: tuple[Store, Project, list[Method]]) -> None:
    store, project, methods = work
    for query in project.queries:
        project = project.with_true_class(query.id, None)
    growth = comparison.grow(QUIET, Engine(), store, project, methods[:1], 0)
    assert (growth.n_asked, growth.curves[0].labelled, len(growth.curves[0].accuracies)) == (0, False, 2)
    assert comparison.most_shots(project) == 2


def test_the_same_request_is_the_same_job_and_another_is_not(work: tuple[Store, Project, list[Method]]) -> None:
    _, project, methods = work
    warmer = replace(project, settings=project.settings.with_option("cosine", "temperature", 2.0))
    relabelled = project.with_true_class(project.queries[0].id, None)
    renamed = project.renamed(project.classes[0].id, "other")
    compare = {
        comparison.compare_key(one, many)
        for one, many in [(project, methods), (renamed, methods), (relabelled, methods)]
    }
    assert len(compare) == 1
    assert comparison.compare_key(warmer, methods) not in compare
    assert comparison.compare_key(project, methods[:2]) not in compare
    assert comparison.compare_key(warmer, methods[:2]) == comparison.compare_key(project, methods[:2])
    keys = [
        comparison.grow_key(*one) for one in [(project, methods, 0), (project, methods, 1), (relabelled, methods, 0)]
    ]
    assert len(set(keys)) == 3
    assert comparison.grow_key(renamed, methods, 0) == keys[0]


def test_a_failure_says_whose_it_is(work: tuple[Store, Project, list[Method]]) -> None:
    store, project, methods = work
    gone = [methods[0], Method("cosine", "nobody", "0")]
    with pytest.raises(FSLError, match=r"Cosine attention .* on nobody gave no answer"):
        comparison.compare(QUIET, Engine(), store, project, gone)


def test_rows_follow_todays_names_labels_and_queries() -> None:
    answer = Answer("k", "b", "c", False, ("a", "b"), ("old", "B"), ("q1", "q2", "q3"), ((2, 1), (1, 2), (1, 2)),
                    ((0.7, 0.3), (0.2, 0.8), (0.4, 0.6)), 0.0, 0.0, 0)  # fmt: skip
    other = replace(answer, query_ids=("q2", "q1"), probabilities=((0.1, 0.9), (0.4, 0.6)), logits=((1, 2), (1, 2)))
    queries = (Query(Picture("q1", "1.png"), "a"), Query(Picture("q2", "2.png")), Query(Picture("q3", "3.png"), "b"))
    project = Project("p", (ImageClass("a", "A"), ImageClass("b", "B")), queries)
    first, second = comparison.rows_of(project, (answer, other))
    assert (first.said, first.probabilities, first.true) == (("A", "B"), (0.7, 0.6), "A")
    assert (second.said, second.probabilities, second.true) == (("B", "B"), (0.8, 0.9), "")
    assert (first.class_ids, second.class_ids) == (("a", "b"), ("b", "b"))


def test_rows_are_sorted_by_disagreement() -> None:
    rows = [row("x", "x", "x"), row("x", "y", "y"), row("x", "y", "z"), row("y", "y", "y"), row("z", "z", "y")]
    assert [rows.index(one) for one in comparison.disagreements_first(rows)] == [2, 1, 4, 0, 3]
    assert [one.usual for one in rows] == ["x", "y", "", "y", "z"]
    assert [one.different for one in rows] == [1, 2, 3, 1, 2]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], ""),
        ([row("x")], ""),
        ([row("x", "x"), row("x", "y")], "Both methods agree on 1 of 2 pictures and differ on 1."),
        ([row("x", "x", "x")] * 3, "All 3 methods agree on every one of the 3 pictures."),
        ([row("x", "y")] * 2, "Both methods agree on none of the 2 pictures."),
        (
            [row("x", "x", true="x"), row("x", "x", true="y"), row("x", "x"), row("x", "y", true="x")],
            "Both methods agree on 3 of 4 pictures and differ on 1. Where they agree, 1 of 2 answers are right.",
        ),
    ],
)
def test_agreement_in_words(rows: list[Row], words: str) -> None:
    assert comparison.agreement(rows) == words


def test_the_table_as_csv() -> None:
    rows = [row("x", "y", true="x", name='a "b", c.png'), row("x", "x")]
    read = list(csv.reader(io.StringIO(comparison.to_csv(["One", "Two"], rows))))
    assert read[0] == ["image", "true", "all agree", "One", "p(One)", "Two", "p(Two)"]
    assert read[1] == ['a "b", c.png', "x", "no", "x", "0.500000", "y", "0.500000"]
    assert read[2][1:3] == ["", "yes"]


def test_a_curve_in_words_and_as_csv() -> None:
    curve = ShotsCurve((np.array([0.5, 0.7]), np.array([0.8, 0.9, 1.0]), np.array([0.9])), True)
    assert comparison.in_words(curve, 2) == (
        "With 1 example 60 % (too few draws for an interval), with 2 examples 90 % ± 25; "
        "95 % of the draws lie between 80 and 100 %."
    )
    assert comparison.in_words(curve, 1) == (
        "With 1 example 60 % (too few draws for an interval); 95 % of the draws lie between 50 and 70 %."
    )
    assert comparison.in_words(curve, 3).endswith("with 3 examples 90 % (the only choice, so no interval).")
    growth = comparison.Growth((Method("c", "b", "w"),), (curve,), 2, 5, 0)
    read = list(csv.reader(io.StringIO(comparison.growth_csv(["One"], growth))))
    assert read[1] == ["One", "1", "2", "0.600000", "1.270620"]
    assert read[3] == ["One", "3", "1", "0.900000", ""]
