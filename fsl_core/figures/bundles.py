"""All flows of a plan at once: bands of nearly the same thickness are one path, so that thousands draw quickly."""

from typing import Any

import numpy as np
from jaxtyping import Float

from fsl_core.figures.bands import band
from fsl_core.figures.panes import Pane
from fsl_core.figures.theme import INK, WARM, tint

SHOWN = 0.995  # of the mass; a blurred plan has a flow between any two regions, of which most carry next to nothing
STEPS = 16  # kinds of thickness
THINNEST = 0.6  # pixels
THICKEST = 24.0  # pixels, times the side of the smallest region: the plan's largest flow


def bundles(shown: tuple[Pane, Pane], plan: Float[np.ndarray, "n m"], stacked: bool) -> list[dict[str, Any]]:
    """The flows that carry `SHOWN` of the mass, thicker and less transparent the more they carry, the largest on top.

    The thickness of a flow is its share of the largest one, rounded up to one of `STEPS` steps.
    """
    pairs = largest(plan)
    if not pairs:
        return []
    most, widest = float(plan.max()), THICKEST * shown[0].sizes.min()
    paths = [""] * STEPS
    for pair in pairs:
        paths[int(np.ceil(STEPS * min(1.0, plan[pair] / most))) - 1] += band(*shown, pair, stacked)
    drawn = []
    for step, path in enumerate(paths, start=1):
        if path:
            share = step / STEPS
            width, opacity = max(THINNEST, share * widest), 0.35 + 0.55 * share
            drawn.append(
                {"type": "path", "path": path, "line": {"color": tint(INK, 0.35 * opacity), "width": width + 1}}
            )
            drawn.append({"type": "path", "path": path, "line": {"color": tint(WARM, opacity), "width": width}})
    return drawn


def largest(plan: Float[np.ndarray, "n m"]) -> list[tuple[int, int]]:
    """The fewest flows that together carry `SHOWN` of the mass, as (query node, support node), largest mass first."""
    order = np.argsort(-plan, axis=None, kind="stable")
    carried = np.cumsum(plan.ravel()[order])
    count = int(np.searchsorted(carried, SHOWN * carried[-1])) + 1 if carried[-1] > 0 else 0
    return [(int(flat // plan.shape[1]), int(flat % plan.shape[1])) for flat in order[:count]]
