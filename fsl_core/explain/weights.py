"""How much DeepEMD lets each region count, before it seeks a plan."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.nodes import SECOND_FLOOR
from fsl_core.errors import OptionError
from fsl_core.explain.matching import Shown
from fsl_core.explain.regions import View, view
from fsl_core.records import NodeWeights, Picture, Regions
from fsl_core.types import params

RULES: tuple[str, ...] = params(DeepEMD)["weights"][0].choices

Named = tuple[str, Shown]  # a picture to show, as in `match_class`, and what people call it


def node_weights(
    classifier: DeepEMD,
    query: Float[Tensor, "channels height width"],
    targets: Float[Tensor, "n_target channels height width"],
    pictures: tuple[Named, Sequence[Named]],
) -> NodeWeights:
    """The weights of a query's regions and of those of everything that it is compared to, by the classifier's rule.

    They come from the function that gives the plan its marginals; no plan is sought. A class is its prototype
    (`DeepEMD.prototypes`), a support image its own map.

    Args:
        pictures: of the query and of each target.

    Raises:
        OptionError: there is no target, or not one picture for each.
    """
    own, others = pictures
    if not len(targets) or len(targets) != len(others):
        raise OptionError(
            "Weights are those of a query compared to at least one image, each with its picture; got "
            f"{len(targets)} maps and {len(others)} pictures."
        )
    with torch.inference_mode():
        pair = classifier.nodes_of(query[None]), classifier.nodes_of(targets)
        (raw, back), (source, sink) = classifier.raw_weights(*pair), classifier.weigh(*pair)
    grid = (query.shape[1], query.shape[2])
    return NodeWeights(
        rule=classifier.weights,
        query=_picture(own, grid, classifier),
        targets=tuple(_picture(one, (targets.shape[2], targets.shape[3]), classifier) for one in others),
        query_raw=raw[0].double().cpu().numpy() + SECOND_FLOOR,
        target_raw=back[0].double().cpu().numpy() + SECOND_FLOOR,
        query_weight=source[0].double().cpu().numpy(),
        target_weight=sink[0].double().cpu().numpy(),
    )


def _picture(named: Named, grid: tuple[int, int], classifier: DeepEMD) -> Picture:
    name, image = named
    shown = image if isinstance(image, View) else view(image, grid, classifier.sides)
    return Picture(name, shown.image, Regions(shown.boxes, shown.names))
