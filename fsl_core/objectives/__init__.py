"""Features -> scalar loss, for training only."""

from fsl_core.objectives.base import Objective
from fsl_core.objectives.cross_entropy import CrossEntropy
from fsl_core.objectives.deepemd import EpisodicDeepEMD
from fsl_core.objectives.distillation import Distillation
from fsl_core.objectives.protonet import EpisodicProtoNet
from fsl_core.objectives.scl import SCL

OBJECTIVES: dict[str, type[Objective]] = {
    "cross_entropy": CrossEntropy,
    "deepemd": EpisodicDeepEMD,
    "protonet": EpisodicProtoNet,
    "scl": SCL,
    "distillation": Distillation,
}

__all__ = ["OBJECTIVES", "SCL", "CrossEntropy", "Distillation", "EpisodicDeepEMD", "EpisodicProtoNet", "Objective"]
