"""Optimal transport taught on a few piles and holes: the flows, the matrices behind them, and the blur."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.theme import COOL, INK, PAPER, QUIET, UNSIGNED, WARM, figure, tint, unsigned_range
from fsl_core.records import Lesson, Piles, Solution

NO_MASS = 1e-4  # of all the mass; what solvers leave over is neither drawn nor listed
WIDEST = 44.0  # pixels: a flow of all the mass
THINNEST = 1.0  # pixels
BEND = 0.12  # of a flow's length: how far it bends aside, so that flows can be told apart
ARCH = 0.5  # the same where everything lies on one line
MARGIN = 0.12  # around what is drawn; the plane is the unit square
OVER_COLOUR = {"color": PAPER, "shadow": f"0 0 2px {INK}, 0 0 3px {INK}, 0 0 4px {INK}"}


def moves(solution: Solution, piles: Piles, pile: int | None = None, hole: int | None = None) -> go.Figure:
    """Piles (discs) and holes (rings) with their prices, and flows as thick as the mass that is moved.

    `customdata` of a clicked point: ["pile" or "hole", its name].

    Args:
        pile, hole: selected ones; flows of others fade.
    """
    flat = bool(np.ptp(np.concatenate([piles.pile_at, piles.hole_at])[:, 1]) < 1e-9)
    flows = _flows(solution)
    chosen = {pair for pair in flows if pile in (None, pair[0]) and hole in (None, pair[1])}
    bend = ARCH if flat else BEND
    shapes = [_flow(solution, piles, pair, bend, pair in chosen) for pair in sorted(flows, key=chosen.__contains__)]
    middles = [_curve(piles, pair, bend)[1] for pair in flows]
    hovers = go.Scatter(
        x=[x for x, _ in middles], y=[y for _, y in middles], mode="markers", marker={"size": 16, "opacity": 0.01},
        hovertext=[_said(solution, piles, pair) for pair in flows], hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"opacity": 0.01}}, unselected={"marker": {"opacity": 0.01}},
        customdata=[["pile", piles.pile_names[i]] for i, _ in flows],
    )  # fmt: skip
    drawn = np.array([*piles.pile_at, *piles.hole_at, *middles])
    (left, low), (right, high) = drawn.min(axis=0) - MARGIN, drawn.max(axis=0) + MARGIN
    frame = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    return figure(
        [hovers, _nodes(solution, piles, "hole"), _nodes(solution, piles, "pile")], 330 if flat else 460,
        shapes=shapes, annotations=_prices(solution, piles), clickmode="event+select",
        xaxis={**frame, "range": [left, right], "constrain": "domain"},
        yaxis={**frame, "range": [low, high], **({} if flat else {"scaleanchor": "x", "constrain": "domain"})},
    )  # fmt: skip


def terms(solution: Solution) -> list[tuple[int, int]]:
    """(pile, hole) of every flow, the one that costs most first."""
    return sorted(_flows(solution), key=lambda pair: -solution.plan[pair] * solution.cost[pair])


def cost_matrix(solution: Solution, piles: Piles) -> go.Figure:
    """What it costs to move a unit from each pile (row) to each hole (column)."""
    return _matrix(solution.cost, piles, solution, "cost %{z:.4f}")


def plan_matrix(solution: Solution, piles: Piles) -> go.Figure:
    """How much of the mass, in per cent, goes from each pile (row) to each hole (column)."""
    return _matrix(100 * solution.plan, piles, solution, "flow %{z:.2f} % of the mass", digits=1)


def slack_matrix(solution: Solution, piles: Piles) -> go.Figure:
    """By how much each pair's cost is above its two prices; pairs between which mass flows are framed."""
    return _matrix(np.maximum(solution.slack, 0.0), piles, solution, "cost − both prices %{z:.4f}")


def blur_curve(lesson: Lesson, step: int) -> go.Figure:
    """The value of the blurred plan by the strength of the blur, between the optimum and the plan of all to all."""
    values = [one.value for one in lesson.blurred]
    curve = go.Scatter(
        x=lesson.epsilons, y=values, mode="lines", line={"color": WARM, "width": 3},
        hovertemplate="ε %{x:g}<br>value %{y:.4f}<extra></extra>",
    )  # fmt: skip
    here = go.Scatter(
        x=[lesson.epsilons[step]], y=[values[step]], mode="markers", hoverinfo="skip",
        marker={"size": 14, "color": WARM, "line": {"color": INK, "width": 2}},
    )  # fmt: skip
    bounds = ((lesson.best.value, "the optimum", "top"), (lesson.spread_value, "every pile to every hole", "bottom"))
    lines = [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": {"color": QUIET, "dash": "dash"}}
        for y, _, _ in bounds
    ]
    notes = [
        {"xref": "paper", "x": 0 if side == "bottom" else 1, "xanchor": "left" if side == "bottom" else "right", "y": y,
         "yanchor": side, "text": f"{text} {y:.4f}", "showarrow": False}
        for y, text, side in bounds
    ]  # fmt: skip
    room = 0.18 * ((lesson.spread_value - lesson.best.value) or 1.0)
    ticks = [10.0**power for power in range(-3, 2)]
    return figure(
        [curve, here], 330, shapes=lines, annotations=notes,
        xaxis={"type": "log", "title": {"text": "blur ε"}, "tickvals": ticks, "showgrid": False, "fixedrange": True,
               "ticktext": [f"{tick:g}" for tick in ticks]},
        yaxis={"title": {"text": "value"}, "range": [lesson.best.value - room, lesson.spread_value + room],
               "showgrid": False, "zeroline": False, "fixedrange": True, "automargin": True},
    )  # fmt: skip


