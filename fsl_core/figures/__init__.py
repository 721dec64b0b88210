"""Record -> plotly Figure: nothing is computed here that the record does not say, and no figure shows itself."""

from fsl_core.figures.alignment import (
    aligned_reconstruction,
    alignment,
    alignment_formula,
    attention_heatmap,
    largest_similarity,
    looked_at,
    spatial_similarities,
)
from fsl_core.figures.belief import belief
from fsl_core.figures.bundles import largest
from fsl_core.figures.embedding import embedding
from fsl_core.figures.influence import influence_bars, influence_formula, influence_matrix
from fsl_core.figures.matching import flow_formula, flows_of, matching, strongest
from fsl_core.figures.matrices import confusion_matrix, plan_difference, plan_heatmap, similarity_heatmap
from fsl_core.figures.neighbours import neighbour, neighbours
from fsl_core.figures.node_weights import (
    node_weights,
    weight_difference,
    weight_matrix,
    weight_pair,
    weight_rules,
    weight_spread,
    weights_formula,
)
from fsl_core.figures.offline import plotly_js
from fsl_core.figures.on_object import Box, Place, on_object, query_weights, with_object
from fsl_core.figures.overlays import contributions, reconstruction, weights
from fsl_core.figures.panes import Cell
from fsl_core.figures.saliency import Judged, is_fine, overlay, saliencies, saliency, saliency_formula
from fsl_core.figures.shots import shots
from fsl_core.figures.spectrum import component, component_map, shares, spectra
from fsl_core.figures.training import training
from fsl_core.figures.transport import blur_curve, cost_matrix, moves, plan_matrix, slack_matrix, terms

__all__ = [
    "Box",
    "Cell",
    "Judged",
    "Place",
    "aligned_reconstruction",
    "alignment",
    "alignment_formula",
    "attention_heatmap",
    "belief",
    "blur_curve",
    "component",
    "component_map",
    "confusion_matrix",
    "contributions",
    "cost_matrix",
    "embedding",
    "flow_formula",
    "flows_of",
    "influence_bars",
    "influence_formula",
    "influence_matrix",
    "is_fine",
    "largest",
    "largest_similarity",
    "looked_at",
    "matching",
    "moves",
    "neighbour",
    "neighbours",
    "node_weights",
    "on_object",
    "overlay",
    "plan_difference",
    "plan_heatmap",
    "plan_matrix",
    "plotly_js",
    "query_weights",
    "reconstruction",
    "saliencies",
    "saliency",
    "saliency_formula",
    "shares",
    "shots",
    "similarity_heatmap",
    "slack_matrix",
    "spatial_similarities",
    "spectra",
    "strongest",
    "terms",
    "training",
    "weight_difference",
    "weight_matrix",
    "weight_pair",
    "weight_rules",
    "weight_spread",
    "weights",
    "weights_formula",
    "with_object",
]
