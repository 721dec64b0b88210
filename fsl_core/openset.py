"""None of these: whether a query is like any class of the support set at all."""

import numpy as np
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import normalize

from fsl_core.classifiers.base import pool
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures
from fsl_core.records import NoneOfThese

FALSE_ALARMS = 0.1


def none_of_these(features: EpisodeFeatures, false_alarms: float = FALSE_ALARMS) -> NoneOfThese:
    """Flag the queries that fit no class of the support set; whichever classifier answers, the fit is the same.

    The fit of an image to a class is its mean similarity to the class's support images: the cosine of the pooled
    vectors, each centred over its channels. A query's fit is that to its best class. The mean over the images, and not
    the similarity to their mean, because then taking one image away does not change what fit is to be expected.

    The threshold is calibrated on the support set. Each support image is left out once and asked about like a query;
    the threshold is the quantile of these fits at rank `false_alarms * (images + 1)`, which a further image of the
    classes falls below with probability `false_alarms` (conformal prediction; it holds for exchangeable images, and
    nearly here, where the left-out images share their classes). That takes 1 / `false_alarms` - 1 images with at least
    one other image in their class. With fewer, above all with 1 shot, there is nothing to calibrate on but strangers:
    each support image's fit to the best of the *other* classes. The threshold is then the same quantile of those. It
    promises no rate, but false alarms stay rare as long as classes are closer to themselves than to each other.

    Args:
        false_alarms: accepted fraction of queries of the classes that are flagged, in (0, 0.5]; fewer false alarms
            mean that fewer strangers are flagged.

    Raises:
        EpisodeError: there are too few support images for the first way, and no second class for the other.
        OptionError: `false_alarms` is out of range.

    Reference: Vovk, Gammerman, Shafer: Algorithmic Learning in a Random World, 2005 (conformal prediction).
    """
    if not 0 < false_alarms <= 0.5:
        raise OptionError(f"The accepted fraction of false alarms must lie in (0, 0.5], got {false_alarms}.")
    own, best, strangers = leave_one_out(features)
    calibrated = len(best) + 1 >= (1 - 1e-9) / false_alarms
    if not calibrated and features.n_way < 2:
        raise EpisodeError(
            f"None of these needs a second class, or {int(np.ceil(1 / false_alarms - 1 - 1e-9))} support images in the "
            f"only one, got {len(features.support)}; add a class or support images."
        )
    fits = class_fits(features.query, features).cpu().double().numpy()
    return NoneOfThese(
        fit=fits.max(axis=1),
        nearest=fits.argmax(axis=1),
        threshold=float(np.quantile(best if calibrated else strangers, false_alarms, method="weibull")),
        typical=float(own.mean()) if len(own) else None,
        calibrated=calibrated,
        false_alarms=false_alarms,
    )


def class_fits(
    query: Float[Tensor, "n_query channels height width"], features: EpisodeFeatures
) -> Float[Tensor, "n_query n_way"]:
    """Mean similarity of each image to the support images of each class, in [-1, 1]."""
    return features.class_means((directions(query) @ directions(features.support).T).T).T


def leave_one_out(
    features: EpisodeFeatures,
) -> tuple[Float[np.ndarray, " n_left_out"], Float[np.ndarray, " n_left_out"], Float[np.ndarray, " n_strangers"]]:
    """Fits of the support images as if they were queries.

    Returns:
        The fit to the rest of their own class, and to the best of all classes, of the images that are not the only one
        of their class; and the fit of every image to the best of the other classes (empty where there is no other).
    """
    labels = features.support_labels.cpu().numpy()
    rows = np.arange(len(labels))
    fits = class_fits(features.support, features).cpu().double().numpy()
    vectors = directions(features.support).double()
    to_itself = vectors.square().sum(dim=1).cpu().numpy()
    sizes = np.bincount(labels)[labels]
    others = fits.copy()
    others[rows, labels] = -np.inf
    strangers = others.max(axis=1)
    several = sizes > 1
    own = (fits[rows, labels] * sizes - to_itself)[several] / (sizes[several] - 1)
    return own, np.maximum(own, strangers[several]), strangers[np.isfinite(strangers)]


def directions(maps: Float[Tensor, "images channels height width"]) -> Float[Tensor, "images channels"]:
    """Pooled vectors, centred over their channels and of unit length; a constant vector becomes 0."""
    vectors = pool(maps)
    return normalize(vectors - vectors.mean(dim=1, keepdim=True), dim=1)
