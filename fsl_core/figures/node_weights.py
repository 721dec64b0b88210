"""How much each region counts: a query under every support image's eyes, and by every rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.layers import LEGIBLE, Layer, Look, overlay
from fsl_core.figures.panes import BETWEEN, Cell, Pane, outline, tiled
from fsl_core.figures.theme import (
    INK,
    PAPER,
    SIGNED,
    UNSIGNED,
    WARM,
    colour_bar,
    figure,
    label,
    signed_range,
    unsigned_range,
)
from fsl_core.records import NodeWeights, Picture, Side

COLUMNS = {False: 5, True: 2}  # small pictures in a row, on wide and on narrow screens
SMALL = {False: 190, True: 165}  # of a small picture in pixels
LARGE = {False: 290, True: 165}  # of one of two pictures
LEAST = {False: 0.15, True: 0.17}  # sides of a small picture: regions that hold a number
ROW = 26  # pixels of a line of the matrix
HEAD = 14  # pixels above small pictures
TITLE = 22  # characters over a small picture
UNIT = "weight (% of the mass)"
TITLES = {"cross_reference": "cross-reference", "equal": "equal", "kmeans": "k-means", "mean_shift": "mean shift"}


def weight_pair(record: NodeWeights, target: int = 0, selected: Cell | None = None, narrow: bool = False) -> go.Figure:
    """The query and one image that it is compared to, each with the weights that its regions have for the other.

    Args:
        target: row of the image.
        selected: region that is marked.
        narrow: smaller pictures, for narrow screens.
    """
    sides: tuple[Side, Side] = ("query", "support")
    own, other = (record.picture(side, target) for side in sides)
    titles = ("Query", label(other.name, TITLE))
    shown = [
        replace(tiled([(title, one.image, one.regions)], side, 1)[0], left=place * (1 + BETWEEN))
        for place, (side, title, one) in enumerate(zip(sides, titles, (own, other), strict=True))
    ]
    weights = [record.of(side)[target] for side in sides]
    names = (label(other.name), label(own.name))
    layers = [
        Layer(pane, 100 * weight, _hovers(pane, weight, pane.title, name))
        for pane, weight, name in zip(shown, weights, names, strict=True)
    ]
    look = Look(UNSIGNED, unsigned_range(100 * np.concatenate(weights)), UNIT, "{:.1f}")
    return _roomy(overlay(layers, look, LEAST[narrow], LARGE[narrow], _marks(shown, selected)))


def node_weights(
    record: NodeWeights,
    side: Side = "query",
    narrow: bool = False,
    most: float | None = None,
    selected: Cell | None = None,
) -> go.Figure:
    """The query once for each image that it is compared to, with the weights that its regions then have.

    All on one colour scale. `customdata` of a clicked region: side, node, row of the image compared to.

    Args:
        side: "support" shows the images compared to instead, with their own weights.
        narrow: two in a row, with fewer numbers.
        most: weight at the end of the scale, in [0, 1]; None = the largest one.
        selected: region that is marked in every picture.
    """
    rows = [
        (label(f"{'for ' if side == 'query' else ''}{one.name}", TITLE), record.picture(side, row), weight, one.name)
        for row, (one, weight) in enumerate(zip(record.targets, record.of(side), strict=True))
    ]
    return _tiles(rows, side, narrow, most, selected)


def weight_rules(
    records: Mapping[str, NodeWeights],
    target: int = 0,
    side: Side = "query",
    narrow: bool = False,
    selected: Cell | None = None,
) -> go.Figure:
    """One picture with the weights that each rule gives to its regions, on one colour scale (DeepEMD, Table 2).

    `customdata` of a clicked region: side, node, place of the rule.

    Args:
        target: row of what the query is compared to.
        side: whose weights are shown.
        selected: region that is marked in every picture.
    """
    rows = [
        (TITLES[rule], record.picture(side, target), record.of(side)[target], record.targets[target].name)
        for rule, record in records.items()
    ]
    return _tiles(rows, side, narrow, None, selected)


def _tiles(
    rows: Sequence[tuple[str, Picture, Float[np.ndarray, " nodes"], str]],
    side: Side,
    narrow: bool,
    most: float | None,
    selected: Cell | None,
) -> go.Figure:
    """Small pictures with weights over them; a row: title, picture, weights, name of what the query is compared to."""
    pictures = [(title, one.image, one.regions) for title, one, _, _ in rows]
    shown = tiled(pictures, side, min(COLUMNS[narrow], len(rows)))
    limits = unsigned_range(np.concatenate([100 * weight for _, _, weight, _ in rows]))
    layers = [
        Layer(pane, 100 * weight, _hovers(pane, weight, title, label(name)))
        for pane, (title, _, weight, name) in zip(shown, rows, strict=True)
    ]
    look = Look(UNSIGNED, limits if most is None else (0.0, 100 * most), UNIT, "{:.0f}")
    drawn = overlay(layers, look, LEAST[narrow], SMALL[narrow], _marks(shown, selected))
    clickable = [trace for trace in drawn.data if trace.type == "scatter"]
    for row, trace in enumerate(clickable):
        trace.customdata = [[side, node, row] for node in shown[row].nodes]
    return _roomy(drawn)


def _roomy(drawn: go.Figure) -> go.Figure:
    """Small pictures leave no room for the titles above the first row."""
    return drawn.update_layout(height=drawn.layout.height + HEAD, margin={"t": HEAD})


def _marks(shown: Sequence[Pane], selected: Cell | None) -> list[dict[str, Any]]:
    """The selected region, outlined wherever it is shown."""
    return [
        outline(pane, selected.node, colour, width)
        for pane in shown
        if selected and pane.side == selected.side
        for colour, width in ((INK, 5.0), (PAPER, 2.5))
    ]


def _hovers(pane: Pane, weight: Float[np.ndarray, " nodes"], title: str, name: str) -> list[str]:
    return [
        f"<b>{pane.side} {pane.name(node)}</b> · {title}<br>compared with {name}<br>weight {weight[node]:.2%} of the "
        f"mass, {weight[node] * len(weight):.2f} times an equal share"
        for node in pane.nodes
    ]


def weight_difference(
    record: NodeWeights, pair: tuple[int, int], selected: Cell | None = None, narrow: bool = False
) -> go.Figure:
    """Which regions of the query weigh more for one image (orange), and which more for another one (blue).

    Args:
        pair: rows of the two images.
        selected: region that is marked.
        narrow: for narrow screens, with fewer numbers.
    """
    pane = Pane("query", record.query.image, record.query.regions, "Query")
    one, other = (100 * record.query_weight[row] for row in pair)
    names = [label(record.targets[row].name, TITLE) for row in pair]
    hovers = [
        f"<b>Query {pane.name(node)}</b><br>for {names[0]}: {one[node]:.2f} % of the mass<br>for {names[1]}: "
        f"{other[node]:.2f} %<br>difference {one[node] - other[node]:+.2f} percentage points"
        for node in pane.nodes
    ]
    look = Look(SIGNED, signed_range(one - other), "difference (percentage points)", "{:+.1f}")
    drawn = overlay([Layer(pane, one - other, hovers)], look, LEGIBLE[narrow], None, _marks([pane], selected))
    return _headed(drawn, f"{record.apart[pair]:.1%} of the weight lies elsewhere")


def weight_spread(record: NodeWeights, narrow: bool = False, selected: Cell | None = None) -> go.Figure:
    """How much each region's weight depends on what the query is compared to: largest minus smallest weight.

    Args:
        narrow: for narrow screens, with fewer numbers.
        selected: region that is marked.
    """
    pane = Pane("query", record.query.image, record.query.regions, "Query")
    percentages = 100 * record.query_weight
    spread = 100 * record.spread
    least, most = (percentages.argmin(axis=0), percentages.argmax(axis=0))
    names = [label(one.name, TITLE) for one in record.targets]
    hovers = [
        f"<b>Query {pane.name(node)}</b><br>weight {percentages[:, node].min():.2f} % (for {names[least[node]]}) to "
        f"{percentages[:, node].max():.2f} % (for {names[most[node]]})<br>mean {100 * record.mean[node]:.2f} %, "
        f"spread {spread[node]:.2f} percentage points"
        for node in pane.nodes
    ]
    look = Look(UNSIGNED, unsigned_range(spread), "spread (percentage points)", "{:.1f}")
    drawn = overlay([Layer(pane, spread, hovers)], look, LEGIBLE[narrow], None, _marks([pane], selected))
    return _headed(drawn, f"{record.moved:.1%} elsewhere for another image, on average")


def _headed(drawn: go.Figure, text: str) -> go.Figure:
    look = {"text": text.replace("%", " %", 1), "font": {"size": 13}, "x": 0, "xanchor": "left"}
    return drawn.update_layout(title=look, margin={"t": 34})


def weight_matrix(
    record: NodeWeights, selected: int | None = None, most: float | None = None, narrow: bool = False
) -> go.Figure:
    """Weights of the query's regions (columns) for each image that it is compared to (rows).

    Args:
        selected: row that is marked.
        most: weight at the end of the scale, in [0, 1]; None = the largest one.
        narrow: shorter names, for narrow screens.
    """
    regions, values = record.query.regions, 100 * record.query_weight
    names = [label(one.name, TITLE // 2 if narrow else TITLE) for one in record.targets]
    ids = list(range(len(names)))
    said = [[f"{name}<br>query region {regions.name(node)}" for node in range(len(regions))] for name in names]
    heat = go.Heatmap(
        z=values, x=list(range(len(regions))), y=ids, text=said, colorscale=UNSIGNED,
        zmin=0, zmax=unsigned_range(values)[1] if most is None else 100 * most, xgap=0.5, ygap=0.5,
        colorbar=colour_bar("% of the mass"), hovertemplate="%{text}<br>weight %{z:.2f} % of the mass<extra></extra>",
    )  # fmt: skip
    marks = []
    if selected is not None:
        place = {"x0": -0.5, "x1": len(regions) - 0.5, "y0": selected - 0.5, "y1": selected + 0.5}
        marks = [{"type": "rect", **place, "line": {"color": WARM, "width": 2}}]
    step = regions.grid[1] if regions.grid else max(1, len(regions) // 10)
    starts = list(range(0, len(regions), step))
    look = {"showgrid": False, "zeroline": False, "automargin": True, "tickmode": "array"}
    across = {"tickvals": starts, "ticktext": [regions.name(node) if regions.grid else str(node) for node in starts]}
    return figure(
        [heat], 140 + ROW * len(names), shapes=marks,
        xaxis={**look, **across, "tickangle": -90, "title": {"text": "query region"}},
        yaxis={**look, "tickvals": ids, "ticktext": names, "autorange": "reversed"},
    )  # fmt: skip


def weights_formula(record: NodeWeights, target: int, node: int, side: Side = "query") -> str:
    """How the weight of a region of the query, or of the image it is compared to, comes about; Markdown, with numbers.

    Args:
        target: row of the image.
    """
    raw, weights, count = record.raw(side)[target], record.of(side)[target], record.of(side).shape[1]
    rules = {
        "cross_reference": "max(region · mean region of the other image, 0) + floor",
        "equal": "1 + floor",
    }
    source = rules.get(record.rule, "size of the region's cluster + floor")
    return (
        f"**weight** of {side} {record.picture(side, target).regions.name(node)} = ({source}) / Σ = {raw[node]:.5g} / "
        f"{raw.sum():.5g} = **{weights[node]:.2%}**; times {count} regions = {weights[node] * count:.3f}, as the paper "
        f"writes it; all weights sum to {weights.sum():.6f}"
    )
