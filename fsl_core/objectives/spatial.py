"""How alike two images are position by position, after attention has aligned one to the other."""

from jaxtyping import Float
from torch import Tensor

from fsl_core.backbones.attention import AGGREGATIONS, Projected, aligned_cosines
from fsl_core.objectives.gathering import gathered


def spatial_similarity(images: Projected, aggregation: str) -> Float[Tensor, "all_images all_images"]:
    """Similarity of all images of all processes with one another (equation 6); symmetric, in [-2, 2] for the mean.

    At each position the two cosines add up, of either image with the other one aligned to it; then `AGGREGATIONS`
    makes one number of all positions. Each alignment is computed once: the cosines of one direction are those of the
    other with the images exchanged, and a process aligns all images to its own only.
    """
    everywhere = Projected(images.query, gathered(images.key), gathered(images.value))
    cosines = gathered(aligned_cosines(images, everywhere))
    return AGGREGATIONS[aggregation](cosines + cosines.transpose(0, 1))
