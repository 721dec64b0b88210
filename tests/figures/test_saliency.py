"""The heat map over its picture, and the curves."""

import json

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.figures.theme import SIGNED, UNSIGNED
from fsl_core.records import Products
from tests.records.test_saliency import make_belief, make_saliency


def heat_of(figure: object) -> object:
    return next(trace for trace in figure.data if trace.type == "heatmap")


def targets_of(figure: object) -> list:
    return [trace for trace in figure.data if trace.type == "scatter"]


def test_a_signed_map_has_a_scale_about_zero_and_cells_at_their_places() -> None:
    record = make_saliency([[1.0, -2.0, 0.0], [0.0, 0.5, 0.25]], image=np.full((12, 12, 3), 90, np.uint8))
    figure = figures.saliency(record)
    heat = heat_of(figure)
    np.testing.assert_array_equal(heat.z, record.values)
    assert (heat.zmin, heat.zmax) == (-2, 2) and [tuple(stop) for stop in heat.colorscale] == SIGNED
    np.testing.assert_allclose(np.diff(heat.x), 1 / 3)
    np.testing.assert_allclose(heat.y, [0, 0.5, 1])
    assert heat.x[0] > 1 and len(figure.layout.images) == 2 and figure.layout.images[1].x == heat.x[0]
    assert heat.hoverinfo == "skip"  # the targets say it, which can be clicked
    for pane, targets in enumerate(targets_of(figure)):
        np.testing.assert_allclose([row[:2] for row in targets.customdata], np.argwhere(record.values < 9))
        np.testing.assert_allclose([row[2] for row in targets.customdata], record.values.ravel())
        np.testing.assert_allclose(targets.x[3:] - heat.x[0] * pane, [1 / 6, 3 / 6, 5 / 6])
        np.testing.assert_allclose(targets.y, [1 / 4] * 3 + [3 / 4] * 3)
        assert "of 2 × 3" in targets.hovertemplate and "%{customdata[2]:+.3g}, units" in targets.hovertemplate
    json.loads(figure.to_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("sign", "top", "words"), [("positive", 1, "speaks for it"), ("negative", 2, "speaks against it")]
)
def test_one_sign_has_the_unsigned_scale(sign: str, top: float, words: str) -> None:
    heat = heat_of(figures.saliency(make_saliency([[1.0, -2.0], [0.5, 0.0]], sign)))
    assert (heat.zmin, heat.zmax) == (0, top) and [tuple(stop) for stop in heat.colorscale] == UNSIGNED
    assert words in targets_of(figures.saliency(make_saliency([[1.0, -2.0], [0.5, 0.0]], sign)))[0].hovertemplate


def test_a_selected_cell_is_framed_in_both_pictures() -> None:
    record = make_saliency([[1.0, 2.0], [0.5, 0.0]])
    frames = [shape for shape in figures.saliency(record, (1, 0)).layout.shapes if shape.type == "rect"]
    assert {(shape.x0, shape.y0, shape.x1, shape.y1) for shape in frames[:3]} == {(0, 0.5, 0.5, 1)}
    assert len({shape.x0 for shape in frames}) == 2
    assert not [shape for shape in figures.saliency(record).layout.shapes if shape.type == "rect"]
    alone = [shape for shape in figures.overlay(record, (1, 0)).layout.shapes if shape.type == "rect"]
    assert {(shape.x0, shape.y0, shape.x1, shape.y1) for shape in alone} == {(0, 0.5, 0.5, 1)}
    assert not [shape for shape in figures.overlay(record).layout.shapes if shape.type == "rect"]


def test_a_fine_map_is_clicked_in_steps_and_its_extremes_share_a_colour() -> None:
    values = np.random.default_rng(0).normal(size=(84, 84))
    values[3, 4] = 1e6
    figure = figures.saliency(make_saliency(values), (0, 0))
    targets, heat = targets_of(figure)[0], heat_of(figure)
    assert len(targets.x) == 28 * 28 and targets.customdata[29][:2] == [4, 4]
    np.testing.assert_allclose((targets.x[0], targets.y[28]), (1.5 / 84, 4.5 / 84))
    assert 2 < heat.zmax < 4 and targets.customdata[28 + 1][2] == values[4, 4]
    frame = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert frame.x1 - frame.x0 == pytest.approx(1 / 28)


