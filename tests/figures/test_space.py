"""Neighbours, spectra, components and maps as figures, from records of hand-made numbers."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from fsl_core import figures
from fsl_core.figures.embedding import look
from fsl_core.figures.spectrum import _overlaid
from fsl_core.figures.theme import WARM
from fsl_core.records import Component, ComponentMap, Embedding, Neighbours, Spectrum, cells

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
WHOLE, CORNER = np.array([0.0, 0, 1, 1]), np.array([0.0, 0, 0.5, 0.5])


def sound(figure: go.Figure) -> go.Figure:
    """Complete, transparent, without NaN and without a network."""
    assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)" and figure.layout.height > 100
    text = figure.to_json()
    json.loads(text, parse_constant=pytest.fail)
    assert "http" not in text and "<script" not in text
    return figure


def texts(figure: go.Figure) -> str:
    return " ".join(note.text for note in figure.layout.annotations)


@pytest.fixture
def found() -> Neighbours:
    return Neighbours(
        "net <script>", "set", ("cat", "dog & co"), PIXELS[0], WHOLE, 0, np.array([7, 2, 5]), ("7", "<script>", "5"),
        PIXELS[1:4], np.tile(WHOLE, (3, 1)), np.array([0.9, 0.5, -0.1]), np.array([0, 1, 0]), 9, 4,
    )  # fmt: skip


def test_a_row_of_neighbours_for_each_backbone(found: Neighbours) -> None:
    figure = sound(figures.neighbours([found, replace(found, backbone="other")]))
    (points,) = figure.data
    keys = [[0, -1], [0, 7], [0, 2], [0, 5], [1, -1], [1, 7], [1, 2], [1, 5]]
    assert [list(key) for key in points.customdata] == keys
    assert len(figure.layout.images) == 8 and not figure.layout.shapes
    assert len({(image.x, image.y) for image in figure.layout.images}) == 8
    said = texts(figure)
    assert "0.900<br>✓ cat" in said and "0.500<br>✗ dog &amp; co" in said and "67% of the query's class" in said
    assert "similarity +0.9000 (cosine)" in points.hovertext[1] and "&lt;script&gt;" in points.hovertext[2]


def test_regions_are_framed_and_unknown_classes_are_not_judged(found: Neighbours) -> None:
    boxes = np.tile(CORNER + [0, 0.5, 0, 0.5], (3, 1))
    figure = sound(figures.neighbours([replace(found, query_box=CORNER, boxes=boxes, query_label=-1)]))
    frames = {(shape.x0, shape.x1, shape.y1 - shape.y0) for shape in figure.layout.shapes}
    assert len(frames) == 4 and {round(high - low, 6) for low, high, _ in frames} == {0.5}
    assert {round(down, 6) for _, _, down in frames} == {0.5}
    assert "✓" not in figure.to_json() and "of the framed region" in figure.data[0].hovertext[1]


def test_one_neighbour_stands_large_beside_the_query_that_can_be_clicked(found: Neighbours) -> None:
    figure = sound(figures.neighbour(found, 1, (2, 3)))
    query, other = figure.data
    assert [list(key) for key in query.customdata] == [["query", node] for node in range(6)]
    assert "Neighbour 2 · 0.500" in texts(figure) and other.hovertext == (
        "<b>&lt;script&gt;</b><br>class dog &amp; co",
    )
    assert not [shape for shape in figure.layout.shapes if shape.type == "rect"]
    boxes = np.tile(CORNER + [0, 0.5, 0, 0.5], (3, 1))
    framed = figures.neighbour(replace(found, query_box=CORNER, boxes=boxes), 0, (2, 2), narrow=True)
    frames = {(shape.x0, shape.y0) for shape in framed.layout.shapes if shape.type == "rect"}
    assert len(frames) == 2 and (0, 0) in frames and all(x in (0, 0.5) for x, _ in frames)  # one below the other


def test_on_a_phone_a_row_goes_on_in_the_next_line(found: Neighbours) -> None:
    many = replace(
        found, rows=np.arange(11), names=tuple("abcdefghijk"), images=PIXELS[:11], boxes=np.tile(WHOLE, (11, 1)),
        similarity=np.linspace(1, 0, 11), labels=np.zeros(11, int),
    )  # fmt: skip
    narrow, wide = sound(figures.neighbours([many], narrow=True)), figures.neighbours([many])
    assert max(narrow.data[0].x) < 4.4 < max(wide.data[0].x) and narrow.layout.height > wide.layout.height
    assert max(narrow.data[0].y) < narrow.layout.yaxis.range[0]


def a_spectrum(name: str, values: list[float], **changes: object) -> Spectrum:
    made = Spectrum(
        name, 20, len(values), True, True, np.array(values, float), 1.25, 0.5, 1.0, float(np.linalg.norm(values))
    )
    return replace(made, **changes)


@pytest.mark.parametrize("narrow", [False, True])
def test_spectra_side_by_side(narrow: bool) -> None:
    one = a_spectrum("<b>one", [2, 1, 1, 0])
    other = a_spectrum("two", [3, 1], davies_bouldin=None, intra=None, inter=None)
    figure = sound(figures.spectra([one, other], narrow))
    summed, values, _, other_values, table = figure.data
    np.testing.assert_allclose(summed.y, [100 * 4 / 6, 100 * 5 / 6, 100, 100])
    assert list(values.x) == [1, 2, 3] and list(values.y) == [1, 0.5, 0.5]  # 0 has no place on a logarithmic axis
    assert values.yaxis == "y2" and figure.layout.yaxis2.type == "log" and summed.name == "&lt;b&gt;one"
    assert (values.line.color, values.line.dash) != (other_values.line.color, other_values.line.dash)
    assert [list(column) for column in table.cells.values][3:] == [["1.250", "–"], ["0.500", "–"]]
    assert table.cells.values[1][0] == f"{one.effective_rank:.1f} of 4"
    assert list(table.cells.values[2]) == ["3 / 3 / 3", "1 / 2 / 2"]
    below = [figure.layout.yaxis.domain[0], figure.layout.yaxis2.domain[0]]
    assert min(below) > table.domain.y[1] and (below[1] < below[0]) == narrow
    assert "variance" in figure.layout.yaxis.title.text


def test_one_component_and_shares_of_the_length() -> None:
    figure = sound(figures.spectra([a_spectrum("one", [2.0], centred=False)]))
    assert "squared length" in figure.layout.yaxis.title.text


def test_the_ends_of_a_component() -> None:
    record = Component(
        2, 0.125, ("cat", "dog"), np.array([4, 8, 6]), ("a", "b", "c"), PIXELS[:3], np.array([0, 1, 1]),
        np.array([-0.5, 0.25, 0.75]), 1,
    )  # fmt: skip
    figure = sound(figures.component(record))
    assert [list(key) for key in figure.data[0].customdata] == [[6], [8], [4]]
    said = texts(figure)
    assert "Highest on component 3 (12.5%)" in said and "Lowest on component 3" in said and "-0.500<br>cat" in said
    assert "Lowest" not in texts(figures.component(replace(record, low=0)))


def test_the_map_of_a_component() -> None:
    values = np.array([0.5, -1, 0.25, 0, 0, 0])
    figure = sound(figures.component_map(ComponentMap(0, 0.5, PIXELS[0], cells(2, 3), values, -0.04)))
    heat, points = figure.data
    np.testing.assert_array_equal(heat.z, values.reshape(2, 3))
    assert (heat.zmin, heat.zmax) == (-1, 1) and len(heat.x) == 4 and len(heat.y) == 3
    assert "coordinate -1.0000" in points.hovertext[1] and "(0, 1)" in points.hovertext[1]
    assert "-0.0400" in points.hovertext[1]


def test_a_map_below_each_image_and_classes_that_are_not_known() -> None:
    record = Component(
        0, 0.5, ("cat",), np.array([4, 8]), ("a", "b"), PIXELS[:2], np.array([-1, 0]), np.array([-0.5, 0.25]), 1
    )
    maps = [ComponentMap(0, 0.5, PIXELS[row], cells(2, 2), np.array(values), 0) for row, values in
            enumerate(([-1.0, 0, 0, 0], [0, 0, 0, 0.5]))]  # fmt: skip
    figure = sound(figures.component(record, maps=maps))
    assert [list(key) for key in figure.data[0].customdata] == [[8], [8], [4], [4]]
    assert "-0.500<br>class unknown" in texts(figure) and len({one.source for one in figure.layout.images}) == 4
    blue = _overlaid(maps[0], 1.0)
    strongest, grey = blue[0, 0].astype(int), PIXELS[0, 7, 7].mean()
    assert strongest[2] > strongest[0] and np.abs(blue[7, 7] - grey).max() <= 1


def test_a_cell_of_a_map_is_framed_and_maps_can_be_compared() -> None:
    record = ComponentMap(0, 0.5, PIXELS[0], cells(2, 2), np.array([0.5, -1, 0.25, 0]), -0.06)
    figure = sound(figures.component_map(record, "a <b>", 1, 2.0))
    assert len(figure.layout.shapes) == len(figures.component_map(record).layout.shapes) + 2
    assert figure.data[0].zmax == 2 and "a &lt;b&gt;" in texts(figure)
    assert {(shape.x0, shape.y0) for shape in figure.layout.shapes[-2:]} == {(0.5, 0.0)}
    assert "(0, 1) has -1.0000 and adds -1.0000 / 4 = -0.2500" in record.formula_of(1)


def test_shares_as_bars_with_one_chosen() -> None:
    (bars,) = sound(figures.shares(np.array([0.5, 0.25]), 1)).data
    assert list(bars.y) == [50, 25] and [list(key) for key in bars.customdata] == [[1], [2]]
    assert bars.marker.color[1] == WARM != bars.marker.color[0]


def test_curves_without_a_table_and_with_a_chosen_component() -> None:
    figure = sound(figures.spectra([a_spectrum("one", [2, 1, 0])], table=False, selected=2))
    assert len(figure.data) == 2 and {mark.x0 for mark in figure.layout.shapes} == {2}
    assert [list(key) for key in figure.data[0].customdata] == [[1], [2], [3]]
    assert [list(key) for key in figure.data[1].customdata] == [[1], [2]] and list(figure.data[1].hovertext) == [
        "2",
        "1",
    ]


@pytest.fixture
def points() -> Embedding:
    places = np.array([[0.0, 0], [1, 0], [2, 1], [0, 1], [0.5, 0.5], [1, 1]])
    roles = ("support", "support", "query", "query", "query", "other")
    names = ("s0", "s1", "<script>", "q1", "q2", "o")
    return Embedding(
        "pca", places, np.array([0, 1, 0, 0, -1, 1]), roles, tuple("abcdef"), names, ("cat", "<b>dog"), (0.5, 0.25),
        None, "", 0.875, 2, np.array([[3, 4], [4, 5], [5, 1], [0, 4], [0, 5], [2, 1]]), np.full(6, 4.0),
    )  # fmt: skip


def test_a_map_tells_classes_and_roles_apart_without_colour(points: Embedding) -> None:
    figure = sound(figures.embedding(points))
    traces = {trace.name: trace for trace in figure.data}
    assert set(traces) == {"cat, support", "&lt;b&gt;dog, support", "cat, query", "class unknown, query",
                           "&lt;b&gt;dog, data set"}  # fmt: skip
    assert traces["cat, query"].marker.symbol == "circle-open" and traces["cat, support"].marker.symbol == "circle"
    assert traces["&lt;b&gt;dog, support"].marker.symbol == "square"
    assert [list(key) for key in traces["cat, query"].customdata] == [["c"], ["d"]]
    assert list(traces["cat, query"].x) == [2, 0] and "&lt;script&gt;" in traces["cat, query"].hovertext[0]
    assert figure.layout.xaxis.title.text == "component 1 (50.0%)"
    assert "50.0% + 25.0% = 75.0%" in figure.layout.title.text and "0.875" in figure.layout.title.text


def test_a_map_without_units(points: Embedding) -> None:
    figure = sound(figures.embedding(replace(points, method="tsne", explained=None, seed=3, setting="perplexity 2")))
    assert figure.layout.xaxis.showticklabels is False and figure.layout.xaxis.title.text == "t-SNE 1"
    assert "perplexity 2, seed 3" in figure.layout.title.text


def test_thumbnails_and_the_selected_image(points: Embedding) -> None:
    source = "data:image/webp;base64,AAAA"
    figure = sound(figures.embedding(points, {"c": source, "gone": source}, selected="d", narrow=True))
    (image,), (mark,) = figure.layout.images, figure.layout.shapes
    assert (image.x, image.y, image.source) == (2, 1, source)
    assert ((mark.x0 + mark.x1) / 2, (mark.y0 + mark.y1) / 2) == (0, 1)
    assert figure.layout.showlegend is False and not figures.embedding(points, selected="gone").layout.shapes


def test_more_is_said_of_some_images(points: Embedding) -> None:
    figure = figures.embedding(points, notes={"c": "answer <dog>"})
    hovers = {
        key[0]: text for trace in figure.data for key, text in zip(trace.customdata, trace.hovertext, strict=True)
    }
    assert hovers["c"].endswith("query<br>answer &lt;dog&gt;") and hovers["d"].endswith("query")


def test_many_classes_are_told_apart() -> None:
    assert len({look(of_class) for of_class in range(64)}) == 64
