"""What stands behind a match: the pixels that the model saw of stored pictures. Imports torch."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, UInt8

from fsl_core.data.patches import Grid, parse_regions
from fsl_core.data.transforms import square, square_mask
from fsl_core.explain import View, level_names
from fsl_core.ui.pieces import Settings
from fsl_core.ui.store import Store

SQUARE_SIDE = 320  # pixels; the model sees the same square at its own size
SHEET_SIDE = 640  # pixels of all patches together


def view(store: Store, images: Sequence[str], settings: Settings) -> UInt8[np.ndarray, "_ _ 3"] | View:
    """Pictures as a model sees them, on top of one another: one square or, of patches, a sheet with a tile for each.

    Args:
        images: ids of the pictures, at least one; of several the mean of the pixels is shown.
    """
    patches = parse_regions(settings.regions)
    if patches is None:
        return _mean([square(store.working_copy(image), SQUARE_SIDE, settings.fit) for image in images])
    sheets, boxes = zip(*(patches.sheet(store.pixels(image), SHEET_SIDE) for image in images), strict=True)
    if isinstance(patches, Grid):
        names = level_names([(side, side) for side in patches.sides])
    else:
        names = tuple(f"random patch {number}" for number in range(patches.count))
    return View(_mean(sheets), boxes[0], names)


def object_seen(store: Store, image: str, settings: Settings) -> Bool[np.ndarray, "side side"] | None:
    """Where the object is in the square that `view` shows of a whole picture; None = it is not known, or not in it."""
    mask = store.mask(image)
    seen = None if mask is None else square_mask(mask, SQUARE_SIDE, settings.fit)
    return seen if seen is not None and seen.any() else None


def _mean(pictures: Sequence[UInt8[np.ndarray, "side side 3"]]) -> UInt8[np.ndarray, "side side 3"]:
    return np.mean(pictures, axis=0).round().astype(np.uint8)
