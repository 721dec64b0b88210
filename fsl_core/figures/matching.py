"""The headline: which regions of the query went to which regions of the support image."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from fsl_core.figures.bands import band
from fsl_core.figures.bundles import bundles
from fsl_core.figures.changes import crosses, notes
from fsl_core.figures.panes import Cell, Pane, dimmed, outline, panes, picture, plane, shades, targets
from fsl_core.figures.theme import INK, PAPER, WARM, percent, tint
from fsl_core.records import Emphasis, Flow

NO_MASS = 1e-9  # plans sum to 1; less than this is a solver's rounding
BACKDROP = 0.25  # brightness of the regions that have no part in the selection
WIDEST = 12.0  # pixels: the band that carries all of the selected region's mass
OVERVIEW = 30.0  # pixels, times the side of the smallest region: the band of the plan's largest flow
THINNEST = 0.8  # pixels
TERMS = 3  # flows of a region that its formula spells out
UNCHANGED = Emphasis()


def matching(
    flow: Flow,
    selected: Cell | None = None,
    stacked: bool = False,
    every: bool = False,
    emphasis: Emphasis = UNCHANGED,
    side: int | None = None,
) -> go.Figure:
    """Query and support image with bands from region to region, as thick as the mass that flows.

    With a selected region (of either picture): where all of its mass goes to or comes from. Without one: the largest
    flows. Brightness is the weight of a region; with a selection, that of the other picture is the share
    of the selected region's mass.

    Args:
        stacked: the support image below the query instead of beside it, for narrow screens.
        every: without a selection, all flows instead of the largest ones.
        emphasis: what was changed, to be marked: removed regions are crossed out.
        side: of a picture in pixels; None = large.
    """
    shown = panes(flow, stacked)
    bright = _brightness(flow, selected)
    images = [dimmed(*one) if selected is None else picture(one[0]) for one in zip(shown, bright, strict=True)]
    flows = flows_of(flow, selected) if selected else [] if every else strongest(flow)
    traces = [_ends(shown, flows)]
    traces += [targets(pane, _hovers(flow, selected, pane, other)) for pane, other in (shown, shown[::-1])]
    shapes = [stroke for pair in flows for stroke in _band(shown, flow, pair, selected, stacked)]
    changed = list(zip(shown, (emphasis.query, emphasis.support), strict=True))
    labels: list[dict[str, Any]] = [note for one in changed for note in notes(*one)]
    if every and selected is None:
        shapes += bundles(shown, flow.plan, stacked)
    if selected is not None:
        own, other = shown if selected.side == "query" else shown[::-1]
        shares = {int(node): share for node, share in enumerate(_shares(flow, selected)) if share > 0}
        shapes += [shade for one in zip(shown, bright, strict=True) for shade in shades(*one)]
        shapes += [outline(other, node, tint(WARM, 0.35 + 0.65 * share), 2) for node, share in shares.items()]
        shapes += [outline(own, selected.node, PAPER, 5), outline(own, selected.node, WARM, 3)]
        labels += [_share_label(other, node, share) for node, share in shares.items()]
    shapes += [cross for one in changed for cross in crosses(*one)]
    return plane(shown, traces, shapes, side, images=images, annotations=labels)


def strongest(flow: Flow, count: int = 12) -> list[tuple[int, int]]:
    """The `count` largest flows, at most one of each query region, as (query node, support node), largest mass last."""
    best = flow.plan.argmax(axis=1)
    pairs = [(node, int(best[node])) for node in range(len(best)) if flow.plan[node, best[node]] > NO_MASS]
    return sorted(pairs, key=lambda pair: flow.plan[pair])[-count:]


def flows_of(flow: Flow, cell: Cell) -> list[tuple[int, int]]:
    """Every flow from or to one region, as (query node, support node), largest mass first."""
    line = flow.plan[cell.node] if cell.side == "query" else flow.plan[:, cell.node]
    others = [int(node) for node in np.argsort(-line, kind="stable") if line[node] > NO_MASS]
    return [(cell.node, node) if cell.side == "query" else (node, cell.node) for node in others]


def flow_formula(flow: Flow, cell: Cell) -> str:
    """What one region adds to the logit, with the numbers of its largest flows, as Markdown."""
    pairs, regions = flows_of(flow, cell), flow.query_regions if cell.side == "query" else flow.support_regions
    name = f"**{cell.side} {'region ' if regions.grid else ''}{regions.name(cell.node)}**"
    if not pairs:
        return f"No mass flows {'from' if cell.side == 'query' else 'to'} {name}."
    parts = [f"{flow.plan[pair]:.4f} · {flow.similarity[pair]:+.3f}" for pair in pairs[:TERMS]]
    if len(pairs) > TERMS:
        rest = sum(flow.plan[pair] * flow.similarity[pair] for pair in pairs[TERMS:])
        parts.append(f"{rest:.4f} *({len(pairs) - TERMS} more)*")
    total = sum(flow.flow_contributions[pair] for pair in pairs)
    return f"{name} adds {flow.temperature:g} · ({' + '.join(parts)}) = **{total:+.4f}** to the logit"


def _shares(flow: Flow, cell: Cell) -> Float[np.ndarray, " nodes"]:
    """For each region of the other picture, its share of the selected region's mass; they sum to 1."""
    line = flow.plan[cell.node] if cell.side == "query" else flow.plan[:, cell.node]
    line = np.where(line > NO_MASS, line, 0.0)
    return line / (line.sum() or 1.0)


