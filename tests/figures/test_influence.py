"""Figures of influences: order, signs, flips, values without bound."""

import json

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.records import Influence


@pytest.fixture
def record() -> Influence:
    """Three images of two classes and two queries; 2 is the only one of class b, 1 flips the first query."""
    logits = np.array([[-4.0, -9.0], [-1.0, -3.0]])
    without = np.array([[[0, -9.0], [-1.5, -3.0]], [[-16, -9.0], [-2.0, -3.0]], [[-4.0, np.nan], [-1.0, np.nan]]])
    return Influence(("a", "<b>b</b>"), ("zero", "four", "<u>7</u>"), ("q", "r"), np.array([0, 0, 1]), logits, without)


def test_bars_are_ranked_signed_and_clickable(record: Influence) -> None:
    figure = figures.influence_bars(record, 0, "margin")
    bars, lines = figure.data
    assert list(lines.customdata) == [[2], [1], [0]]
    limit = 1.15 * 12
    np.testing.assert_allclose(bars.x, [-limit, 12, -4])
    assert figure.layout.xaxis.range == (-limit, limit)
    assert bars.marker.color[1] != bars.marker.color[0] == bars.marker.color[2]
    np.testing.assert_allclose(np.array(lines.base) + lines.x, limit)
    notes = [(round(note.y), note.text) for note in figure.layout.annotations]
    assert notes == [(0, "&lt;u&gt;7&lt;/u&gt;"), (1, "four"), (1, "→ &lt;b&gt;b&lt;/b&gt;"), (2, "zero")]


def test_bars_have_pictures_and_a_mark(record: Influence) -> None:
    addresses = ["data:image/webp;base64,zero", "data:image/webp;base64,four", "data:image/webp;base64,7"]
    figure = figures.influence_bars(record, 0, "margin", addresses, selected=1)
    assert [image.source for image in figure.layout.images] == addresses[::-1]
    assert [round(image.y + 0.44) for image in figure.layout.images] == [0, 1, 2]
    assert figure.layout.images[0].sizex < figure.layout.xaxis.domain[0]
    assert [shape.y0 < 1 < shape.y1 for shape in figure.layout.shapes if shape.type == "rect"] == [True]
    assert not figures.influence_bars(record, 0, "margin").layout.images


def test_bars_of_probabilities_are_percentage_points(record: Influence) -> None:
    figure = figures.influence_bars(record, 0)
    before, after = 1 / (1 + np.exp(-5)), 1 / (1 + np.exp(7))
    assert max(figure.data[0].x) == pytest.approx(100 * (before - after))
    assert "percentage points" in figure.layout.xaxis.title.text


def test_hover_says_logits_class_and_flip(record: Influence) -> None:
    said = figures.influence_bars(record, 0, "margin").data[1].hovertext
    assert "adds +12.0000 to the logit of a" in said[1] and "without it: &lt;b&gt;b&lt;/b&gt;" in said[1]
    assert "the class &lt;b&gt;b&lt;/b&gt; is gone" in said[0] and "to the logit" not in said[0]
    assert "adds -4.0000" in said[2] and "without it" not in said[2]


@pytest.mark.parametrize("measure", ["probability", "margin"])
def test_the_matrix_marks_flips(record: Influence, measure: str) -> None:
    figure = figures.influence_matrix(record, measure)
    heat, crosses, targets = figure.data
    assert heat.z.shape == (3, 2) and heat.zmin == -heat.zmax
    assert np.isfinite(heat.z).all() and np.abs(heat.z).max() == pytest.approx(heat.zmax)
    assert (list(crosses.x), list(crosses.y)) == ([0], [1])
    assert [tuple(cell) for cell in targets.customdata] == [(row, column) for row in range(3) for column in range(2)]


def test_the_matrix_shows_a_part_and_marks_a_cell(record: Influence) -> None:
    figure = figures.influence_matrix(record, "margin", ([2, 1], [0]), (1, 0))
    heat, crosses, targets = figure.data
    assert heat.z.shape == (2, 1) and (heat.zmin, heat.zmax) == (-12, 12)
    np.testing.assert_allclose(heat.z[:, 0], [-12, 12])
    assert (list(crosses.x), list(crosses.y)) == ([0], [1])
    assert [tuple(cell) for cell in targets.customdata] == [(2, 0), (1, 0)]
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (0.5, 1.5)
    assert figure.layout.yaxis.ticktext == ("&lt;u&gt;7&lt;/u&gt;", "four")


@pytest.mark.parametrize("narrow", [False, True])
def test_every_figure_is_complete(record: Influence, narrow: bool) -> None:
    for measure in ("probability", "margin"):
        for figure in (
            figures.influence_bars(record, 1, measure, narrow=narrow),
            figures.influence_matrix(record, measure, narrow=narrow),
        ):
            text = figure.to_json()
            json.loads(text, parse_constant=pytest.fail)
            assert "<u>" not in text and "\\u003cu" not in text


def test_the_formula_is_filled_with_the_numbers(record: Influence) -> None:
    text = figures.influence_formula(record, 1, 0)
    assert "-4.0000 − -16.0000 = **+12.0000**" in text and "+99.2 percentage points" in text and "+12.0000" in text
    assert "no other class" in figures.influence_formula(record, 2, 0)
    gone = Influence(
        record.class_names, record.support_names, record.query_names, np.array([0, 1, 1]), record.logits,
        np.stack([np.array([[np.nan, -9], [np.nan, -3]]), record.without[1], record.without[1]]),
    )  # fmt: skip
    assert "is gone, and with it all of its **99.3 %**." in figures.influence_formula(gone, 0, 0)
