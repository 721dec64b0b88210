"""From pictures to pixels: depth of field, modelling by light, shadows, and the finish of the whole frame."""

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from fsl_core.data.synthetic.backdrops import Backdrop
from fsl_core.data.synthetic.canvas import LIGHT_TINT, SHADOW_TINT, Layer, Matrix
from fsl_core.data.synthetic.light import Light
from fsl_core.data.synthetic.picture import Picture

FRAME = np.eye(3)
BEVEL = 0.035
RIM = 0.006
NIGHT_BLUE = np.array([0.16, 0.12, 0.26], dtype=np.float32)

Pixels = Float[np.ndarray, "size size 3"]
Grey = Float[np.ndarray, "size size"]


def _blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; `sigma` is a fraction of the frame."""
    return cv2.GaussianBlur(pixels, (0, 0), max(sigma * pixels.shape[0], 0.01), borderType=cv2.BORDER_REPLICATE)


def _mottle(rng: np.random.Generator, size: int) -> Grey:
    """Soft uneven washes of paint with zero mean, the same at every size."""
    wash = np.zeros((size, size), np.float32)
    for cells, strength in ((6, 0.5), (20, 0.3), (56, 0.25)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        wash += strength * cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return wash


def expose_backdrop(backdrop: Backdrop, light: Light, size: int, rng: np.random.Generator) -> Pixels:
    """The planes behind the object, at half the resolution because they are out of focus anyway."""
    layer = Layer.clear((size + 1) // 2)
    for picture, blur in backdrop.planes:
        layer.paint(picture.shapes, FRAME, light.direction)
        layer.colour[:] = _blurred(layer.colour, blur)
    pixels = cv2.resize(layer.colour, (size, size), interpolation=cv2.INTER_CUBIC)
    return pixels * (1 + 0.02 * _mottle(rng, size)[..., None])


def expose_object(picture: Picture, matrix: Matrix, light: Light, size: int, rng: np.random.Generator) -> Layer:
    """The object with rounded edges: brighter where they face the light, darker where they turn away."""
    layer = Layer.clear(size)
    layer.paint(picture.shapes, matrix, light.direction)
    relief, soft = _blurred(layer.opacity, BEVEL), _blurred(layer.opacity, RIM)
    down, right = np.gradient(relief)
    facing = -(right * light.direction[0] + down * light.direction[1]) * (2.2 * BEVEL * size)
    amount = np.clip(facing + 0.05 * _mottle(rng, size), -1, 1)
    left, top, width, height = cv2.boundingRect((layer.opacity > 0).astype(np.uint8))
    seen = slice(top, top + height), slice(left, left + width)
    colour, opacity, amount = layer.colour[seen], layer.opacity[seen][..., None], amount[seen][..., None]
    towards, away = LIGHT_TINT * opacity - colour, colour * (1 - SHADOW_TINT)
    colour += towards * np.maximum(0.5 * amount, 0) + away * np.minimum(amount, 0)
    rim = np.clip(1.6 * (1 - soft[seen][..., None]), 0, 1) * 0.45
    colour += (NIGHT_BLUE * opacity - colour) * rim
    return layer


def cast_shadow(below: Pixels, thing: Grey, backdrop: Backdrop, light: Light, floats: bool) -> Pixels:
    """Darken the backdrop where the object keeps the light off: on the floor, on the wall, or not at all in the air."""
    size = thing.shape[0]
    if backdrop.shadow == 0:
        return below
    if backdrop.floor is not None and not floats:
        foot, slant = backdrop.floor * size, -0.55 * light.direction[0]
        flat = np.array([[1, -slant, slant * foot], [0, 0.24, 0.76 * foot]])
        fallen = _blurred(cv2.warpAffine(thing, flat, (size, size)), 0.012)
        touch = np.array([[1, 0, 0], [0, 0.07, 0.94 * foot]])
        contact = _blurred(cv2.warpAffine(thing, touch, (size, size)), 0.012)
        dark = np.maximum(fallen, 1.5 * contact)
    else:
        move = np.array([[1, 0, -0.04 * light.direction[0] * size], [0, 1, -0.04 * light.direction[1] * size]])
        dark = _blurred(cv2.warpAffine(thing, move, (size, size)), 0.02)
    share = np.clip(backdrop.shadow * dark, 0, 0.7)[..., None]
    return below + (NIGHT_BLUE - below) * share


def expose_front(backdrop: Backdrop, occluder: tuple[Picture, Matrix], light: Light, size: int) -> Layer:
    """What stands in front of the object, slightly out of focus."""
    layer = Layer.clear(size)
    layer.paint(backdrop.front.shapes, FRAME, light.direction)
    layer.paint(occluder[0].shapes, occluder[1], light.direction)
    return Layer(_blurred(layer.colour, 0.004), _blurred(layer.opacity, 0.004))


def finish(pixels: Pixels, light: Light, rng: np.random.Generator) -> UInt8[np.ndarray, "size size 3"]:
    """Tint, vignette and the grain of paper."""
    size = pixels.shape[0]
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    vignette = 1 - rng.uniform(0.04, 0.13) * ((axis[:, None] ** 2 + axis[None] ** 2) / 2) ** 1.5
    noise = rng.standard_normal((256, 256)).astype(np.float32)
    paper = cv2.resize(noise, (size, size), interpolation=cv2.INTER_AREA if size < 256 else cv2.INTER_CUBIC)
    shade = (vignette + 0.012 * paper)[..., None] * light.tint.astype(np.float32)
    return np.clip(np.rint(pixels * shade * 255), 0, 255).astype(np.uint8)
