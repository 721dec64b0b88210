"""Numbers over a picture's regions: weights, contributions to the logit; and the picture rebuilt from patches."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
from jaxtyping import UInt8

from fsl_core.figures.layers import LEGIBLE, Layer, Look, overlay
from fsl_core.figures.panes import BESIDE, Pane, panes, picture, plane, targets
from fsl_core.figures.theme import SIGNED, UNSIGNED, signed_range, unsigned_range
from fsl_core.records import Flow, Side


def weights(flow: Flow, side: Side = "query", narrow: bool = False) -> go.Figure:
    """How much each region of one picture counts, in per cent of the picture's mass, over its grey pixels.

    Args:
        narrow: for narrow screens, with fewer numbers.
    """
    pane = panes(flow)[0 if side == "query" else 1]
    weight = 100 * (flow.query_weight if side == "query" else flow.support_weight)
    hovers = [
        f"<b>{pane.title} {pane.name(node)}</b><br>weight {weight[node]:.2f} % of the mass" for node in pane.nodes
    ]
    look = Look(UNSIGNED, unsigned_range(weight), "weight (% of the mass)", "{:.1f}")
    return overlay([Layer(pane, weight, hovers)], look, LEGIBLE[narrow])


def contributions(flow: Flow, narrow: bool = False) -> go.Figure:
    """What each query region adds to the logit (orange) or takes from it (blue), over its grey pixels.

    The title compares the sum with the classifier's logit.

    Args:
        narrow: for narrow screens, with fewer numbers.
    """
    pane, values = panes(flow)[0], flow.contributions
    hovers = [
        f"<b>Query {pane.name(node)}</b><br>contribution to the logit {values[node]:+.4f}<br>"
        f"weight {flow.query_weight[node]:.2%} of the mass"
        for node in pane.nodes
    ]
    look = Look(SIGNED, signed_range(values), "contribution to the logit", "{:+.2f}")
    shown = overlay([Layer(pane, values, hovers)], look, LEGIBLE[narrow])
    text = f"sum {values.sum():.3f} · logit {flow.logit:.3f} · residual {flow.residual:.0e}"
    return shown.update_layout(title={"text": text, "font": {"size": 13}, "x": 0, "xanchor": "left"}, margin={"t": 34})


def reconstruction(flow: Flow, rebuilt: UInt8[np.ndarray, "_ _ 3"]) -> go.Figure:
    """The query beside itself rebuilt from the support picture's patches, brightness by weight (DeepEMD, figure 5)."""
    query, support = panes(flow)
    best = flow.plan.argmax(axis=1)
    hovers = [
        f"<b>Query {query.name(node)}</b><br>filled with support {support.name(int(best[node]))}<br>"
        f"flow {flow.plan[node, best[node]]:.2%} of the mass, similarity {flow.similarity[node, best[node]]:+.3f}<br>"
        f"weight {flow.query_weight[node]:.2%} of the mass"
        for node in query.nodes
    ]
    return beside_itself(query, rebuilt, "Rebuilt from the support", hovers)


def beside_itself(
    pane: Pane, rebuilt: UInt8[np.ndarray, "_ _ 3"], title: str, hovers: list[str], side: int | None = None
) -> go.Figure:
    """A picture and, at its right, what was made of it; both say the same of each region. `side` as in `plane`."""
    copy = Pane(pane.side, rebuilt, pane.regions, title, left=1 + BESIDE / 5)
    shown = (replace(pane, left=0.0, top=0.0, title_below=False), copy)
    return plane(shown, [targets(one, hovers) for one in shown], [], side, images=[picture(one) for one in shown])
