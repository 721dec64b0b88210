"""How likely each class is for one query."""

import numpy as np
import plotly.graph_objects as go

from fsl_core.figures.theme import QUIET, WARM, figure, label, percent
from fsl_core.records import Scores

TRUE_MARK = "◆"


def probability_bars(scores: Scores, query: int) -> go.Figure:
    """Classes of one query as bars with their numbers, the most likely one on top and in colour.

    The true class, where it is known, carries a mark before its name.
    """
    order = np.argsort(-scores.probabilities[query], kind="stable")
    values, truth = scores.probabilities[query, order], scores.labels[query]
    names = [f"{TRUE_MARK} {label(scores.class_names[way], 22)}" if way == truth else label(scores.class_names[way], 22)
             for way in order]  # fmt: skip
    hovers = [
        f"<b>{label(scores.class_names[way])}</b>{' (true class)' if way == truth else ''}<br>"
        f"probability {100 * scores.probabilities[query, way]:.3g} %<br>logit {scores.logits[query, way]:+.3f}"
        for way in order
    ]
    bars = go.Bar(
        x=values, y=list(range(len(order))), orientation="h", width=0.62,
        marker={"color": [WARM] + [QUIET] * (len(order) - 1), "cornerradius": 4},
        text=[percent(value) for value in values], textposition="outside", cliponaxis=False,
        customdata=[int(way) for way in order], hovertext=hovers, hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    ticks = {"tickmode": "array", "tickvals": list(range(len(order))), "ticktext": names, "automargin": True}
    return figure(
        [bars], 28 + 30 * len(order),
        xaxis={"range": [0, 1.18], "visible": False, "fixedrange": True},
        yaxis={**ticks, "range": [len(order) - 0.5, -0.5], "showgrid": False, "zeroline": False, "fixedrange": True},
    )  # fmt: skip
