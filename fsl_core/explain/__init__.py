"""(features, classifier) -> records; the last place where torch is seen."""

from fsl_core.explain.lesson import teach
from fsl_core.explain.matching import match_class, match_support
from fsl_core.explain.reconstruction import reconstruct
from fsl_core.explain.regions import View, level_names
from fsl_core.explain.solvers import solve_again
from fsl_core.explain.what_if import Pairing, what_if

__all__ = [
    "Pairing",
    "View",
    "level_names",
    "match_class",
    "match_support",
    "reconstruct",
    "solve_again",
    "teach",
    "what_if",
]
