"""Every other figure, and what all have in common."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from fsl_core import figures
from fsl_core.figures.theme import SIGNED, UNSIGNED, percent, signed_range, unsigned_range
from fsl_core.records import Flow, Scores
from tests.figures.conftest import make_flow

FLOW_FIGURES: list[Callable[[Flow], go.Figure]] = [
    figures.matching,
    figures.weights,
    lambda flow: figures.weights(flow, "support"),
    figures.contributions,
    figures.plan_heatmap,
    figures.similarity_heatmap,
    lambda flow: figures.reconstruction(flow, flow.query_image),
]


@pytest.mark.parametrize("draw", FLOW_FIGURES)
@pytest.mark.parametrize("grids", [((2, 2), (2, 3)), ((1, 1), (1, 1)), ((10, 10), (5, 5))])
def test_every_figure_is_complete_and_transparent(draw: Callable[[Flow], go.Figure], grids: tuple) -> None:
    n, m = (rows * columns for rows, columns in grids)
    plan = np.zeros((n, m))
    plan[0] = 1 / m  # every other query region has no mass
    figure = draw(make_flow(*grids, plan))
    assert isinstance(figure, go.Figure)
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.height > 0
    json.loads(figure.to_json(), parse_constant=pytest.fail)  # NaN and infinities are no JSON
    assert "http" not in figure.to_json()


@pytest.mark.parametrize("draw", FLOW_FIGURES)
def test_every_figure_shows_sheets_as_well(draw: Callable[[Flow], go.Figure], sheets: Flow) -> None:
    json.loads(draw(sheets).to_json(), parse_constant=pytest.fail)


def test_percent_never_claims_certainty() -> None:
    values = (1.0, 0.995, 0.994, 0.5, 0.01, 0.0099, 0.005, 0.0)
    expected = ["> 99 %", "> 99 %", "99 %", "50 %", "1 %", "< 1 %", "< 1 %", "< 1 %"]
    assert [percent(value) for value in values] == expected


def test_ranges() -> None:
    assert signed_range(np.array([-0.2, 0.1])) == (-0.2, 0.2)
    assert signed_range(np.array([-0.2, 0.1]), least=1.0) == (-1.0, 1.0)
    assert signed_range(np.zeros(3)) == (-1.0, 1.0)
    assert unsigned_range(np.array([0.0, np.nan, 3.0])) == (0.0, 3.0)
    assert unsigned_range(np.zeros(2)) == (0.0, 1.0)
    assert unsigned_range(np.full(2, np.nan)) == (0.0, 1.0)


def test_scales_fade_to_nothing_at_zero() -> None:
    alphas = [float(colour.rstrip(")").split(",")[-1]) for _, colour in SIGNED]
    assert alphas == alphas[::-1]
    assert [place for place, _ in SIGNED] == [0.0, 0.5, 0.5, 1.0]
    assert SIGNED[-1] == UNSIGNED[-1]


def test_contributions_are_signed_symmetric_and_add_up(flow: Flow) -> None:
    figure = figures.contributions(flow)
    heat = figure.data[0]
    expected = [12.5 * sum(flow.plan[i, j] * flow.similarity[i, j] for j in range(6)) for i in range(4)]
    np.testing.assert_allclose(np.asarray(heat.z).ravel(), expected)
    assert heat.zmin == -heat.zmax == -max(map(abs, expected))
    assert f"sum {sum(expected):.3f} · logit {flow.logit:.3f}" in figure.layout.title.text
    wrong = make_flow((2, 2), (2, 3), flow.plan, logit=flow.logit + 1)
    assert "residual 1e+00" in figures.contributions(wrong).layout.title.text


def test_weights_are_per_cent_from_zero(flow: Flow) -> None:
    heat = figures.weights(flow).data[0]
    np.testing.assert_allclose(heat.z, [[40, 25], [35, 0]])
    assert (heat.zmin, heat.zmax) == (0, 40)
    assert "%" in heat.colorbar.title.text
    np.testing.assert_allclose(figures.weights(flow, "support").data[0].z, [[20, 30, 25], [0, 10, 15]])


def test_numbers_over_tiles_lie_in_their_tiles(sheets: Flow) -> None:
    """The plane is cut along the tiles' edges; what lies between the tiles stays empty."""
    figure = figures.weights(sheets)
    heat = figure.data[0]
    x, y, z = np.asarray(heat.x), np.asarray(heat.y), np.asarray(heat.z)
    assert z.shape == (len(y) - 1, len(x) - 1)
    for down, across in np.random.default_rng(0).random((300, 2)):
        top, left, bottom, right = sheets.query_boxes.T
        tile = np.flatnonzero((top < down) & (down < bottom) & (left < across) & (across < right))
        row, column = np.searchsorted(y, down) - 1, np.searchsorted(x, across) - 1
        shown = z[row, column] if 0 <= row < len(z) and 0 <= column < len(z[0]) else np.nan
        np.testing.assert_allclose(shown, 100 * sheets.query_weight[tile[0]] if len(tile) else np.nan)
    assert [note.text for note in figure.layout.annotations[1:]] == ["40.0", "20.0", "25.0", "0.0", "15.0"]


