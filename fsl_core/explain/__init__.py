"""(features, classifier) -> records; the last place where torch is seen."""

from fsl_core.explain.matching import match_class, match_support
from fsl_core.explain.reconstruction import reconstruct
from fsl_core.explain.regions import View, level_names

__all__ = ["View", "level_names", "match_class", "match_support", "reconstruct"]
