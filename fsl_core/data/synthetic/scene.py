"""A scene: one object, lit and partly hidden, in front of a backdrop."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from fsl_core.data.synthetic.exposure import cast_shadow, expose_backdrop, expose_front, expose_object, finish
from fsl_core.data.synthetic.light import draw_light
from fsl_core.data.synthetic.pose import draw_occluder, draw_pose
from fsl_core.data.synthetic.subjects import SUBJECTS
from fsl_core.errors import DataError

CLASSES: tuple[str, ...] = tuple(SUBJECTS)
SMALLEST, LARGEST = 32, 1024


@dataclass(frozen=True, eq=False)
class Scene:
    """A synthetic picture and where its object is.

    Attributes:
        image: sRGB.
        mask: the pixels where the object is seen; what stands in front of it is left out.
        class_name: one of `CLASSES`.
    """

    image: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"]
    class_name: str


def render_scene(class_name: str, generator: np.random.Generator, size: int = 224) -> Scene:
    """Draw a random scene of a class.

    The generator alone decides the composition; `size` only decides how sharp it is.

    Args:
        class_name: one of `CLASSES`.
        generator: source of all randomness; advanced by the same amount at every call.
        size: height and width in pixels, 32 to 1024.

    Raises:
        DataError: an unknown class, or a size out of range.
    """
    if class_name not in SUBJECTS:
        raise DataError(f"The synthetic classes are {', '.join(CLASSES)}; got {class_name!r}. Choose one of them.")
    if not SMALLEST <= size <= LARGEST:
        raise DataError(f"A synthetic scene needs a size of {SMALLEST} to {LARGEST} pixels, got {size}. Try 84 or 224.")
    subject = SUBJECTS[class_name]
    stage, cast, pose, front, grain = (np.random.default_rng(seed) for seed in generator.integers(2**63, size=5))
    light = draw_light(stage)
    backdrop = subject.places[stage.integers(len(subject.places))](stage, light)
    picture = subject.draw(cast)
    matrix = draw_pose(subject, picture, backdrop, pose)
    occluder = draw_occluder(backdrop, picture, matrix, front)
    below = expose_backdrop(backdrop, light, size, grain)
    thing = expose_object(picture, matrix, light, size, grain)
    below = cast_shadow(below, thing.opacity, backdrop, light, subject.floats)
    screen = expose_front(backdrop, occluder, light, size)
    image = finish(screen.over(thing.over(below)), light, grain)
    return Scene(image, (thing.opacity * (1 - screen.opacity)) > 0.5, class_name)
