"""Figures of alignments: what is lit, labelled, said and clicked; one scale for two backbones."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fsl_core import figures
from fsl_core.figures import Cell
from fsl_core.figures.alignment import APART, looked_at
from fsl_core.figures.panes import DARKEST
from fsl_core.records import Aligned, Alignment, Regions, cells


def make_alignment(
    first: tuple[int, int] = (2, 2), second: tuple[int, int] = (2, 2), attends: bool = True
) -> Alignment:
    """Attention from affinities that run evenly; cosines that run evenly from -0.5 to 1."""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3)).astype(np.uint8)

    def direction(n: int, m: int) -> Aligned:
        affinity = np.linspace(-1, 1, n * m).reshape(n, m)
        hard = np.eye(m)[affinity.argmax(axis=1)]
        soft = np.exp(affinity) / np.exp(affinity).sum(axis=1, keepdims=True)
        return Aligned(affinity, soft if attends else hard, np.linspace(-0.5, 1, n))

    n, m = (rows * columns for rows, columns in (first, second))
    record = Alignment(
        pixels[0], pixels[1], Regions(cells(*first)), Regions(cells(*second)), direction(n, m), direction(m, n),
        "mean", 0.0, attends,
    )  # fmt: skip
    return replace(record, score=record.aggregated)


def texts(figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


@pytest.mark.parametrize("attends", [True, False])
@pytest.mark.parametrize("grids", [((2, 2), (2, 2)), ((2, 3), (4, 1)), ((1, 1), (1, 1)), ((7, 7), (7, 7))])
@pytest.mark.parametrize("narrow", [False, True])
def test_every_figure_is_complete(grids: tuple, attends: bool, narrow: bool) -> None:
    record = make_alignment(*grids, attends)
    for figure in (
        figures.alignment(record, None, narrow),
        figures.alignment(record, Cell("query", 0), narrow),
        figures.alignment(record, Cell("support", 0), narrow),
        figures.spatial_similarities(record, narrow=narrow),
        figures.spatial_similarities(record, directions=True, narrow=narrow),
        figures.attention_heatmap(record, "query", 0),
        figures.attention_heatmap(record, "support"),
        figures.aligned_reconstruction(record, record.query_image),
        figures.aligned_reconstruction(record, record.support_image, "support"),
    ):
        assert figure.layout.height > 0
        assert figure.layout.paper_bgcolor == "rgba(0, 0, 0, 0)"
        json.loads(figure.to_json(), parse_constant=pytest.fail)


def test_regions_of_both_pictures_can_be_clicked() -> None:
    query, support = figures.alignment(make_alignment((2, 2), (2, 3))).data
    assert [tuple(cell) for cell in query.customdata] == [("query", node) for node in range(4)]
    assert [tuple(cell) for cell in support.customdata] == [("support", node) for node in range(6)]
    assert min(support.x) > 1 and max(support.y) < 1
    narrow = figures.alignment(make_alignment((2, 2), (2, 3)), narrow=True)
    assert min(narrow.data[1].y) > 1 and narrow.layout.height > figures.alignment(make_alignment()).layout.height


@pytest.mark.parametrize("cell", [Cell("query", 1), Cell("support", 2)])
def test_a_selected_region_shows_its_attention_over_the_other_picture(cell: Cell) -> None:
    record = make_alignment()
    values = looked_at(record, cell)
    np.testing.assert_array_equal(values, record.of(cell.side).attention[cell.node])
    figure = figures.alignment(record, cell)
    assert [text for text in texts(figure) if "%" in text] == [
        f"{share:.0%}".replace("%", " %") for share in -np.sort(-values)
    ]
    other = figure.data[1 if cell.side == "query" else 0]
    back = record.of("support" if cell.side == "query" else "query").attention[:, cell.node]
    for node in range(4):
        assert f"gets {values[node]:.2%} of the selected" in other.hovertext[node]
        assert f"gives it {back[node]:.2%} of its own" in other.hovertext[node]


def darkness(figure, beyond: float) -> list[float]:
    """Shade of each region of the picture at the right, by its place."""
    found = {}
    for shape in figure.layout.shapes:
        if shape.layer == "between":
            for border in shape.path.split("Z")[:-1]:
                left, top = map(float, border[1:].split("H")[0].split(","))
                if left >= beyond:
                    found[top, left] = float(shape.fillcolor.split(",")[3].rstrip(")"))
    return [found[place] for place in sorted(found)]


def test_two_figures_can_share_the_meaning_of_full_brightness() -> None:
    record = make_alignment()
    own = darkness(figures.alignment(record, Cell("query", 1)), 1.4)
    assert own[-1] == 0 and sorted(own, reverse=True) == own
    share = record.query.attention[1, 3]
    shared = darkness(figures.alignment(record, Cell("query", 1), most=4 * share), 1.4)
    assert shared[-1] == pytest.approx((1 - DARKEST) * (1 - 0.25 - 0.75 * 0.5), abs=0.006)


def test_without_attention_the_cosines_are_shown_and_said() -> None:
    record = make_alignment(attends=False)
    figure = figures.alignment(record, Cell("query", 3))
    assert f"{record.query.affinity[3, 3]:+.2f}" in texts(figure)
    assert not any("%" in text for text in texts(figure))
    assert "cosine with the selected region" in figure.data[1].hovertext[0]
    assert "no attention heads" in figures.spatial_similarities(record).layout.title.text
    assert "no attention heads" in figures.alignment_formula(record, Cell("query", 0))


def test_the_map_lies_over_both_pictures_on_one_scale() -> None:
    record = make_alignment()
    figure = figures.spatial_similarities(record)
    heats = [trace for trace in figure.data if trace.type == "heatmap"]
    assert [heat.showscale for heat in heats] == [None, False]
    for heat in heats:
        np.testing.assert_allclose(np.ravel(heat.z), record.similarities[0])
        assert (heat.zmin, heat.zmax) == (-2, 2)
    assert min(heats[1].x) == pytest.approx(1 + APART)
    assert "+2.00" in texts(figure)
    each = figures.spatial_similarities(record, directions=True)
    np.testing.assert_allclose(np.ravel(each.data[1].z), record.support.cosine)
    assert f"score {record.score:.3f}" in figure.layout.title.text and "residual" in figure.layout.title.text


def test_two_backbones_on_one_scale() -> None:
    record = make_alignment()
    weak = replace(record, query=replace(record.query, cosine=record.query.cosine / 4), attends=False)
    most = figures.largest_similarity(weak, record)
    assert most == 2 and figures.largest_similarity(weak) < 2
    assert figures.largest_similarity(weak, record, directions=True) == 1
    for one in (weak, record):
        assert figures.spatial_similarities(one, most=most).data[0].zmax == 2


def test_hover_says_what_a_similarity_is_made_of() -> None:
    record = make_alignment()
    query = next(trace for trace in figures.spatial_similarities(record).data if trace.type == "scatter")
    assert "aligned +0.000" in query.hovertext[1] and "similarity +0.000" in query.hovertext[1]
    assert "spatial similarity +2.000" in query.hovertext[3]


def test_the_matrix_has_the_query_in_rows_in_both_directions() -> None:
    record = make_alignment((2, 2), (2, 3))
    forth, back = figures.attention_heatmap(record).data[0].z, figures.attention_heatmap(record, "support").data[0].z
    np.testing.assert_allclose(forth.sum(axis=1), 100)
    np.testing.assert_allclose(back.sum(axis=0), 100)
    assert forth.shape == back.shape == (4, 6)


def test_the_formula_is_filled_with_the_regions_numbers() -> None:
    record = make_alignment()
    text = figures.alignment_formula(record, Cell("query", 2), 1)
    row = record.query.affinity[2]
    assert f"{np.exp(row[1]) / np.exp(row).sum():.4f}" in text
    assert "query (1, 0), support (0, 1)" in text and "= **+0.5000**" in text
    assert "0.5000 + 0.5000 (the other direction) = **1.0000**" in text
    assert f"mean of all 4 = **{record.aggregated:.4f}**" in text and "residual" in text
    assert "added" in figures.alignment_formula(make_alignment((2, 2), (1, 3)), Cell("support", 0))


def test_small_pictures_keep_their_titles_and_drop_numbers_that_would_not_fit() -> None:
    record = make_alignment()
    large, small = (figures.spatial_similarities(record, side=side) for side in (None, 90))
    numbers = [sum("+" in note.text or "-" in note.text for note in one.layout.annotations) for one in (large, small)]
    assert numbers == [8, 0] and small.layout.height < large.layout.height / 2
    assert "<br>" in small.layout.title.text and "<br>" not in large.layout.title.text
    for side in (None, 90):
        drawn = figures.alignment(record, Cell("query", 0), side=side)
        bottom, top = drawn.layout.yaxis.range
        assert -top * drawn.layout.height / (bottom - top) >= 25.5  # pixels over the pictures
