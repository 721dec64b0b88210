"""Figures of weights: one colour scale for all pictures, numbers, what is said and clicked."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.records import NodeWeights, Picture, Regions, cells


def make_weights(count: int = 3, grid: tuple[int, int] = (2, 2), rule: str = "cross_reference") -> NodeWeights:
    """Weights that run evenly, each target's turned by one region."""
    pixels = np.random.default_rng(0).integers(0, 256, (count + 1, 40, 40, 3)).astype(np.uint8)
    pictures = [Picture(f"<i>{row}</i>", image, Regions(cells(*grid))) for row, image in enumerate(pixels)]
    nodes = grid[0] * grid[1]
    raw = np.stack([np.roll(np.arange(1.0, nodes + 1), row) for row in range(count)])
    weight = raw / raw.sum(axis=1, keepdims=True)
    return NodeWeights(rule, pictures[0], tuple(pictures[1:]), raw, raw[:, ::-1].copy(), weight, weight[:, ::-1].copy())


def of_type(figure, kind: str) -> list:
    return [trace for trace in figure.data if trace.type == kind]


@pytest.mark.parametrize("grid", [(2, 2), (1, 1), (7, 7)])
@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("narrow", [False, True])
def test_every_figure_is_complete(count: int, grid: tuple[int, int], narrow: bool) -> None:
    record = make_weights(count, grid)
    for figure in (
        figures.node_weights(record, narrow=narrow),
        figures.node_weights(record, "support", narrow),
        figures.weight_rules({"equal": record, "kmeans": record}, narrow=narrow),
        figures.weight_pair(record, count - 1, figures.Cell("support", 0), narrow),
        figures.weight_difference(record, (0, count - 1), figures.Cell("query", 0), narrow),
        figures.weight_spread(record, narrow),
        figures.weight_matrix(record, 0, narrow=narrow),
        figures.with_object(figures.query_weights(record, 0, narrow), (0.1, 0.2, 0.9, 0.8)),
        figures.on_object({"equal": record, "kmeans": record}, np.ones((40, 40), bool)),
    ):
        assert figure.layout.height > 0
        text = figure.to_json()
        json.loads(text, parse_constant=pytest.fail)
        assert "<i>" not in text and "\\u003ci" not in text


def test_the_query_under_every_images_eyes() -> None:
    record = make_weights()
    figure = figures.node_weights(record)
    heats, clicks = of_type(figure, "heatmap"), of_type(figure, "scatter")
    for row, (heat, click) in enumerate(zip(heats, clicks, strict=True)):
        np.testing.assert_allclose(np.ravel(heat.z), 100 * record.query_weight[row])
        assert (heat.zmin, heat.zmax) == (0, 40)
        assert [tuple(cell) for cell in click.customdata] == [("query", node, row) for node in range(4)]
        assert min(heat.x) == pytest.approx(1.08 * row)
        assert f"{record.query_weight[row, 1]:.2%} of the mass" in click.hovertext[1]
        assert f"{4 * record.query_weight[row, 1]:.2f} times an equal share" in click.hovertext[1]
    assert len(figure.layout.images) == 3 and len({image.source for image in figure.layout.images}) == 1
    assert figures.node_weights(record, most=0.5).data[0].zmax == 50
    assert [note.text for note in figure.layout.annotations].count("40") == 3


def test_the_images_compared_to_with_their_own_weights() -> None:
    record = make_weights()
    figure = figures.node_weights(record, "support")
    assert len({image.source for image in figure.layout.images}) == 3
    np.testing.assert_allclose(np.ravel(of_type(figure, "heatmap")[1].z), 100 * record.target_weight[1])
    assert of_type(figure, "scatter")[2].customdata[3] == ["support", 3, 2]


def test_narrow_screens_have_two_in_a_row() -> None:
    record = make_weights(5)
    for narrow, columns in ((False, 5), (True, 2)):
        heats = of_type(figures.node_weights(record, narrow=narrow), "heatmap")
        places = [(round(min(heat.y) / 1.2), round(min(heat.x) / 1.08)) for heat in heats]
        assert places == [divmod(row, columns) for row in range(5)]


def test_rules_beside_one_another() -> None:
    record = make_weights()
    even = replace(record, rule="equal", query_weight=np.full((3, 4), 0.25))
    figure = figures.weight_rules({"cross_reference": record, "equal": even}, target=1)
    heats = of_type(figure, "heatmap")
    np.testing.assert_allclose(np.ravel(heats[0].z), 100 * record.query_weight[1])
    np.testing.assert_allclose(np.ravel(heats[1].z), 25)
    assert {heat.zmax for heat in heats} == {40}
    headings = " ".join(note.text for note in figure.layout.annotations)
    assert "cross-reference" in headings and "equal" in headings


