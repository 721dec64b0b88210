"""What a backdrop is, and the strokes that several of them share. The frame is the unit square, y down."""

from dataclasses import dataclass, field

import numpy as np

from fsl_core.data.synthetic.light import Light
from fsl_core.data.synthetic.occluders import Hider
from fsl_core.data.synthetic.outlines import Outline, box, ellipse, points, scallops, smooth
from fsl_core.data.synthetic.palette import WHITE, Colour, darker, lighter, mix
from fsl_core.data.synthetic.picture import Picture

EVERYWHERE = box(-0.1, -0.1, 1.1, 1.1)


@dataclass(eq=False)
class Backdrop:
    """Painted planes behind an object, and what grows in front of its feet.

    Attributes:
        planes: pictures, far to near; the second item is the blur laid over everything painted so far, as a fraction
            of the frame.
        hiders: what may stand in the foreground here.
        floor: height at which an object stands; None = it floats.
        shadow: opacity of the shadow that an object throws.
        front: painted over the object.
    """

    hiders: tuple[Hider, ...]
    floor: float | None = None
    shadow: float = 0.0
    planes: list[tuple[Picture, float]] = field(default_factory=list)
    front: Picture = field(default_factory=Picture)

    def plane(self, blur: float) -> Picture:
        """Add an empty plane in front of the others."""
        picture = Picture()
        self.planes.append((picture, blur))
        return picture


def ridge(rng: np.random.Generator, height: float, swing: float, bends: int = 5) -> Outline:
    """Rolling land from edge to edge, down to the bottom of the frame."""
    x = np.linspace(-0.2, 1.2, bends)
    y = height + swing * rng.uniform(-1, 1, bends)
    crest = smooth(*zip(x, y, strict=True), closed=False)
    return np.concatenate([crest, points((1.2, 1.2), (-0.2, 1.2))])


def paint_sky(backdrop: Backdrop, light: Light, rng: np.random.Generator, clouds: int) -> None:
    """A sky with a sun on the side of the light and some clouds."""
    far = backdrop.plane(0.012)
    far.fill(box(-0.1, -0.1, 1.1, 0.95), light.zenith, fade=light.horizon, volume=0)
    far.fill(box(-0.1, 0.94, 1.1, 1.1), light.horizon, volume=0)
    if rng.random() < 0.6:
        x, y = 0.5 + 0.42 * np.sign(light.direction[0]) * rng.uniform(0.7, 1), rng.uniform(0.08, 0.25)
        for radius, alpha in ((0.26, 0.12), (0.18, 0.16), (0.12, 0.25), (0.075, 0.9)):
            far.fill(ellipse(x, y, radius), lighter(light.horizon, 0.75), volume=0, alpha=alpha)
    near = backdrop.plane(0.007)
    for _ in range(clouds):
        paint_cloud(near, rng, light)


def paint_cloud(picture: Picture, rng: np.random.Generator, light: Light) -> None:
    """A heap of soft bulges with a shaded underside."""
    x, y, size = rng.uniform(-0.05, 1.05), rng.uniform(0.03, 0.5), rng.uniform(0.09, 0.17)
    bright, shade = mix(light.horizon, WHITE, 0.8), mix(light.haze, WHITE, 0.35)
    for layer, colour in ((0.022, shade), (0.0, bright)):
        for u in np.linspace(-1, 1, 5):
            bulge = size * (0.62 - 0.34 * abs(u)) * (1.15 if u == 0 else 1)
            picture.fill(
                ellipse(x + u * size, y - bulge * 0.45 + layer, bulge * 1.15, bulge * 0.85), colour, volume=0, alpha=0.9
            )


def paint_trees(picture: Picture, rng: np.random.Generator, height: float, colour: Colour) -> None:
    """A row of distant trees, round or pointed."""
    pointed = rng.random() < 0.4
    for x in rng.uniform(-0.05, 1.05, int(rng.integers(6, 13))):
        size, base = rng.uniform(0.035, 0.085), height + rng.uniform(-0.01, 0.03)
        tone = mix(colour, darker(colour, 0.3), rng.uniform(0, 0.7))
        if pointed:
            picture.fill(points((x, base - 2.6 * size), (x + 0.6 * size, base), (x - 0.6 * size, base)), tone)
        else:
            picture.line(points((x, base), (x, base - size)), darker(tone, 0.4), 0.012)
            picture.fill(scallops(x, base - 1.3 * size, size, size * 1.05, 7), tone, volume=0.5)


def paint_tufts(picture: Picture, rng: np.random.Generator, floor: float, colour: Colour) -> None:
    """Tufts of grass along the floor."""
    for x in rng.uniform(-0.02, 1.02, 18):
        base, tone = floor + rng.uniform(0.015, 0.05), mix(colour, darker(colour, 0.35), rng.uniform(0, 0.8))
        leans, tips = np.linspace(-0.034, 0.034, 4) + rng.uniform(-0.008, 0.008, 4), rng.uniform(0.03, 0.075, 4)
        corners = [(x - 0.016, base)]
        for k, (lean, tip) in enumerate(zip(leans, tips, strict=True)):
            corners += [(x + lean, base - tip), (x - 0.016 + 0.0107 * (k + 1), base - 0.012 * (k < 3))]
        picture.fill(points(*corners), tone, volume=0)


def paint_bokeh(picture: Picture, rng: np.random.Generator, colours: list[Colour], count: int) -> None:
    """Lights out of focus."""
    for _ in range(count):
        x, y, radius = rng.uniform(-0.05, 1.05), rng.uniform(-0.05, 0.95), rng.uniform(0.025, 0.1)
        colour = colours[rng.integers(len(colours))]
        picture.fill(ellipse(x, y, radius), colour, volume=0, alpha=rng.uniform(0.12, 0.42))
        picture.line(ellipse(x, y, radius), lighter(colour, 0.4), 0.006, closed=True, alpha=0.2)
