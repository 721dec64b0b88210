"""Features -> scalar loss, for training only."""

from fsl_core.objectives.base import Objective
from fsl_core.objectives.cross_entropy import CrossEntropy
from fsl_core.objectives.deepemd import EpisodicDeepEMD

OBJECTIVES: dict[str, type[Objective]] = {"cross_entropy": CrossEntropy, "deepemd": EpisodicDeepEMD}

__all__ = ["OBJECTIVES", "CrossEntropy", "EpisodicDeepEMD", "Objective"]
