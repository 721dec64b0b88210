"""Augmented copies of support images: more examples for a classifier that is fitted to a few."""

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageEnhance

from fsl_core.data.patches import LARGEST_SEED, number_of
from fsl_core.errors import OptionError

MAX_COPIES = 100
MARGIN = 8 / 84  # of zeros around a picture that is then cropped to its size, of each side
LEAST_MARGIN = 4  # pixels
JITTER = 0.4  # strength of the random brightness, contrast and saturation
COLOURS = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)


@final
@dataclass(frozen=True)
class Copies:
    """Each support image is replaced by some copies, each through the training transform of RFS and SCL.

    The transform is a random crop after zero padding, colour jitter in random order, and a mirror image in half of the
    cases (Tian et al., ECCV 2020; 5 copies, and 10 across domains in Ouali et al., ECML PKDD 2021). The unchanged image
    is not among them.

    Departures: the published pictures have 84 or 32 pixels a side when they are padded by 8 or 4; here a picture of any
    size is padded in proportion, at its own resolution. The published code draws anew each time; here the seed and the
    pixels decide, so that answers repeat and do not depend on what else is asked. Across domains (CUB, Cars, Places,
    Plantae) the published code resizes a picture to 96 x 96 pixels, takes 84 x 84 of them, of a support image at random
    before its copies are made and of a query the middle, and only jitters and mirrors; here these data sets are treated
    like all others.

    Raises:
        OptionError: the count or the seed is out of range.
    """

    count: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_COPIES:
            raise OptionError(f"A support image can have 1 to {MAX_COPIES} augmented copies, got {self.count}.")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise OptionError(f"The seed of the copies must lie in [0, {LARGEST_SEED}], got {self.seed}.")

    def of(self, image: UInt8[np.ndarray, "height width 3"], number: int) -> UInt8[np.ndarray, "height width 3"]:
        """Copy `number` (0 .. count - 1) of an image, of the same size."""
        generator = np.random.default_rng((self.seed, number, number_of(image)))
        height, width = image.shape[:2]
        margins = [max(LEAST_MARGIN, round(side * MARGIN)) for side in (height, width)]
        top, left = (int(generator.integers(2 * margin + 1)) for margin in margins)
        padded = np.pad(image, [*((margin, margin) for margin in margins), (0, 0)])
        picture = Image.fromarray(padded[top : top + height, left : left + width])
        for row in generator.permutation(len(COLOURS)):
            picture = COLOURS[row](picture).enhance(generator.uniform(1 - JITTER, 1 + JITTER))
        pixels = np.array(picture)
        return pixels[:, ::-1] if generator.random() < 0.5 else pixels
