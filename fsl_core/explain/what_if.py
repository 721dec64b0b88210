"""What would become of a match, and of the answer, if some regions counted for more, for less, or not at all."""

from collections.abc import Mapping
from math import isfinite
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.deepemd import Targets
from fsl_core.errors import OptionError
from fsl_core.explain.matching import Images, flow_to
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Emphasis, WhatIf


class Pairing(NamedTuple):
    """Rows of the features: a query, a class, and one of its support images where that stands for the class alone."""

    query: int
    label: int
    support: int | None = None


def what_if(
    classifier: DeepEMD,
    features: EpisodeFeatures,
    pairing: Pairing,
    images: Images,
    emphasis: Emphasis,
    targets: Targets | None = None,
) -> WhatIf:
    """One match and the logits of all classes, with the regions' weights as they are and as `emphasis` changes them.

    The query's factors hold for its match to every class, the support's factors for the matched class alone: for each
    of its support images, where the classifier matches every one by itself (`shots` nearest or fused). The match that
    is shown is then that to their mean, which the class's logit does not come from.

    Args:
        images: the query and the support image to show beside it, as in `match_class`.
        targets: `classifier.targets(features)`, where they are known already: a learnt layer takes its time.

    Raises:
        OptionError: a region does not exist, a factor is negative or not finite, or no region of a picture is left.
        TransportError: the solver gave up on a pair.
    """
    query, label = features.query[pairing.query], pairing.label
    with torch.inference_mode():
        maps, labels = targets or classifier.targets(features)
        if pairing.support is None:
            shown = maps[labels == label].mean(dim=0)
        else:  # the only one of its class
            shown = features.support[pairing.support]
            maps = torch.cat([maps[labels != label], shown[None]])
            labels = torch.cat([labels[labels != label], labels.new_tensor([label])])
        maps, labels = torch.cat([maps, shown[None]]), torch.cat([labels, labels.new_tensor([label])])
        before = after = classifier.match(query[None], maps)
        if emphasis:
            weights = before.target_weight[0]
            target_factor = torch.ones_like(weights)
            target_factor[labels == label] = _factors(emphasis.support, weights[0], "support picture")
            query_factor = _factors(emphasis.query, before.query_weight[0, 0], "query")
            after = classifier.match(query[None], maps, query_factor[None], target_factor)
        logits = [
            classifier.class_logits(one.logits[:, :-1], labels[:-1])[0].double().cpu().numpy()
            for one in (before, after)
        ]
    flows = [flow_to(-1, one, classifier, (query, shown), images) for one in (before, after)]
    return WhatIf(features.class_names, label, emphasis, flows[0], flows[1], logits[0], logits[1])


def _factors(
    named: Mapping[int, float], weight: Float[Tensor, " nodes"], picture: Literal["query", "support picture"]
) -> Float[Tensor, " nodes"]:
    """The factor of every region of a picture."""
    factor = torch.ones_like(weight)
    for node, value in named.items():
        if not 0 <= node < len(factor):
            raise OptionError(
                f"The {picture} has {len(factor)} regions, so there is no region {node} to change; take the changes "
                "back."
            )
        if not (isfinite(value) and value >= 0):
            raise OptionError(f"A region's weight is multiplied by a number from 0 upwards, got {value!r}.")
        factor[node] = value
    if not factor.any():
        raise OptionError(
            f"Every region of the {picture} is removed, so there is nothing left to match; put at least one back."
        )
    return factor
