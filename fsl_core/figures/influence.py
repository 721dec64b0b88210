"""What each support image does to the answers: ranked for one query, and for all of them."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.theme import COOL, INK, PAPER, QUIET, SIGNED, WARM, colour_bar, figure, label, signed_range
from fsl_core.records import Influence, Measure

UNITS: dict[Measure, str] = {"probability": "percentage points", "margin": "logit"}
FACTOR: dict[Measure, float] = {"probability": 100.0, "margin": 1.0}
LONGEST = {False: 28, True: 14}  # characters of a name, on wide and on narrow screens
BAR, LINE = 30, 26  # pixels of a bar and of a line of the matrix


def influence_bars(
    record: Influence, query: int, measure: Measure = "probability", count: int = 20, narrow: bool = False
) -> go.Figure:
    """What each support image adds to the answer to one query (orange) or takes from it (blue), the largest on top.

    Without an image that is marked by its new answer, the answer would be another one. Where the margin becomes
    infinite, because a class goes with its only image, the bar ends at the frame. `customdata` of a bar: its image.

    Args:
        count: most bars.
        narrow: shorter names, for narrow screens.
    """
    order = record.ranked(query, measure)[:count]
    values = FACTOR[measure] * record.on_answer(measure)[order, query]
    finite = np.abs(values[np.isfinite(values)])
    limit = 1.15 * float(finite.max(initial=0.0)) or 1.0
    names = [label(record.support_names[image], LONGEST[narrow]) for image in order]
    bars = go.Bar(
        x=values.clip(-limit, limit), y=list(range(len(order))), orientation="h", customdata=order.tolist(),
        marker={"color": [WARM if value >= 0 else COOL for value in values], "line": {"width": 0}},
        hovertext=[_said(record, int(image), query) for image in order],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    new = record.answers_without[order, query]
    notes: list[dict[str, Any]] = [
        {"x": 1.0, "xref": "paper", "xanchor": "right", "y": row, "showarrow": False, "bgcolor": WARM,
         "font": {"color": INK, "size": 12}, "text": f"→ {label(record.class_names[new[row]], LONGEST[narrow])}"}
        for row in range(len(order)) if record.flips[order[row], query]
    ]  # fmt: skip
    unit = f"adds to the {measure} of {label(record.class_names[record.answers[query]], 18)} ({UNITS[measure]})"
    return figure(
        [bars], 70 + BAR * len(order), annotations=notes,
        shapes=[{"type": "line", "x0": 0, "x1": 0, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": QUIET}}],
        xaxis={"title": {"text": unit}, "range": [-limit, limit], "zeroline": False, "automargin": True},
        yaxis={"tickmode": "array", "tickvals": list(range(len(order))), "ticktext": names, "autorange": "reversed",
               "automargin": True, "showgrid": False},
    )  # fmt: skip


def influence_matrix(record: Influence, measure: Measure = "probability", narrow: bool = False) -> go.Figure:
    """What each support image (row) adds to the answer to each query (column); a cross where the answer flips.

    Values that are infinite are drawn as the largest ones. `customdata` of a clicked point: support image, query.

    Args:
        narrow: shorter names, for narrow screens.
    """
    values = FACTOR[measure] * record.on_answer(measure)
    low, high = signed_range(np.where(np.isfinite(values), values, 0.0))
    rows, columns = (range(len(names)) for names in (record.support_names, record.query_names))
    heat = go.Heatmap(
        z=values.clip(low, high), x=list(columns), y=list(rows), zmin=low, zmax=high, colorscale=SIGNED, xgap=1, ygap=1,
        colorbar=colour_bar(f"adds to the answer's {measure} ({UNITS[measure]})"), hoverinfo="skip",
    )  # fmt: skip
    cells = [(row, column) for row in rows for column in columns]
    flipped = np.argwhere(record.flips)
    crosses = go.Scatter(
        x=flipped[:, 1], y=flipped[:, 0], mode="markers", hoverinfo="skip",
        marker={"symbol": "x", "size": 10, "color": PAPER, "line": {"color": INK, "width": 1.5}},
        unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    unseen = {"marker": {"opacity": 0.01}}
    targets = go.Scatter(
        x=[column for _, column in cells], y=[row for row, _ in cells], mode="markers", customdata=cells,
        marker={"symbol": "square", "size": LINE - 4, "opacity": 0.01, "color": INK}, selected=unseen,
        unselected=unseen, hovertext=[_said(record, row, column) for row, column in cells],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    look = {"showgrid": False, "zeroline": False, "automargin": True, "tickmode": "array"}
    supports, queries = (
        [label(name, LONGEST[narrow]) for name in names] for names in (record.support_names, record.query_names)
    )
    return figure(
        [heat, crosses, targets], 140 + LINE * len(rows),
        xaxis={**look, "tickvals": list(columns), "ticktext": queries, "tickangle": -60},
        yaxis={**look, "tickvals": list(rows), "ticktext": supports, "autorange": "reversed"},
    )  # fmt: skip


def influence_formula(record: Influence, image: int, query: int) -> str:
    """What one support image does to the answer to one query, with the numbers, as Markdown.

    Names that people gave are left out: the answer is "the answer".
    """
    points = 100 * float(record.on_answer("probability")[image, query])
    answer = record.answers[query]
    before, after = float(record.logits[query, answer]), float(record.without[image, query, answer])
    if np.isnan(after):
        return f"Without this image its class, which is the answer, is gone, and all of its **{points:.1f} %**"
    logit = f"**logit** of the answer with it − without it = {before:.4f} − {after:.4f} = **{before - after:+.4f}**"
    margin = _margin(record, image, query)
    return f"{logit}; its probability: **{points:+.1f} percentage points**; its margin: **{margin}**"


def _margin(record: Influence, image: int, query: int) -> str:
    margin = float(record.on_answer("margin")[image, query])
    return f"{margin:+.4f}" if np.isfinite(margin) else "without bound, as no other class is left"


def _said(record: Influence, image: int, query: int) -> str:
    """What one pair of a support image and a query says when pointed at."""
    answer, new = record.answers[query], record.answers_without[image, query]
    own = label(record.class_names[record.support_labels[image]], 40)
    lines = [f"<b>{label(record.support_names[image], 40)}</b> ({own})"]
    lines.append(f"query {label(record.query_names[query], 40)}: {label(record.class_names[answer], 40)}")
    points = 100 * float(record.on_answer("probability")[image, query])
    lines.append(f"adds {points:+.2f} percentage points to its probability")
    effect = _known(record.effect[image, query])
    lines += [f"adds {value:+.4f} to the logit of {label(record.class_names[row], 40)}" for row, value in effect]
    if record.removes_class[image]:
        lines.append(f"without it the class {own} is gone")
    if record.flips[image, query]:
        lines.append(f"<b>without it: {label(record.class_names[new], 40)}</b>")
    return "<br>".join(lines)


def _known(effect: Float[np.ndarray, " n_way"]) -> list[tuple[int, float]]:
    """The classes whose logits change the most, at most three, and by how much."""
    order = [int(row) for row in np.argsort(-np.nan_to_num(np.abs(effect)), kind="stable")]
    return [(row, float(effect[row])) for row in order[:3] if np.isfinite(effect[row]) and effect[row] != 0]
