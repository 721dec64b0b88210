"""Features -> scalar loss, for training only."""

from fsl_core.objectives.base import Objective
from fsl_core.objectives.cross_entropy import CrossEntropy

OBJECTIVES: dict[str, type[Objective]] = {"cross_entropy": CrossEntropy}

__all__ = ["OBJECTIVES", "CrossEntropy", "Objective"]
