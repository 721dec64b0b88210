"""The figures of the Transport page, on a problem that can be done by hand."""

import json

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.records import Lesson, Piles, Solution

# Two piles of one half each; A fills hole 1 and part of hole 2, B the rest of hole 2.
PLAN = np.array([[0.3, 0.2], [0.0, 0.5]])


@pytest.fixture
def piles() -> Piles:
    places = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    return Piles(*places, PLAN.sum(axis=1), PLAN.sum(axis=0))


@pytest.fixture
def solution(piles: Piles) -> Solution:
    cost = np.array([[1.0, 2.0], [3.0, 1.5]])
    return Solution("by hand", cost, PLAN, np.array([1.0, 0.5]), np.array([0.0, 1.0]), "solved", 0.001)


def widths(figure: object) -> list[float]:
    return sorted(shape.line.width for shape in figure.layout.shapes if shape.type == "path")


def test_the_record_adds_up(piles: Piles, solution: Solution) -> None:
    assert solution.value == pytest.approx(0.3 * 1 + 0.2 * 2 + 0.5 * 1.5)
    assert solution.earnings == pytest.approx(solution.value)
    np.testing.assert_allclose(solution.slack, [[0, 0], [2.5, 0]])
    np.testing.assert_allclose(piles.distance, [[1, 1], [1, 1]])


def test_flows_are_as_thick_as_their_mass(piles: Piles, solution: Solution) -> None:
    figure = figures.moves(solution, piles)
    assert np.allclose(np.array(widths(figure)) / widths(figure)[0], [1, 1.5, 2.5])
    texts = [note.text for note in figure.layout.annotations]
    assert sorted(texts) == [" +0.50", " +1.00", "<b>1</b> +0.00", "<b>2</b> +1.00"]
    clicks = [list(point) for trace in figure.data for point in trace.customdata]
    assert ["pile", "B"] in clicks and ["hole", "2"] in clicks


def test_flows_of_others_fade(piles: Piles, solution: Solution) -> None:
    paths = figures.moves(solution, piles, pile=1).layout.shapes
    colours = [path.line.color for path in paths]
    assert len(set(colours[:2])) == 1 and colours[2] not in colours[:2]
    assert paths[2].line.width == max(widths(figures.moves(solution, piles)))
    assert len({path.line.color for path in figures.moves(solution, piles, pile=1, hole=0).layout.shapes}) == 1


def test_terms_come_with_the_dearest_first(solution: Solution) -> None:
    assert figures.terms(solution) == [(1, 1), (0, 1), (0, 0)]


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (figures.cost_matrix, [["1.00", "2.00"], ["3.00", "1.50"]]),
        (figures.plan_matrix, [["30.0", "20.0"], ["0.0", "50.0"]]),
        (figures.slack_matrix, [["0.00", "0.00"], ["2.50", "0.00"]]),
    ],
)
def test_matrices_show_their_numbers(piles: Piles, solution: Solution, draw: object, expected: list) -> None:
    figure = draw(solution, piles)
    assert [note.text for note in figure.layout.annotations] == [*expected[0], *expected[1]]
    assert len(figure.layout.shapes) == 3  # a frame wherever mass flows
    json.loads(figure.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize("flat", [True, False])
def test_nothing_is_drawn_out_of_sight(solution: Solution, flat: bool) -> None:
    ys = np.zeros(2) if flat else np.array([0.0, 1.0])
    places = np.stack([[0.0, 0.2], ys], axis=1), np.stack([[0.5, 1.0], ys], axis=1)
    figure = figures.moves(solution, Piles(*places, PLAN.sum(axis=1), PLAN.sum(axis=0)))
    low, high = figure.layout.yaxis.range
    for trace in figure.data:
        assert all(low < y < high for y in trace.y)


def test_the_curve_of_the_blur(piles: Piles, solution: Solution) -> None:
    spread = Solution("b", solution.cost, np.outer(piles.pile_mass, piles.hole_mass), *[np.zeros(2)] * 2, "solved", 0.1)
    lesson = Lesson(piles, {"exact": solution}, np.array([0.01, 10.0]), (solution, spread))
    figure = figures.blur_curve(lesson, 1)
    assert list(figure.data[0].y) == [solution.value, spread.value]
    assert figure.data[1].y[0] == pytest.approx(lesson.spread_value) == spread.value
    assert [line.y0 for line in figure.layout.shapes] == [solution.value, lesson.spread_value]
