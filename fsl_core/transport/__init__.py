"""Problem -> plan: optimal transport, one solver a file; to add one, write its file and add a row to `SOLVERS`."""

from fsl_core.transport.exact import Exact
from fsl_core.transport.interior_point import InteriorPoint
from fsl_core.transport.opencv import OpenCV
from fsl_core.transport.problem import TransportPlan, TransportProblem, TransportSolver
from fsl_core.transport.sinkhorn import Sinkhorn

SOLVERS: dict[str, type[TransportSolver]] = {
    "exact": Exact,
    "opencv": OpenCV,
    "interior_point": InteriorPoint,
    "sinkhorn": Sinkhorn,
}

__all__ = [
    "SOLVERS",
    "Exact",
    "InteriorPoint",
    "OpenCV",
    "Sinkhorn",
    "TransportPlan",
    "TransportProblem",
    "TransportSolver",
]
