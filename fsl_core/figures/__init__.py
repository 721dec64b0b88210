"""Record -> plotly Figure: nothing is computed here that the record does not say, and no figure shows itself."""

from fsl_core.figures.bundles import largest
from fsl_core.figures.matching import flows_of, matching, strongest
from fsl_core.figures.matrices import confusion_matrix, plan_difference, plan_heatmap, similarity_heatmap
from fsl_core.figures.overlays import contributions, reconstruction, weights
from fsl_core.figures.panes import Cell
from fsl_core.figures.shots import shots

__all__ = [
    "Cell",
    "confusion_matrix",
    "contributions",
    "flows_of",
    "largest",
    "matching",
    "plan_difference",
    "plan_heatmap",
    "reconstruction",
    "shots",
    "similarity_heatmap",
    "strongest",
    "weights",
]
