"""Region by region: the plan and the similarity as heat maps; class by class: the confusion matrix."""

from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.panes import Pane, Pictures, panes
from fsl_core.figures.theme import INK, SIGNED, UNSIGNED, WARM, colour_bar, figure, label, signed_range, unsigned_range
from fsl_core.records import Flow, Scores

NO_MASS = 1e-9  # plans sum to 1; less than this is a solver's rounding


def plan_heatmap(flow: Flow, selected: int | None = None, most: float | None = None) -> go.Figure:
    """How much mass flows from each query region (row) to each support region (column); empty = none.

    Args:
        selected: query node whose row is marked.
        most: flow at the upper end of the scale, for plans that are to be compared; None = the largest one.
    """
    mass = np.where(flow.plan > NO_MASS, 100 * flow.plan, np.nan)
    limits = unsigned_range(mass) if most is None else (0.0, 100 * most)
    return pairs(flow, mass, (UNSIGNED, limits, "flow (% of the mass)", "flow %{z:.3f} % of the mass"), selected)


def plan_difference(one: Flow, other: Flow) -> go.Figure:
    """How much more (orange) or less (blue) mass flows between two regions in the first of two plans."""
    more = 100 * (one.plan - other.plan)
    more = np.where(np.abs(more) > 100 * NO_MASS, more, np.nan)
    limits = signed_range(more)
    return pairs(one, more, (SIGNED, limits, "difference (% of the mass)", "difference %{z:+.3f} % of the mass"), None)


def similarity_heatmap(flow: Flow, selected: int | None = None) -> go.Figure:
    """How alike each query region (row) and each support region (column) are; the scale covers at least -1 to 1."""
    limits = signed_range(flow.similarity, least=1.0)
    return pairs(flow, flow.similarity, (SIGNED, limits, "similarity", "similarity %{z:+.3f}"), selected)


def pairs(
    pictures: Pictures,
    values: Float[np.ndarray, "n m"],
    look: tuple[list[tuple[float, str]], tuple[float, float], str, str],
    selected: int | None,
) -> go.Figure:
    """A matrix of query regions by support regions; `look` is the scale, its limits, the bar's title and the hover."""
    scale, (low, high), title, hover = look
    query, support = panes(pictures)
    heat = go.Heatmap(
        z=values, x=_names(support), y=_names(query),
        zmin=low, zmax=high, colorscale=scale, colorbar=colour_bar(title), xgap=0.5, ygap=0.5, hoverongaps=False,
        hovertemplate=f"query {query.word}%{{y}}<br>support {support.word}%{{x}}<br>{hover}<extra></extra>",
    )  # fmt: skip
    marks: list[dict[str, Any]] = []
    if selected is not None:
        place = {"x0": -0.5, "x1": len(support.nodes) - 0.5, "y0": selected - 0.5, "y1": selected + 0.5}
        marks = [{"type": "rect", **place, "line": {"color": WARM, "width": 2}}]
    return figure(
        [heat], 440, shapes=marks,
        xaxis={**_axis(support), "tickangle": -90}, yaxis={**_axis(query), "autorange": "reversed"},
    )  # fmt: skip


def _names(pane: Pane) -> list[str]:
    return [pane.regions.name(node) for node in pane.nodes]


def _axis(pane: Pane) -> dict[str, Any]:
    """An axis of regions that marks the first one of each row: by its place in the grid, else by its number."""
    names, corners = _names(pane), pane.regions.boxes[:, :2].round(6).tolist()
    starts = [0]
    for node, ((above, before), (top, left)) in enumerate(pairwise(corners), start=1):
        if top != above or left <= before:
            starts.append(node)
    frame = {
        "showgrid": False,
        "zeroline": False,
        "showline": True,
        "mirror": True,
        "linecolor": "rgba(128, 138, 156, 0.4)",
    }
    return {
        "type": "category",
        "tickmode": "array",
        "tickvals": [names[node] for node in starts],
        "ticktext": [names[node] if pane.regions.grid else str(node) for node in starts],
        "title": {"text": f"{pane.side} region ({'row, column' if pane.regions.grid else 'number'})"},
        "constrain": "domain",
        "automargin": True,
        **frame,
    }


def confusion_matrix(scores: Scores) -> go.Figure:
    """Number of queries of each true class (row) by predicted class (column); the framed diagonal is correct.

    `customdata` of a clicked point: the rows of its true and of its predicted class.
    """
    counts, names = scores.confusion, [label(name, 18) for name in scores.class_names]
    ids = list(range(len(names)))
    heat = go.Heatmap(
        z=counts, x=ids, y=ids, colorscale=UNSIGNED, zmin=0, zmax=unsigned_range(counts)[1], showscale=False,
        xgap=2, ygap=2, hoverinfo="skip",
    )  # fmt: skip
    cells = [(row, column) for row in ids for column in ids]
    unseen = {"marker": {"opacity": 0.01}}
    targets = go.Scatter(
        x=[column for _, column in cells], y=[row for row, _ in cells], mode="markers", customdata=cells,
        marker={"symbol": "square", "size": 38, "opacity": 0.01, "color": INK}, selected=unseen, unselected=unseen,
        hovertext=[f"true class {names[row]}<br>predicted {names[column]}<br>{counts[row, column]} queries"
                   for row, column in cells],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    strong = counts > 0.5 * counts.max()
    notes = [
        {"x": column, "y": row, "text": str(counts[row, column]), "showarrow": False,
         **({"font": {"color": INK}} if strong[row, column] else {"opacity": 1.0 if counts[row, column] else 0.45})}
        for row in ids for column in ids
    ]  # fmt: skip
    frames = [{"type": "rect", "x0": i - 0.48, "x1": i + 0.48, "y0": i - 0.48, "y1": i + 0.48,
               "line": {"color": WARM, "width": 1.5}} for i in ids]  # fmt: skip
    axis = {
        "tickmode": "array",
        "tickvals": ids,
        "ticktext": names,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
    return figure(
        [heat, targets], max(220, 110 + 44 * len(ids)), annotations=notes, shapes=frames,
        xaxis={**axis, "title": {"text": "predicted class"}, "side": "bottom", "range": [-0.5, len(ids) - 0.5]},
        yaxis={**axis, "title": {"text": "true class"}, "range": [len(ids) - 0.5, -0.5]},
    )  # fmt: skip