def _flows(solution: Solution) -> list[tuple[int, int]]:
    return [(int(i), int(j)) for i, j in np.argwhere(solution.plan > NO_MASS)]


def _said(solution: Solution, piles: Piles, pair: tuple[int, int]) -> str:
    mass, cost = solution.plan[pair], solution.cost[pair]
    return (
        f"<b>{piles.pile_names[pair[0]]} → {piles.hole_names[pair[1]]}</b><br>{mass:.2%} of the mass at a cost of "
        f"{cost:.4f}<br>adds {mass * cost:.4f} to the value"
    )


def _curve(piles: Piles, pair: tuple[int, int], bend: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """The control point of a flow's quadratic curve, and the middle of the curve."""
    start, end = piles.pile_at[pair[0]], piles.hole_at[pair[1]]
    along = end - start
    control = (start + end) / 2 + bend * np.array([-along[1], along[0]])
    middle = (start + 2 * control + end) / 4
    return (float(control[0]), float(control[1])), (float(middle[0]), float(middle[1]))


def _flow(solution: Solution, piles: Piles, pair: tuple[int, int], bend: float, bright: bool) -> dict[str, Any]:
    (x0, y0), (x1, y1) = piles.pile_at[pair[0]], piles.hole_at[pair[1]]
    x, y = _curve(piles, pair, bend)[0]
    width = max(THINNEST, WIDEST * float(solution.plan[pair]))
    colour = tint(WARM, 0.75) if bright else QUIET.replace("0.55", "0.2")
    path = f"M{x0:.4f},{y0:.4f}Q{x:.4f},{y:.4f} {x1:.4f},{y1:.4f}"
    return {"type": "path", "path": path, "line": {"color": colour, "width": width}, "layer": "below"}


def _nodes(solution: Solution, piles: Piles, side: str) -> go.Scatter:
    """Discs for piles, rings for holes, as large as their mass."""
    is_pile = side == "pile"
    at, mass, price, names = (
        (piles.pile_at, piles.pile_mass, solution.pile_price, piles.pile_names)
        if is_pile
        else (piles.hole_at, piles.hole_mass, solution.hole_price, piles.hole_names)
    )
    size = 18 + 36 * np.sqrt(mass)
    disc = {"symbol": "circle", "size": size, "color": WARM, "line": {"color": INK, "width": 1}, "opacity": 1}
    ring = {"symbol": "circle-open", "size": size + 8, "color": COOL, "line": {"width": 4}, "opacity": 1}
    kept = {"marker": {"opacity": 1}, **({"textfont": {"color": INK}} if is_pile else {})}
    return go.Scatter(
        x=at[:, 0], y=at[:, 1], mode="markers+text" if is_pile else "markers",
        customdata=[[side, name] for name in names], text=[f"<b>{name}</b>" for name in names], textfont={"color": INK},
        marker=disc if is_pile else ring,
        selected=kept, unselected=kept,
        hovertext=[f"<b>{side} {name}</b><br>{m:.1%} of the mass<br>price {p:+.4f}"
                   for name, m, p in zip(names, mass, price, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _prices(solution: Solution, piles: Piles) -> list[dict[str, Any]]:
    """The price of each pile below it; name and price of each hole above it."""
    sides = (
        (piles.pile_at, piles.pile_mass, [""] * len(piles.pile_mass), solution.pile_price, -1),
        (piles.hole_at, piles.hole_mass, [f"<b>{name}</b>" for name in piles.hole_names], solution.hole_price, 1),
    )
    return [
        {
            "x": float(x), "y": float(y), "text": f"{name} {price:+.2f}", "showarrow": False,
            "yanchor": "bottom" if way > 0 else "top", "yshift": way * (12 + 18 * float(np.sqrt(heavy))),
        }
        for at, mass, names, prices, way in sides
        for (x, y), heavy, name, price in zip(at, mass, names, prices, strict=True)
    ]  # fmt: skip


def _matrix(
    values: Float[np.ndarray, "n m"], piles: Piles, solution: Solution, hover: str, digits: int = 2
) -> go.Figure:
    """A matrix of piles by holes with its numbers; pairs between which mass flows are framed."""
    rows, columns = piles.pile_names, piles.hole_names
    top = unsigned_range(values)[1]
    heat = go.Heatmap(
        z=values, x=columns, y=rows, zmin=0, zmax=top, colorscale=UNSIGNED, showscale=False, xgap=2, ygap=2,
        hovertemplate=f"pile %{{y}}, hole %{{x}}<br>{hover}<extra></extra>",
    )  # fmt: skip
    numbers = [
        {"x": j, "y": i, "text": f"{values[i, j]:.{digits}f}", "showarrow": False,
         **({"font": OVER_COLOUR} if values[i, j] > 0.2 * top else {})}
        for i in range(len(rows)) for j in range(len(columns))
    ]  # fmt: skip
    frames = [
        {"type": "rect", "x0": j - 0.47, "x1": j + 0.47, "y0": i - 0.46, "y1": i + 0.46,
         "line": {"color": COOL, "width": 2.5}}
        for i, j in _flows(solution)
    ]  # fmt: skip
    axis = {"type": "category", "showgrid": False, "zeroline": False, "fixedrange": True}
    return figure(
        [heat], max(150, 70 + 42 * len(rows)), annotations=numbers, shapes=frames,
        xaxis={**axis, "title": {"text": "hole"}, "side": "top"},
        yaxis={**axis, "title": {"text": "pile"}, "autorange": "reversed"},
    )  # fmt: skip
