"""Where the object stands, and what may stand in front of it; decided once, at a fixed coarse resolution."""

import numpy as np
from jaxtyping import Float

from fsl_core.data.synthetic.backdrops import Backdrop
from fsl_core.data.synthetic.canvas import Matrix, project, silhouette
from fsl_core.data.synthetic.picture import Picture
from fsl_core.data.synthetic.subjects import Subject

SKETCH = 128
SMALLEST_AREA = 0.13
LARGEST_AREA = 0.36
SHORTEST, LONGEST = 0.5, 0.88
MARGIN = 0.03
HIDDEN = 0.2


def draw_pose(subject: Subject, picture: Picture, backdrop: Backdrop, rng: np.random.Generator) -> Matrix:
    """A projective map from the unit of the picture to the frame.

    The object is mirrored or not, turned by up to its lean, sheared and seen at a slight angle; then enlarged until it
    covers a random 13 to 36 % of the frame, with its longer side between 50 and 88 % of the frame.
    """
    free = _free_pose(subject.lean, rng)
    corners = _corners(picture, free)
    longer = (corners[1] - corners[0]).max()
    area = silhouette(picture.shapes, _fit(free, corners, 1 / longer, (0.5, 0.5)), SKETCH).mean() * longer**2
    scale = np.sqrt(rng.uniform(SMALLEST_AREA, LARGEST_AREA) / area)
    scale = np.clip(scale, SHORTEST / longer, LONGEST / longer)
    half = (corners[1] - corners[0]) / 2 * scale
    room = np.maximum(0.5 - MARGIN - half, 0)
    x, y = 0.5 + room * rng.uniform(-0.8, 0.8, 2)
    if backdrop.floor is not None and not subject.floats:
        scale = min(scale, (backdrop.floor - MARGIN) / (2 * half[1] / scale))
        y = backdrop.floor - scale * (corners[1] - corners[0])[1] / 2
    return _fit(free, corners, scale, (x, y))


def _free_pose(lean: float, rng: np.random.Generator) -> Matrix:
    """Mirror, rotation, shear and perspective about the origin."""
    turn, shear = np.deg2rad(np.clip(rng.normal(0, lean / 2), -lean, lean)), rng.uniform(-0.06, 0.06)
    flip = rng.choice([-1.0, 1.0])
    rotation = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    stretch = np.array([[flip * rng.uniform(0.94, 1.06), shear, 0], [0, 1, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [*rng.uniform(-0.05, 0.05, 2), 1]])
    return tilt @ rotation @ stretch


def _fit(free: Matrix, corners: Float[np.ndarray, "2 2"], scale: float, centre: tuple[float, float]) -> Matrix:
    """The free pose, enlarged by `scale` and with the middle of its corners moved to `centre`."""
    shift = np.array(centre) - scale * corners.mean(axis=0)
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]]) @ free


def _corners(picture: Picture, matrix: Matrix) -> Float[np.ndarray, "2 2"]:
    """Top-left and bottom-right corner of what the picture covers under a map."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for shape in picture.shapes:
        if shape.inside is None and shape.alpha > 0.7:
            placed = project(shape.outline, matrix)
            low = np.minimum(low, placed.min(axis=0) - shape.width / 2)
            high = np.maximum(high, placed.max(axis=0) + shape.width / 2)
    return np.stack([low, high])


def draw_occluder(
    backdrop: Backdrop, picture: Picture, matrix: Matrix, rng: np.random.Generator
) -> tuple[Picture, Matrix]:
    """Something in the foreground that hides at most a fifth of the object, and nothing in some scenes.

    It is moved away from the object until it hides little enough.
    """
    occluder = backdrop.hiders[rng.integers(len(backdrop.hiders))](rng)
    flip = rng.choice([-1.0, 1.0])
    if rng.random() < 0.45:
        return Picture(), np.eye(3)
    thing = silhouette(picture.shapes, matrix, SKETCH)
    for away in np.linspace(0, 0.3, 7):
        place = np.array([[flip, 0, (1 - flip) / 2 - flip * away], [0, 1, 0.6 * away], [0, 0, 1]])
        if (thing & silhouette(occluder.shapes, place, SKETCH)).sum() <= HIDDEN * thing.sum():
            return occluder, place
    return Picture(), np.eye(3)
