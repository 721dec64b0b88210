"""(features, classifier) -> records; the last place where torch is seen."""

from fsl_core.explain.alignment import align
from fsl_core.explain.attribution import ATTRIBUTIONS, Options, applicable, attribute, misfit, stage_grids
from fsl_core.explain.belief import Trial, asked, believe, bench, located
from fsl_core.explain.embedding import Cloud, dataset_cloud, embed, episode_cloud
from fsl_core.explain.index import Index, index_from, index_of
from fsl_core.explain.influence import support_influence
from fsl_core.explain.lesson import teach
from fsl_core.explain.matching import match_class, match_support
from fsl_core.explain.neighbours import nearest
from fsl_core.explain.question import Question, refusal
from fsl_core.explain.reconstruction import reconstruct, reconstruct_aligned
from fsl_core.explain.regions import View, level_names
from fsl_core.explain.solvers import solve_again
from fsl_core.explain.spectrum import Axes, component, component_map, davies_bouldin, principal_axes, spectrum
from fsl_core.explain.weights import RULES, node_weights
from fsl_core.explain.what_if import Pairing, what_if

__all__ = [
    "ATTRIBUTIONS",
    "RULES",
    "Axes",
    "Cloud",
    "Index",
    "Options",
    "Pairing",
    "Question",
    "Trial",
    "View",
    "align",
    "applicable",
    "asked",
    "attribute",
    "believe",
    "bench",
    "component",
    "component_map",
    "dataset_cloud",
    "davies_bouldin",
    "embed",
    "episode_cloud",
    "index_from",
    "index_of",
    "level_names",
    "located",
    "match_class",
    "match_support",
    "misfit",
    "nearest",
    "node_weights",
    "principal_axes",
    "reconstruct",
    "reconstruct_aligned",
    "refusal",
    "solve_again",
    "spectrum",
    "stage_grids",
    "support_influence",
    "teach",
    "what_if",
]
