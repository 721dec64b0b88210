"""The matching figure: bands, cells, brightness."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from fsl_core.figures import Cell, flow_formula, flows_of, matching, strongest
from fsl_core.figures.bands import band
from fsl_core.figures.panes import Pane, dimmed, lattice, panes, picture, shades
from fsl_core.records import Flow, Regions, cells
from tests.figures.conftest import make_flow


def bands(figure) -> list[str]:
    """Paths of the bands: each flow is drawn twice, as a casing and as itself."""
    paths = [shape.path for shape in figure.layout.shapes if shape.type == "path" and "C" in shape.path]
    assert paths[::2] == paths[1::2]
    return paths[::2]


def ends(path: str) -> tuple[tuple[float, float], tuple[float, float]]:
    points = [tuple(map(float, point.split(","))) for point in re.findall(r"-?[\d.]+,-?[\d.]+", path)]
    return points[0], points[-1]


def test_flows_are_found_and_ordered_by_mass(flow: Flow) -> None:
    assert flows_of(flow, Cell("query", 0)) == [(0, 1), (0, 4)]
    assert flows_of(flow, Cell("support", 5)) == [(2, 5)]
    assert flows_of(flow, Cell("query", 3)) == []
    assert strongest(flow) == [(2, 0), (1, 2), (0, 1)]
    assert strongest(flow, 1) == [(0, 1)]


def test_a_regions_formula_by_pencil(flow: Flow) -> None:
    """Similarities are -0.5 + 1.5 node / 23: at (0, 1) -0.435, at (0, 4) -0.239."""
    said = flow_formula(flow, Cell("query", 0))
    assert said == (
        "**query region (0, 0)** adds 12.5 · (0.3000 · -0.435 + 0.1000 · -0.239) = **-1.9293** to the logit"
    )
    assert flow_formula(flow, Cell("query", 3)) == "No mass flows from **query region (1, 1)**."
    even = make_flow((2, 2), (2, 3), np.full((4, 6), 1 / 24))
    said = flow_formula(even, Cell("support", 5))
    assert "support region (1, 2)" in said and "*(1 more)*" in said
    assert float(re.findall(r"\*\*([+-][\d.]+)\*\*", said)[0]) == pytest.approx(
        even.flow_contributions[:, 5].sum(), abs=1e-4
    )


def test_cells_can_be_clicked_by_their_ids(flow: Flow) -> None:
    _, query, support = matching(flow).data
    assert [tuple(cell) for cell in query.customdata] == [("query", node) for node in range(4)]
    assert [tuple(cell) for cell in support.customdata] == [("support", node) for node in range(6)]
    assert list(query.x) == [0.25, 0.75, 0.25, 0.75]
    assert list(query.y) == [0.25, 0.25, 0.75, 0.75]
    assert 0 < query.marker.opacity == query.unselected.marker.opacity <= 0.01


@pytest.mark.parametrize("stacked", [False, True])
def test_bands_join_the_right_regions(flow: Flow, stacked: bool) -> None:
    figure = matching(flow, Cell("query", 0), stacked)
    _, query, support = figure.data
    expected = [((query.x[0], query.y[0]), (support.x[node], support.y[node])) for node in (1, 4)]
    for path, points in zip(bands(figure), expected, strict=True):
        np.testing.assert_allclose(ends(path), points, atol=1e-4)
    assert (min(support.y) > 1) == stacked
    assert (min(support.x) > 1) != stacked


def test_thickness_and_labels_follow_the_share_of_the_selected_mass(flow: Flow) -> None:
    figure = matching(flow, Cell("query", 0))
    widths = [shape.line.width for shape in figure.layout.shapes if shape.type == "path" and "C" in shape.path][1::2]
    assert widths[0] / widths[1] == pytest.approx(0.3 / 0.1)
    assert [note.text for note in figure.layout.annotations if "%" in note.text] == ["75 %", "25 %"]


def test_without_a_selection_the_largest_flow_of_each_region_with_mass_is_drawn(flow: Flow) -> None:
    assert len(bands(matching(flow))) == 3


def test_hover_states_weight_flow_similarity_and_contribution(flow: Flow) -> None:
    _, query, support = matching(flow, Cell("query", 0)).data
    similarity = -0.5 + 1.5 * 4 / 23
    assert "Support region (1, 1)" in support.hovertext[4]
    assert "10.00% of the mass" in support.hovertext[4]
    assert f"{similarity:+.3f}" in support.hovertext[4]
    assert f"{12.5 * 0.1 * similarity:+.4f}" in support.hovertext[4]
    assert "weight 40.00%" in query.hovertext[0]


def test_brightness_follows_the_weights() -> None:
    white = np.full((8, 8, 3), 255, np.uint8)
    pane = Pane("query", white, Regions(cells(1, 2)), "Query", left=1.5)
    part = dimmed(pane, np.array([0.0, 1.0]))
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(part["source"].split(",")[1]))))
    assert pixels[:, -10:].mean() > 250
    assert 15 < pixels[:, :10].mean() < 60
    dark, bright = shades(pane, np.array([0.0, 1.0]))
    assert (dark["path"], bright["path"]) == ("M1.5,0.0H2.0V1.0H1.5Z", "M2.0,0.0H2.5V1.0H2.0Z")
    assert (dark["fillcolor"], bright["fillcolor"]) == ("rgba(0,0,0,0.88)", "rgba(0,0,0,0.0)")
    assert len(shades(pane, np.array([0.5, 0.5]))) == 1


@pytest.mark.parametrize(("query_grid", "support_grid"), [((10, 10), (5, 5)), ((1, 1), (1, 1)), ((5, 5), (1, 1))])
def test_grids_of_any_size(query_grid: tuple[int, int], support_grid: tuple[int, int]) -> None:
    n, m = query_grid[0] * query_grid[1], support_grid[0] * support_grid[1]
    flow = make_flow(query_grid, support_grid, np.full((n, m), 1 / (n * m)))
    for selected in (None, Cell("query", n - 1), Cell("support", 0)):
        figure = matching(flow, selected)
        assert [len(trace.x) for trace in figure.data[1:]] == [n, m]
        json.loads(figure.to_json(), parse_constant=pytest.fail)


def test_a_region_without_mass_has_no_bands(flow: Flow) -> None:
    assert bands(matching(flow, Cell("query", 3))) == []


@pytest.mark.parametrize("stacked", [False, True])
def test_tiles_have_targets_bands_and_labels_in_their_places(sheets: Flow, stacked: bool) -> None:
    figure = matching(sheets, Cell("query", 2), stacked)
    _, query, support = figure.data
    np.testing.assert_allclose(query.x, [0.7, 0.1, 0.3, 0.1, 0.3])
    np.testing.assert_allclose(query.y, [0.2, 0.1, 0.1, 0.3, 0.3])
    assert [cell[1] for cell in query.customdata] == list(range(5))
    for path, node in zip(bands(figure), (2, 0), strict=True):
        np.testing.assert_allclose(ends(path), [(0.3, 0.1), (support.x[node], support.y[node])], atol=1e-4)
    labels = [note for note in figure.layout.annotations if "%" in note.text]
    assert [note.text for note in labels] == ["40 %", "60 %"]
    np.testing.assert_allclose([note.y - min(support.y) for note in labels], 0.48 * 0.3)
    assert "<b>Query level 2x2, region (0, 1)</b>" in query.hovertext[2]
    assert "<b>Support patch 2</b>" in support.hovertext[2]


def test_the_nearest_target_is_the_tile_under_the_pointer(sheets: Flow) -> None:
    """Plotly takes the point whose square's edge is nearest; a picture is 410 pixels wide."""
    query = matching(sheets).data[1]
    middles, reach = np.stack([query.y, query.x], axis=1) * 410, np.array(query.marker.size) / 2
    for y, x in np.random.default_rng(0).random((300, 2)):
        top, left, bottom, right = sheets.query_boxes.T
        tile = np.flatnonzero((top < y) & (y < bottom) & (left < x) & (x < right))
        near = np.argmin(np.hypot(*(middles - [410 * y, 410 * x]).T) - reach)
        straight = len(tile) and np.abs(middles[tile[0]] - [410 * y, 410 * x]).min() < 2  # not in a tile's corner
        assert not straight or near == tile[0]


