"""Pixels: paints shapes with smooth edges onto a layer of colour and opacity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float

from fsl_core.data.synthetic.picture import Shape

SUBPIXELS = 4
SHIFT = 4
SHADOW_TINT = np.array([0.42, 0.36, 0.62], dtype=np.float32)
LIGHT_TINT = np.array([1.0, 0.97, 0.88], dtype=np.float32)

Matrix = Float[np.ndarray, "3 3"]
Frame = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Layer:
    """A square picture of `size` pixels; colour is multiplied by opacity.

    Attributes:
        colour: sRGB in [0, 1], times opacity.
        opacity: 0 (nothing here) to 1.
    """

    colour: Float[np.ndarray, "size size 3"]
    opacity: Float[np.ndarray, "size size"]

    @classmethod
    def clear(cls, size: int) -> "Layer":
        """A layer with nothing on it."""
        return cls(np.zeros((size, size, 3), np.float32), np.zeros((size, size), np.float32))

    @property
    def size(self) -> int:
        """Height and width in pixels."""
        return self.opacity.shape[0]

    def paint(self, shapes: Iterable[Shape], matrix: Matrix, light: tuple[float, float]) -> None:
        """Paint shapes, back to front.

        Args:
            shapes: what to paint.
            matrix: projective map from the unit of the shapes to the frame, whose sides have length 1.
            light: unit vector on the screen towards the light.
        """
        cuts: dict[int, np.ndarray] = {}
        scale = _enlargement(matrix) * self.size
        for shape in shapes:
            pixels = project(shape.outline, matrix) * self.size
            frame = _frame(pixels, shape.width * scale, self.size)
            if frame is None:
                continue
            left, top, right, bottom = frame
            cover = _cover(shape, pixels, shape.width * scale, frame)
            if shape.inside is not None:
                parent = shape.inside
                if id(parent) not in cuts:
                    cuts[id(parent)] = _whole_cover(parent, matrix, self.size)
                cover = cover * cuts[id(parent)][top:bottom, left:right]
            self._blend(frame, _colours(shape, pixels, frame, light), cover * np.float32(shape.alpha))

    def _blend(self, frame: Frame, colour: np.ndarray, cover: np.ndarray) -> None:
        left, top, right, bottom = frame
        rgb, opacity = self.colour[top:bottom, left:right], self.opacity[top:bottom, left:right]
        rgb += (colour - rgb) * cover[..., None]
        opacity += (1 - opacity) * cover

    def over(self, below: Float[np.ndarray, "size size 3"]) -> Float[np.ndarray, "size size 3"]:
        """This layer laid over an opaque picture."""
        return self.colour + below * (1 - self.opacity[..., None])


def project(outline: Float[np.ndarray, "n 2"], matrix: Matrix) -> Float[np.ndarray, "n 2"]:
    """Points under a projective map."""
    if matrix[2, 0] == 0 == matrix[2, 1]:
        return outline @ matrix[:2, :2].T + matrix[:2, 2]
    lifted = outline @ matrix[:, :2].T + matrix[:, 2]
    return lifted[:, :2] / lifted[:, 2:]


def silhouette(shapes: Iterable[Shape], matrix: Matrix, size: int) -> Bool[np.ndarray, "size size"]:
    """The pixels under the outlines of opaque shapes, with hard edges: quick, for measuring."""
    mask = np.zeros((size, size), np.uint8)
    scale = _enlargement(matrix) * size
    for shape in shapes:
        if shape.inside is None and shape.alpha > 0.6:
            fixed = (
                np.round((project(shape.outline, matrix) * size - 0.5) * 2**SHIFT).astype(np.int32).reshape(1, -1, 2)
            )
            if shape.width > 0:
                cv2.polylines(mask, fixed, shape.closed, 1, max(1, round(shape.width * scale)), cv2.LINE_8, SHIFT)
            else:
                cv2.fillPoly(mask, fixed, 1, cv2.LINE_8, SHIFT)
    return mask > 0


def _enlargement(matrix: Matrix) -> float:
    """How much the map enlarges lengths near the origin of the shapes."""
    around = project(1e-3 * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), matrix)
    (a, b), (c, d) = (around[1:] - around[0]) / 1e-3
    return float(np.sqrt(abs(a * d - b * c)))


def _frame(pixels: np.ndarray, thickness: float, size: int) -> Frame | None:
    """The pixels that a shape may touch, or None where it lies outside the picture."""
    reach = thickness / 2 + 1
    left, top = (max(0, math.floor(edge - reach)) for edge in pixels.min(axis=0).tolist())
    right, bottom = (min(size, math.ceil(edge + reach)) for edge in pixels.max(axis=0).tolist())
    return (left, top, right, bottom) if left < right and top < bottom else None


def _cover(shape: Shape, pixels: np.ndarray, thickness: float, frame: Frame) -> np.ndarray:
    """The share of each pixel of the frame that the shape covers."""
    left, top, right, bottom = frame
    fine = np.zeros(((bottom - top) * SUBPIXELS, (right - left) * SUBPIXELS), np.uint8)
    placed = (pixels - (left, top)) * SUBPIXELS - 0.5
    fixed = np.round(placed * 2**SHIFT).astype(np.int32).reshape(1, -1, 2)
    if shape.width > 0:
        cv2.polylines(fine, fixed, shape.closed, 255, max(1, round(thickness * SUBPIXELS)), cv2.LINE_8, SHIFT)
    else:
        cv2.fillPoly(fine, fixed, 255, cv2.LINE_8, SHIFT)
    cover = cv2.resize(fine, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return cover.astype(np.float32) / np.float32(255)


def _whole_cover(shape: Shape, matrix: Matrix, size: int) -> np.ndarray:
    """The share of each pixel of the picture that the shape covers."""
    whole = np.zeros((size, size), np.float32)
    pixels = project(shape.outline, matrix) * size
    thickness = shape.width * _enlargement(matrix) * size
    frame = _frame(pixels, thickness, size)
    if frame is not None:
        left, top, right, bottom = frame
        whole[top:bottom, left:right] = _cover(shape, pixels, thickness, frame)
    return whole


def _colours(shape: Shape, pixels: np.ndarray, frame: Frame, light: tuple[float, float]) -> np.ndarray:
    """Colour of each pixel of the frame: fading downwards, brighter towards the light, cooler away from it."""
    base = shape.colour.astype(np.float32)
    if shape.fade is None and shape.volume == 0:
        return base
    left, top, right, bottom = frame
    x, y = np.arange(left, right, dtype=np.float32)[None] + 0.5, np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5
    if shape.fade is not None:
        first, last = pixels[:, 1].min(), pixels[:, 1].max()
        share = np.clip((y - first) / max(last - first, 1e-6), 0, 1)[..., None]
        base = base + (shape.fade.astype(np.float32) - base) * share
    if shape.volume == 0:
        return np.broadcast_to(base, (bottom - top, right - left, 3))
    along = pixels @ np.array(light)
    middle, reach = (along.max() + along.min()) / 2, max((along.max() - along.min()) / 2, 1e-6)
    lit = np.clip((x * light[0] + y * light[1] - middle) / reach, -1, 1).astype(np.float32)[..., None]
    amount = np.float32(shape.volume) * lit
    return base + np.where(
        amount > 0, (LIGHT_TINT - base) * (amount * np.float32(0.55)), base * (1 - SHADOW_TINT) * amount
    )
