"""Records of hand-made numbers, small enough to check with pencil and paper."""

import numpy as np
import pytest

from fsl_core.records import Flow, Scores, cells


def make_flow(query_grid: tuple[int, int], support_grid: tuple[int, int], plan: np.ndarray, **changes: object) -> Flow:
    """A flow whose weights are the plan's marginals; similarity runs evenly from -0.5 to 1."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    similarity = np.linspace(-0.5, 1.0, plan.size).reshape(plan.shape)
    values = {
        "query_image": pixels, "support_image": pixels[::-1].copy(),
        "query_boxes": cells(*query_grid), "support_boxes": cells(*support_grid),
        "similarity": similarity, "query_weight": plan.sum(axis=1), "support_weight": plan.sum(axis=0), "plan": plan,
        "temperature": 12.5, "logit": 12.5 * float((plan * similarity).sum()),
    }  # fmt: skip
    return Flow(**{**values, **changes})


@pytest.fixture
def flow() -> Flow:
    """2x2 query regions to 2x3 support regions; query region 3 has no mass."""
    plan = np.zeros((4, 6))
    plan[0, 1], plan[0, 4], plan[1, 2], plan[2, 0], plan[2, 5] = 0.3, 0.1, 0.25, 0.2, 0.15
    return make_flow((2, 2), (2, 3), plan)


@pytest.fixture
def sheets() -> Flow:
    """Two levels, 1x1 and 2x2, of a pyramid as tiles with gaps, to three patches in a row; sizes by pencil.

    Query: tile 0 is large and on the right, tiles 1 to 4 are a small grid on the left. Region 3 has no mass.
    """
    query = np.array(
        [[0, 0.5, 0.4, 0.9], [0, 0, 0.2, 0.2], [0, 0.2, 0.2, 0.4], [0.2, 0, 0.4, 0.2], [0.2, 0.2, 0.4, 0.4]]
    )
    support = np.array([[0, 0, 0.3, 0.3], [0, 0.3, 0.3, 0.6], [0, 0.6, 0.3, 0.9]])
    plan = np.zeros((5, 3))
    plan[0, 1], plan[1, 0], plan[2, 2], plan[2, 0], plan[4, 1] = 0.4, 0.2, 0.15, 0.1, 0.15
    names = (
        "level 1x1, region (0, 0)",
        *(f"level 2x2, region ({row}, {column})" for row in (0, 1) for column in (0, 1)),
    )
    return make_flow(
        (1, 5), (1, 3), plan, query_boxes=query, support_boxes=support, query_names=names,
        support_names=("patch 0", "patch 1", "patch 2"),
    )  # fmt: skip


@pytest.fixture
def scores() -> Scores:
    """Three queries of three classes; the last has no known label, one name holds markup."""
    logits = np.array([[6.0, 0.0, 0.0], [0.0, 1.0, 0.5], [2.0, 2.0, 1.0]])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scores(("cat", "<b>dog</b>", "a" * 40), ("q0", "q1", "q2"), logits, probabilities, np.array([0, 2, -1]))
