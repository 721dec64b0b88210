"""What each support image does to the answers, by asking the classifier again without it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.classifiers import Classifier
from fsl_core.errors import EpisodeError
from fsl_core.features import EpisodeFeatures
from fsl_core.records import Influence


def support_influence(
    classifier: Classifier,
    features: EpisodeFeatures,
    names: tuple[Sequence[str], Sequence[str]],
    copies: int = 1,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> Influence:
    """Logits of all queries with all support images and with each of them left out.

    Exact for every classifier, at the cost of one call for each support image; the features stay as they are. A class
    without images left is taken away as a whole (`Influence.removes_class`).

    Args:
        names: what people call the support images and the queries.
        copies: rows of the features that stand for one support image, one after another (`extract` with copies).
        advance: called after each call with the calls done and their total; what it raises ends the work.

    Raises:
        EpisodeError: there is a single class, or the names do not fit the features.
    """
    n_support, n_query = len(features.support) // copies, len(features.query)
    if (len(names[0]) * copies, len(names[1])) != (len(features.support), n_query):
        raise EpisodeError(
            f"Each of the {n_support} support images and {n_query} queries needs a name, got {len(names[0])} and "
            f"{len(names[1])} names; the episode has changed in between, so compute its features again."
        )
    if features.n_way == 1:
        raise EpisodeError("With a single class every answer is that class, whatever is left out; add another class.")
    answers = []
    with torch.inference_mode():
        answers.append(_logits(classifier(features).logits))
        advance(1, n_support + 1)
        for image in range(n_support):
            answers.append(_without(classifier, features, image, copies))
            advance(image + 2, n_support + 1)
    return Influence(
        class_names=features.class_names,
        support_names=tuple(names[0]),
        query_names=tuple(names[1]),
        support_labels=features.support_labels[::copies].cpu().numpy(),
        logits=answers[0],
        without=np.stack(answers[1:]),
    )


def _without(
    classifier: Classifier, features: EpisodeFeatures, image: int, copies: int
) -> Float[np.ndarray, "n_query n_way"]:
    """Logits without one support image; NaN for a class that goes with it."""
    rows = torch.arange(len(features.support), device=features.support.device)
    kept = rows // copies != image
    labels = features.support_labels[kept]
    present, compact = labels.unique(return_inverse=True)
    classes = present.tolist()
    less = replace(
        features,
        support=features.support[kept],
        support_labels=compact,
        class_names=tuple(features.class_names[label] for label in classes),
    )
    logits = np.full((len(features.query), features.n_way), np.nan)
    logits[:, classes] = _logits(classifier(less).logits)
    return logits


def _logits(logits: Tensor) -> Float[np.ndarray, "n_query n_way"]:
    return logits.double().cpu().numpy()
