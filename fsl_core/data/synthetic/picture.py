"""A picture is a list of painted outlines, back to front, in units of its own; it knows no pixels."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fsl_core.data.synthetic.outlines import Outline, ellipse, smooth
from fsl_core.data.synthetic.palette import INK, WHITE, Colour


@dataclass(frozen=True, eq=False)
class Shape:
    """One painted outline.

    Attributes:
        outline: its points; a filled area, or a line where `width` > 0.
        colour: sRGB in [0, 1].
        fade: the colour at the lower end of the outline; None = `colour` everywhere.
        width: thickness of a line in the unit of the points; 0 = filled.
        closed: a line returns to its first point.
        volume: 0 (flat) to 1: how much the light models it.
        alpha: opacity in (0, 1].
        inside: paint only where this shape is.
    """

    outline: Outline
    colour: Colour
    fade: Colour | None = None
    width: float = 0.0
    closed: bool = False
    volume: float = 0.0
    alpha: float = 1.0
    inside: "Shape | None" = None


@dataclass(eq=False)
class Picture:
    """Collects shapes; every method that paints returns the shape, so that others can be painted inside it."""

    shapes: list[Shape] = field(default_factory=list)

    def fill(self, outline: Outline, colour: Colour, **look: Any) -> Shape:
        """Paint an area; `look` are the other fields of `Shape`."""
        return self._add(Shape(outline, colour, **{"volume": 0.45, **look}))

    def line(self, outline: Outline, colour: Colour, width: float, **look: Any) -> Shape:
        """Paint a line with round ends."""
        return self._add(Shape(outline, colour, width=width, **look))

    def _add(self, shape: Shape) -> Shape:
        self.shapes.append(shape)
        return shape

    def eye(self, x: float, y: float, radius: float, iris: Colour = INK) -> None:
        """A friendly eye: white, iris, glint."""
        self.fill(ellipse(x, y, radius), WHITE, volume=0.1)
        self.fill(ellipse(x + 0.12 * radius, y, 0.66 * radius), iris, volume=0)
        self.fill(ellipse(x + 0.36 * radius, y - 0.28 * radius, 0.24 * radius), WHITE, volume=0)

    def glint(self, x: float, y: float, size: tuple[float, float], angle: float, inside: Shape) -> None:
        """The soft reflection of a window on something smooth."""
        self.fill(ellipse(x, y, *size, angle), WHITE, volume=0, alpha=0.38, inside=inside)

    def pattern(self, rng: np.random.Generator, shape: Shape, colour: Colour) -> None:
        """Decorate a shape with stripes, dots or patches, or leave it plain."""
        low, high = shape.outline.min(axis=0), shape.outline.max(axis=0)
        kind = rng.choice(["stripes", "bands", "dots", "patches", "plain"])
        look = {"inside": shape, "volume": 0.2, "alpha": 0.85}
        if kind == "stripes":
            for x in np.linspace(low[0], high[0], int(rng.integers(4, 7)) + 1)[:-1] + (high[0] - low[0]) * 0.08:
                bend = rng.uniform(-0.06, 0.06)
                self.line(
                    smooth((x, low[1]), (x + bend, low.mean()), (x, high[1]), closed=False), colour, 0.075, **look
                )
        elif kind == "bands":
            for y in np.linspace(low[1], high[1], int(rng.integers(4, 6)) + 1)[1:-1]:
                self.line(np.array([[low[0], y], [high[0], y]]), colour, 0.07, **look)
        elif kind == "dots":
            step = rng.uniform(0.2, 0.28)
            for row, y in enumerate(np.arange(low[1], high[1] + step, step)):
                for x in np.arange(low[0] + (row % 2) * step / 2, high[0] + step, step):
                    self.fill(ellipse(x, y, 0.2 * step), colour, **look)
        elif kind == "patches":
            for _ in range(int(rng.integers(4, 7))):
                x, y = rng.uniform(low, high)
                rx, ry = rng.uniform(0.08, 0.2, 2)
                self.fill(ellipse(x, y, rx, ry, rng.uniform(0, 180)), colour, **look)