def test_the_formula_of_a_sum_of_products_by_pencil() -> None:
    left, right = np.array([0.5, -2.0, 1.0, 0.25, 3.0])[:, None, None], np.arange(10.0).reshape(5, 1, 2)
    values = (left * right).sum(axis=0)
    names = tuple(f"channel {number}" for number in range(5))
    record = make_saliency(values, products=Products(("mean gradient", "feature"), names, left, right))
    text = figures.saliency_formula(record, 0, 1)
    assert "value** at row 0, column 1 = Σ mean gradient · feature = 3 · 9 *(channel 4)* + (−2) · 3 " in text
    assert "1 · 5 *(channel 2)* + 2.25 *(2 others)* = **28.25**" in text and values[0, 1] == 28.25
    assert "no residual" in text


def test_the_formula_says_what_all_values_add_up_to() -> None:
    record = make_saliency([[1.0, 2.0]], method="contributions", total="score", residual=0.25)
    assert "all 2 values = 3.0000; score = 3.2500, residual 0.2" in figures.saliency_formula(record, 0, 0)
    covered = figures.saliency_formula(make_saliency([[0.25, 2.0]], method="occlusion", score=4.0), 0, 0)
    assert "= 4 − 3.75 = **+0.25**" in covered
    weight = figures.saliency_formula(make_saliency([[0.75, 0.25]], method="weights", signed=False), 0, 1)
    assert "**0.25**; times 2 regions = 0.500" in weight and "all 2 values = 1.000000" in weight


def test_many_maps_stand_side_by_side_with_their_verdicts() -> None:
    maps = [
        figures.Judged(make_saliency([[1.0, 2.0]], title=title), f"verdict {number}")
        for number, title in enumerate(["one", "<i>two", "three"])
    ]
    maps[2] = maps[2]._replace(record=make_saliency(np.zeros((3, 3)), title="three"))
    figure = figures.saliencies(maps)
    heats = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(heats) == 2 and heats[1].x[0] > 1 and not heats[0].showscale
    assert [targets.customdata[0][0] for targets in targets_of(figure)] == [0, 1, 2]
    texts = " ".join(note.text for note in figure.layout.annotations)
    assert "verdict 2" in texts and "blank" in texts and "<i>" not in texts
    narrow = figures.saliencies(maps, narrow=True)
    assert [trace for trace in narrow.data if trace.type == "scatter"][2].y[0] > 1
    json.loads(figure.to_json(), parse_constant=pytest.fail)


def test_a_box_around_the_object_is_shown_and_another_one_can_be_drawn() -> None:
    record = make_saliency([[1.0, 2.0]])
    figure = figures.with_object(figures.overlay(record), (0.1, 0.2, 0.6, 0.9))
    frame = next(shape for shape in figure.layout.shapes if shape.type == "rect")
    assert (frame.y0, frame.x0, frame.y1, frame.x1) == (0.1, 0.2, 0.6, 0.9)
    assert figure.layout.dragmode == "select" and targets_of(figure)
    assert not [shape for shape in figures.overlay(record).layout.shapes if shape.type == "rect"]


@pytest.mark.parametrize("side", [8, 320])
def test_the_edge_of_a_known_object_is_a_line(side: int) -> None:
    mask = np.zeros((side, side), bool)
    mask[: side // 2, side // 4 :] = True  # the upper half, from a quarter on to the edge of the picture
    figure = figures.with_object(figures.overlay(make_saliency([[1.0, 2.0]])), mask)
    edge = next(trace for trace in figure.data if trace.type == "contour")
    inside = np.asarray(edge.z) > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    reach = [edge.y[rows[0]], edge.y[rows[-1]], edge.x[columns[0]], edge.x[columns[-1]]]
    assert reach == pytest.approx([0, 0.5, 0.25, 1], abs=0.5 / min(side, 160) + 1e-9)
    assert not inside[[0, -1]].any() and not inside[:, [0, -1]].any()  # so the line closes
    assert figure.layout.dragmode != "select"
    json.loads(figure.to_json(), parse_constant=pytest.fail)


def test_narrow_screens_have_the_pictures_below_each_other() -> None:
    wide, narrow = (figures.saliency(make_saliency([[1.0, 2.0]]), narrow=narrow) for narrow in (False, True))
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