def _brightness(flow: Flow, selected: Cell | None) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]]:
    """How bright each region of the query and of the support image is drawn, in [0, 1]."""
    weights = [weight / (weight.max() or 1.0) for weight in (flow.query_weight, flow.support_weight)]
    if selected is None:
        return weights[0], weights[1]
    own = BACKDROP + 0.35 * weights[0 if selected.side == "query" else 1]
    own[selected.node] = 1.0
    shares = _shares(flow, selected)
    other = BACKDROP + (1 - BACKDROP) * np.sqrt(shares / (shares.max() or 1.0))
    return (own, other) if selected.side == "query" else (other, own)


def _band(
    shown: tuple[Pane, Pane], flow: Flow, pair: tuple[int, int], selected: Cell | None, stacked: bool
) -> list[dict[str, Any]]:
    """One flow; its thickness is its share of the selected region's mass, or of the largest flow of the plan."""
    whole, widest = flow.plan.max(), OVERVIEW * shown[0].sizes.min()
    if selected is not None:
        whole, widest = (flow.query_weight if selected.side == "query" else flow.support_weight)[selected.node], WIDEST
    share = min(1.0, float(flow.plan[pair] / whole))
    path = band(shown[0], shown[1], pair, stacked)
    width, opacity = max(THINNEST, share * widest), 0.5 + 0.45 * share
    casing = {"color": tint(INK, 0.3 * opacity), "width": width + 1.5}
    return [
        {"type": "path", "path": path, "line": line}
        for line in (casing, {"color": tint(WARM, opacity), "width": width})
    ]


def _ends(shown: tuple[Pane, Pane], flows: list[tuple[int, int]]) -> go.Scatter:
    """A dot in the middle of every region that a band starts from or arrives at."""
    nodes = dict.fromkeys((pane, pair[side]) for pair in flows for side, pane in enumerate(shown))
    x, y = zip(*(pane.centre(node) for pane, node in nodes), strict=True) if nodes else ((), ())
    marker = {"size": 9, "color": PAPER, "line": {"color": WARM, "width": 2.5}, "opacity": 1}
    return go.Scatter(x=x, y=y, mode="markers", marker=marker, hoverinfo="skip", unselected={"marker": {"opacity": 1}})


def _share_label(pane: Pane, node: int, share: float) -> dict[str, Any]:
    """The share of the mass, written into a region."""
    x, y = pane.centre(node)
    (top, bottom) = pane.span(node)[1]
    font = {"color": PAPER, "size": 12, "shadow": f"0 0 3px {INK}, 0 0 3px {INK}, 0 0 6px {INK}"}
    place = {"x": x, "y": y + 0.48 * (bottom - top), "yanchor": "bottom", "showarrow": False}
    return {**place, "text": percent(share), "font": font}


def _hovers(flow: Flow, selected: Cell | None, pane: Pane, partner: Pane) -> list[str]:
    """What each region of a pane says when pointed at: itself, or what it exchanges with the selected region."""
    turn = np.transpose if pane.side == "support" else np.asarray
    plan, similarity, parts = turn(flow.plan), turn(flow.similarity), turn(flow.flow_contributions)
    weight = flow.support_weight if pane.side == "support" else flow.query_weight
    texts = []
    for node in pane.nodes:
        heading = f"<b>{pane.title} {pane.name(node)}</b><br>weight {weight[node]:.2%} of the mass"
        if selected is not None and selected.side != pane.side:
            other = selected.node
            body = (
                f"flow with the selected region {plan[node, other]:.2%} of the mass<br>"
                f"similarity {similarity[node, other]:+.3f}<br>contribution to the logit {parts[node, other]:+.4f}"
            )
        else:
            best = int(plan[node].argmax())
            body = (
                f"largest flow {plan[node, best]:.2%}, {partner.title.lower()} {partner.name(best)}, "
                f"similarity {similarity[node, best]:+.3f}<br>contribution to the logit {parts[node].sum():+.4f}"
            )
        texts.append(f"{heading}<br>{body}")
    return texts