@pytest.mark.parametrize("stacked", [False, True])
def test_bands_never_turn_back(sheets: Flow, stacked: bool) -> None:
    """From the query to the support picture the points of a band lie one behind the other along the flow."""
    shown = panes(sheets, stacked)
    for pair in [(0, 0), (1, 2), (4, 1)]:
        points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", band(*shown, pair, stacked))
        along = [float(point[1 if stacked else 0]) for point in points]
        assert along == sorted(along)


@pytest.mark.parametrize("stacked", [False, True])
def test_no_two_regions_share_a_lane(sheets: Flow, stacked: bool) -> None:
    """Lanes lie within their region's height and differ, also between tiles of different sizes beside each other."""
    query, support = panes(sheets, stacked)
    lanes = []
    for node in query.nodes:
        points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", band(query, support, (node, 1), stacked))
        border = 0.4 if stacked else 1.0  # of the sheet of tiles, or of the plane's half
        edge = {float(point[0 if stacked else 1]) for point in points if float(point[1 if stacked else 0]) == border}
        low, high = sheets.query_boxes[node][[1, 3] if stacked else [0, 2]]
        assert len(edge) == 1 and low < min(edge) < high
        lanes += edge
    assert min(np.diff(sorted(lanes))) > 0.01


def test_a_sheet_is_transparent_outside_its_tiles_and_dimmed_tile_by_tile(sheets: Flow) -> None:
    pane = Pane("query", np.full((100, 100, 3), 250, np.uint8), sheets.query_regions, "Query")
    for part, bright in ((dimmed(pane, np.array([1.0, 0.0, 1.0, 1.0, 0.5])), [250, 30, 250, 250, 140]),
                         (picture(pane), [250] * 5)):  # fmt: skip
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(part["source"].split(",")[1]))))
        size = len(pixels)
        for (top, left, bottom, right), light in zip(sheets.query_boxes, bright, strict=True):
            inner = pixels[int(top * size) + 9 : int(bottom * size) - 9, int(left * size) + 9 : int(right * size) - 9]
            assert (inner[..., 3] == 255).all()
            assert np.abs(inner[..., :3].astype(float) - light).max() < 8
        assert not pixels[size // 2 :, :, 3].any() and not pixels[:, int(0.93 * size) :, 3].any()
    assert len(shades(pane, np.array([0.5, 0.5, 0.1, 0.1, 0.1]))) == 2
    assert lattice(pane)["path"].count("Z") == 5
