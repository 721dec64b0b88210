"""How much each region counts: a query under every support image's eyes, and by every rule."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.layers import LEGIBLE, Layer, Look, overlay
from fsl_core.figures.panes import Pane, tiled
from fsl_core.figures.theme import UNSIGNED, WARM, colour_bar, figure, label, unsigned_range
from fsl_core.records import NodeWeights, Picture, Side

COLUMNS = {False: 5, True: 2}  # small pictures in a row, on wide and on narrow screens
SMALL = {False: 190, True: 165}  # of a small picture in pixels
LEAST = {False: 0.15, True: 0.17}  # sides of a small picture: regions that hold a number
ROW = 26  # pixels of a line of the matrix
TITLE = 22  # characters over a small picture
UNIT = "weight (% of the mass)"
TITLES = {"cross_reference": "cross-reference", "equal": "equal", "kmeans": "k-means", "mean_shift": "mean shift"}


def node_weights(
    record: NodeWeights, side: Side = "query", narrow: bool = False, most: float | None = None
) -> go.Figure:
    """The query once for each image that it is compared to, with the weights that its regions then have.

    All on one colour scale. `customdata` of a clicked region: side, node, row of the image compared to.

    Args:
        side: "support" shows the images compared to instead, with their own weights.
        narrow: two in a row, with fewer numbers.
        most: weight at the end of the scale, in [0, 1]; None = the largest one.
    """
    shown = [record.query] * len(record.targets) if side == "query" else record.targets
    titles = [label(f"{'for ' if side == 'query' else ''}{one.name}", TITLE) for one in record.targets]
    hovers = [label(one.name) for one in record.targets]
    return _tiles(list(zip(titles, shown, record.of(side), hovers, strict=True)), side, narrow, most)


def weight_rules(
    records: Mapping[str, NodeWeights], target: int = 0, side: Side = "query", narrow: bool = False
) -> go.Figure:
    """One picture with the weights that each rule gives to its regions, on one colour scale (DeepEMD, Table 2).

    `customdata` of a clicked region: side, node, place of the rule.

    Args:
        target: row of what the query is compared to.
        side: whose weights are shown.
    """
    rows = []
    for rule, record in records.items():
        one = record.query if side == "query" else record.targets[target]
        rows.append((TITLES.get(rule, rule), one, record.of(side)[target], label(record.targets[target].name)))
    return _tiles(rows, side, narrow, None)


def _tiles(
    rows: Sequence[tuple[str, Picture, Float[np.ndarray, " nodes"], str]],
    side: Side,
    narrow: bool,
    most: float | None,
) -> go.Figure:
    """Small pictures with weights over them; a row: title, picture, weights, name of what the query is compared to."""
    pictures = [(title, one.image, one.regions) for title, one, _, _ in rows]
    shown = tiled(pictures, side, min(COLUMNS[narrow], len(rows)))
    limits = unsigned_range(np.concatenate([100 * weight for _, _, weight, _ in rows]))
    layers = [
        Layer(pane, 100 * weight, _hovers(pane, weight, title, name))
        for pane, (title, _, weight, name) in zip(shown, rows, strict=True)
    ]
    look = Look(UNSIGNED, limits if most is None else (0.0, 100 * most), UNIT, "{:.0f}")
    drawn = overlay(layers, look, LEAST[narrow], SMALL[narrow])
    clickable = [trace for trace in drawn.data if trace.type == "scatter"]
    for row, trace in enumerate(clickable):
        trace.customdata = [[side, node, row] for node in shown[row].nodes]
    return drawn


def _hovers(pane: Pane, weight: Float[np.ndarray, " nodes"], title: str, name: str) -> list[str]:
    return [
        f"<b>{pane.side} {pane.name(node)}</b> · {title}<br>compared with {name}<br>weight {weight[node]:.2%} of the "
        f"mass, {weight[node] * len(weight):.2f} times an equal share"
        for node in pane.nodes
    ]


def weight_spread(record: NodeWeights, narrow: bool = False) -> go.Figure:
    """How much each region's weight depends on what the query is compared to: largest minus smallest weight.

    Args:
        narrow: for narrow screens, with fewer numbers.
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
    drawn = overlay([Layer(pane, spread, hovers)], look, LEGIBLE[narrow])
    text = f"{record.moved:.1%} of the weight lies elsewhere for another image, on average"
    return drawn.update_layout(title={"text": text, "font": {"size": 13}, "x": 0, "xanchor": "left"}, margin={"t": 34})


def weight_matrix(record: NodeWeights, selected: int | None = None, most: float | None = None) -> go.Figure:
    """Weights of the query's regions (columns) for each image that it is compared to (rows).

    Args:
        selected: row that is marked.
        most: weight at the end of the scale, in [0, 1]; None = the largest one.
    """
    regions, values = record.query.regions, 100 * record.query_weight
    names = [label(one.name, TITLE) for one in record.targets]
    ids = list(range(len(names)))
    said = [[f"{name}<br>query region {regions.name(node)}" for node in range(len(regions))] for name in names]
    heat = go.Heatmap(
        z=values, x=list(range(len(regions))), y=ids, text=said, colorscale=UNSIGNED,
        zmin=0, zmax=unsigned_range(values)[1] if most is None else 100 * most, xgap=0.5, ygap=0.5,
        colorbar=colour_bar(UNIT), hovertemplate="%{text}<br>weight %{z:.2f} % of the mass<extra></extra>",
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
        [heat], 110 + ROW * len(names), shapes=marks,
        xaxis={**look, **across, "tickangle": -90, "title": {"text": "query region"}},
        yaxis={**look, "tickvals": ids, "ticktext": names, "autorange": "reversed"},
    )  # fmt: skip


def weights_formula(record: NodeWeights, target: int, node: int) -> str:
    """How the weight of a region of the query comes about, with its numbers, as Markdown."""
    raw, weight, count = record.query_raw[target], record.query_weight[target, node], record.query_weight.shape[1]
    rules = {
        "cross_reference": "max(region · mean region of the other image, 0) + floor",
        "equal": "1 + floor",
    }
    source = rules.get(record.rule, "size of the region's cluster + floor")
    return (
        f"**weight** of query {record.query.regions.name(node)} = ({source}) / Σ = {raw[node]:.5g} / {raw.sum():.5g} = "
        f"**{weight:.2%}**; times {count} regions = {weight * count:.3f}, as the paper writes it; all weights sum to "
        f"{record.query_weight[target].sum():.6f}"
    )
