"""Problem -> plan: optimal transport, one solver a file; to add one, write its file and add a row to `SOLVERS`."""

from fsl_core.transport.exact import Exact
from fsl_core.transport.opencv import OpenCV
from fsl_core.transport.problem import TransportPlan, TransportProblem, TransportSolver

SOLVERS: dict[str, type[TransportSolver]] = {"exact": Exact, "opencv": OpenCV}

__all__ = ["SOLVERS", "Exact", "OpenCV", "TransportPlan", "TransportProblem", "TransportSolver"]