def test_the_spread_names_the_images_between_which_it_is() -> None:
    record = make_weights()
    figure = figures.weight_spread(record)
    np.testing.assert_allclose(np.ravel(figure.data[0].z), 100 * record.spread)
    assert "10.00 % (for &lt;i&gt;1&lt;/i&gt;) to 40.00 % (for &lt;i&gt;2&lt;/i&gt;)" in figure.data[1].hovertext[0]
    assert figure.layout.title.text.startswith(f"{100 * record.moved:.1f} % elsewhere")


def test_the_matrix_marks_a_row() -> None:
    record = make_weights()
    figure = figures.weight_matrix(record, 1)
    np.testing.assert_allclose(figure.data[0].z, 100 * record.query_weight)
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (0.5, 1.5)
    assert figure.layout.xaxis.ticktext == ("(0, 0)", "(1, 0)")


@pytest.mark.parametrize("rule", ["cross_reference", "equal", "kmeans"])
def test_the_formula_is_filled_with_the_regions_numbers(rule: str) -> None:
    text = figures.weights_formula(make_weights(rule=rule), 1, 0)
    assert "query (0, 0)" in text and "4 / 10 = **40.00%**" in text and "= 1.600" in text
    assert ("mean region" in text) == (rule == "cross_reference")
    assert ("cluster" in text) == (rule == "kmeans")


def test_the_query_and_one_image_side_by_side() -> None:
    record = make_weights()
    figure = figures.weight_pair(record, 1, figures.Cell("support", 2))
    heats, clicks = of_type(figure, "heatmap"), of_type(figure, "scatter")
    np.testing.assert_allclose(np.ravel(heats[0].z), 100 * record.query_weight[1])
    np.testing.assert_allclose(np.ravel(heats[1].z), 100 * record.target_weight[1])
    assert [list(click.customdata[3]) for click in clicks] == [["query", 3], ["support", 3]]
    marks = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert {(mark.x0, mark.y0, mark.y1) for mark in marks} == {(1.08, 0.5, 1.0)} and len(marks) == 2


def test_a_selected_region_is_marked_in_every_picture_of_its_side() -> None:
    record = make_weights()
    for figure in (
        figures.node_weights(record, selected=figures.Cell("query", 3)),
        figures.weight_rules(
            dict.fromkeys(("equal", "kmeans", "mean_shift"), record), selected=figures.Cell("query", 3)
        ),
    ):
        marks = [shape for shape in figure.layout.shapes if shape.type == "rect"]
        assert sorted({round(mark.x0, 2) for mark in marks}) == [0.5, 1.58, 2.66] and {mark.y0 for mark in marks} == {
            0.5
        }
    other = figures.node_weights(record, selected=figures.Cell("support", 3))
    assert not [shape for shape in other.layout.shapes if shape.type == "rect"]


def test_the_difference_of_two_images_is_signed() -> None:
    record = make_weights()
    figure = figures.weight_difference(record, (2, 0))
    np.testing.assert_allclose(np.ravel(figure.data[0].z), 100 * (record.query_weight[2] - record.query_weight[0]))
    assert figure.data[0].zmin == -figure.data[0].zmax
    assert figure.layout.title.text == f"{100 * record.apart[2, 0]:.1f} % of the weight lies elsewhere"


def test_the_share_on_an_object_stands_beside_chance() -> None:
    record, mask = make_weights(), np.zeros((40, 40), bool)
    mask[:20, :20] = True
    even = replace(record, query_weight=np.full((3, 4), 0.25))
    figure = figures.on_object({"cross_reference": record, "equal": even}, mask, target=2)
    np.testing.assert_allclose(figure.data[0].x, [30, 25])
    assert list(figure.data[0].text) == ["30.0 % (10.0 to 40.0)", "25.0 %"]
    assert figure.layout.shapes[0].x0 == 25 and figure.layout.yaxis.ticktext == ("cross-reference", "equal")


def test_the_formula_of_the_other_image() -> None:
    record = make_weights()
    assert "support (1, 1) = " in (text := figures.weights_formula(record, 1, 3, "support")) and "4 / 10" in text


def test_long_names_keep_their_ends() -> None:
    record = make_weights(1)
    named = replace(record, targets=(replace(record.targets[0], name="a" * 60 + " · 17.jpg"),))
    title = next(note.text for note in figures.node_weights(named).layout.annotations if "<b>" in note.text)
    assert title.endswith("· 17.jpg</b>") and len(title) == 22 + len("<b></b>") and "…" in title
