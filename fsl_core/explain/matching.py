"""How DeepEMD matched one query to one class or to one support image."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from fsl_core.classifiers import DeepEMD
from fsl_core.explain.regions import View, view
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Flow

Shown = UInt8[np.ndarray, "_ _ 3"] | View
Images = tuple[Shown, Shown]


def match_class(classifier: DeepEMD, features: EpisodeFeatures, query: int, label: int, images: Images) -> Flow:
    """The match behind the classifier's logit of query `query` for class `label`.

    Args:
        label: row of `features.class_names`; a class of several shots is the mean of its support maps.
        images: the query and the support image to show beside it, as the backbone saw them (`transforms.square`); a
            `View` where the nodes are no cells of the map of one square, but patches.
    """
    return _match(classifier, features.query[query], features.prototypes[label], images)


def match_support(classifier: DeepEMD, features: EpisodeFeatures, query: int, support: int, images: Images) -> Flow:
    """The match of query `query` to support image `support` alone, as if it were its class's only one.

    Args:
        images: the query and the support image, as in `match_class`.
    """
    return _match(classifier, features.query[query], features.support[support], images)


def _match(
    classifier: DeepEMD,
    query: Float[Tensor, "channels query_height query_width"],
    target: Float[Tensor, "channels target_height target_width"],
    images: Images,
) -> Flow:
    """One pair through `DeepEMD.match`, the function that gives the classifier its logits."""
    with torch.inference_mode():
        matching = classifier.match(query[None], target[None])
    parts = (matching.similarity, matching.query_weight, matching.target_weight, matching.plan)
    similarity, query_weight, support_weight, plan = (part[0, 0].double().cpu().numpy() for part in parts)
    shown, beside = (
        image if isinstance(image, View) else view(image, (one.shape[1], one.shape[2]))
        for image, one in zip(images, (query, target), strict=True)
    )
    return Flow(
        query_image=shown.image,
        support_image=beside.image,
        query_boxes=shown.boxes,
        support_boxes=beside.boxes,
        similarity=similarity,
        query_weight=query_weight,
        support_weight=support_weight,
        plan=plan,
        temperature=classifier.temperature,
        logit=matching.logits.item(),
        query_names=shown.names,
        support_names=beside.names,
    )