def test_numbers_that_do_not_fit_are_left_to_the_pointer(sheets: Flow) -> None:
    thirds = replace(sheets, query_boxes=sheets.query_boxes * 0.6)
    for flow, narrow, count in ((sheets, True, 5), (thirds, False, 5), (thirds, True, 1)):
        for figure in (figures.weights(flow, narrow=narrow), figures.contributions(flow, narrow)):
            assert len(figure.layout.annotations) == 1 + count


def test_a_figure_is_as_high_as_its_sheets(sheets: Flow) -> None:
    """Tiles reach from 0 to 0.4 of the query and to 0.3 of the support picture; 0.1 and 0.3 would be nothing."""
    lower = replace(sheets, query_boxes=sheets.query_boxes + [0.1, 0, 0.1, 0])
    low, high = figures.weights(lower).layout.yaxis.range
    np.testing.assert_allclose([low, high], [0.51, 0.1 - 0.09])
    stacked = figures.matching(lower, stacked=True)
    assert min(stacked.data[2].y) - 0.15 == pytest.approx(0.5 + 0.3)
    assert stacked.layout.height == round(340 * (0.4 + 0.3 + 0.3 + 2 * 0.09))
    heading, other = stacked.layout.annotations
    assert (heading.y, other.y) == (pytest.approx(0.1 - 0.02), pytest.approx(0.5 + 0.3 + 0.3 + 0.02))


def test_axes_of_sheets_number_the_first_region_of_each_row(sheets: Flow) -> None:
    figure = figures.plan_heatmap(sheets, 2)
    assert list(figure.layout.yaxis.ticktext) == ["0", "1", "3"]
    assert list(figure.layout.yaxis.tickvals) == [figure.data[0].y[node] for node in (0, 1, 3)]
    assert list(figure.layout.xaxis.ticktext) == ["0"]
    assert "(number)" in figure.layout.yaxis.title.text
    assert "query %{y}<br>support %{x}" in figure.data[0].hovertemplate


def test_plan_shows_mass_and_marks_the_selected_row(flow: Flow) -> None:
    figure = figures.plan_heatmap(flow, 2)
    heat = figure.data[0]
    assert heat.z[0][1] == pytest.approx(30)
    assert np.isnan(heat.z[0][0])
    assert heat.x[4] == "(1, 1)"
    assert heat.y[2] == "(1, 0)"
    assert "support region" in figure.layout.xaxis.title.text
    assert "query region" in figure.layout.yaxis.title.text
    assert (figure.layout.shapes[0].y0, figure.layout.shapes[0].y1) == (1.5, 2.5)
    assert not figures.plan_heatmap(flow).layout.shapes


def test_similarity_covers_minus_one_to_one(flow: Flow) -> None:
    heat = figures.similarity_heatmap(flow).data[0]
    assert (heat.zmin, heat.zmax) == (-1, 1)
    np.testing.assert_allclose(heat.z, flow.similarity)


def test_reconstruction_names_the_patch_of_each_region(flow: Flow) -> None:
    figure = figures.reconstruction(flow, flow.query_image)
    assert len(figure.layout.images) == 2
    assert "support region (0, 1)" in figure.data[0].hovertext[0]


def test_confusion_matrix_counts_known_queries(scores: Scores) -> None:
    figure = figures.confusion_matrix(scores)
    np.testing.assert_array_equal(figure.data[0].z, [[1, 0, 0], [0, 0, 0], [0, 1, 0]])
    assert figure.layout.yaxis.title.text == "true class"
    assert figure.layout.xaxis.title.text == "predicted class"
    assert [note.text for note in figure.layout.annotations] == list("100000010")
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first class on top


def test_figures_need_no_torch() -> None:
    code = "import fsl_core.figures, sys; assert 'torch' not in sys.modules and 'streamlit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
