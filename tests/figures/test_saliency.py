"""The heat map over its picture, and the curves."""

import json

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.figures.theme import SIGNED, UNSIGNED
from tests.records.test_saliency import make_belief, make_saliency


def heat_of(figure: object) -> object:
    return next(trace for trace in figure.data if trace.type == "heatmap")


def test_a_signed_map_has_a_scale_about_zero_and_cells_at_their_places() -> None:
    record = make_saliency([[1.0, -2.0, 0.0], [0.0, 0.5, 0.25]], image=np.full((12, 12, 3), 90, np.uint8))
    figure = figures.saliency(record)
    heat = heat_of(figure)
    np.testing.assert_array_equal(heat.z, record.values)
    assert (heat.zmin, heat.zmax) == (-2, 2) and [tuple(stop) for stop in heat.colorscale] == SIGNED
    np.testing.assert_allclose(np.diff(heat.x), 1 / 3)
    np.testing.assert_allclose(heat.y, [0, 0.5, 1])
    assert heat.x[0] > 1 and len(figure.layout.images) == 2 and figure.layout.images[1].x == heat.x[0]
    assert heat.customdata[1][2].tolist() == [1, 2]
    assert "of 2 × 3" in heat.hovertemplate and "%{z:+.3g}, units" in heat.hovertemplate
    json.loads(figure.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("sign", "top", "words"), [("positive", 1, "speaks for it"), ("negative", 2, "speaks against it")]
)
def test_one_sign_has_the_unsigned_scale(sign: str, top: float, words: str) -> None:
    heat = heat_of(figures.saliency(make_saliency([[1.0, -2.0], [0.5, 0.0]], sign)))
    assert (heat.zmin, heat.zmax) == (0, top) and [tuple(stop) for stop in heat.colorscale] == UNSIGNED
    assert words in heat.hovertemplate


def test_narrow_screens_have_the_pictures_below_each_other() -> None:
    wide, narrow = (figures.saliency(make_saliency([[1.0, 2.0]]), narrow) for narrow in (False, True))
    assert heat_of(narrow).x[0] == 0 and heat_of(narrow).y[0] > 1
    assert narrow.layout.xaxis.range[1] < 1.1 < wide.layout.xaxis.range[1]


def test_a_fault_is_said_instead_of_drawn() -> None:
    figure = figures.saliency(make_saliency(np.zeros((3, 3))))
    assert not figure.data and len(figure.layout.images) == 2
    text = " ".join(note.text for note in figure.layout.annotations).replace("<br>", " ")
    assert "The map is blank: by this method no place" in text


def test_names_cannot_break_the_figure() -> None:
    record = make_saliency(np.zeros((2, 2)), target="logit of <b>x")
    assert "<b>x" not in figures.saliency(record).layout.annotations[-1].text.replace("<br>", "")


@pytest.mark.parametrize("narrow", [False, True])
def test_curves_with_the_band_of_random_orders(narrow: bool) -> None:
    record = make_belief([0.9, 0.1, 0.1], [0.1, 0.7, 0.9])
    figure = figures.belief(record, narrow)
    band, middle, own, band2, middle2, own2 = figure.data
    np.testing.assert_allclose(own.y, [90, 10, 10])
    np.testing.assert_allclose(own2.y, [10, 70, 90])
    np.testing.assert_allclose(own.x, [0, 50, 100])
    np.testing.assert_allclose(middle.y, [90, 40, 10])
    np.testing.assert_allclose(middle2.y, [10, 40, 90])
    deviation = np.std([50, 60, 30, 20], ddof=1)
    np.testing.assert_allclose([band.y[1], band.y[4]], [40 + 2 * deviation, 40 - 2 * deviation])
    assert (band.xaxis, band.yaxis, band2.xaxis, band2.yaxis) == ("x", "y", "x2", "y2")
    assert [trace.showlegend for trace in figure.data] == [False, True, True, False, False, False]
    texts = [note.text for note in figure.layout.annotations]
    assert texts == ["<b>Deletion</b>: area 0.30, random 0.45", "<b>Insertion</b>: area 0.60, random 0.45"]
    apart = figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]
    beside = figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert (apart, beside) == (narrow, not narrow)
    json.loads(figure.to_json(), parse_constant=pytest.fail)
