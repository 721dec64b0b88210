"""Trees and cacti. Each function draws one individual, about 2 units high around the origin."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    box,
    ellipse,
    moved,
    petal,
    points,
    scallops,
    smooth,
    symmetric,
    turned,
)
from fsl_core.data.synthetic.palette import (
    BLUE,
    CREAM,
    GREEN,
    ORANGE,
    PINK,
    RED,
    TEAL,
    YELLOW,
    darker,
    lch,
    lighter,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def tree(rng: np.random.Generator) -> Picture:
    """A broad-leaved tree in any season, with or without fruit."""
    picture, bark = Picture(), lch(rng.uniform(0.38, 0.5), 0.06, 55)
    leaf = vivid(rng, GREEN, GREEN, GREEN - 18, lightness=0.68, chroma=0.15)
    if rng.random() < 0.35:
        leaf = vivid(rng, ORANGE, YELLOW, PINK, lightness=0.76, chroma=0.13)
    thick = rng.uniform(0.1, 0.15)
    picture.fill(symmetric((thick, 0.1), (thick * 0.9, 0.6), (thick * 2.1, 1.0), (0, 0.96)), bark, volume=0.7)
    for side in (-1, 1):
        picture.line(points((0, 0.5), (side * 0.32, 0.14)), bark, 0.08)
    sides = [(side * rng.uniform(0.36, 0.46), rng.uniform(-0.16, 0.0), 0.42, 0.36) for side in (-1, 1)]
    lobes = [(0, -0.36, 0.78, 0.62), *sides, (rng.uniform(-0.14, 0.14), -0.62, 0.46, 0.36)]
    for x, y, rx, ry in lobes:
        picture.fill(scallops(x, y + 0.05, rx, ry, int(rng.integers(9, 12))), darker(leaf, 0.28), volume=0.3)
    for k, (x, y, rx, ry) in enumerate(lobes):
        rim = turned(scallops(x, y, rx * 0.95, ry * 0.92, int(rng.integers(8, 11))), rng.uniform(-15, 15), (x, y))
        crown = picture.fill(rim, lighter(leaf, 0.05 * k), fade=darker(leaf, 0.12), volume=0.55)
        for _ in range(5):
            u, v = rng.uniform((x - 0.75 * rx, y - 0.75 * ry), (x + 0.75 * rx, y + 0.6 * ry))
            picture.line(arc(u, v, (0.09, 0.06), 200, 340), lighter(leaf, 0.35), 0.032, inside=crown, alpha=0.75)
    if rng.random() < 0.4:
        fruit = vivid(rng, RED, ORANGE, YELLOW, PINK)
        for angle in np.linspace(0.3, 6.0, 9):
            x, y = 0.52 * np.cos(angle) + rng.uniform(-0.1, 0.1), -0.28 + 0.42 * np.sin(angle)
            picture.fill(ellipse(x, y, 0.062), fruit, volume=0.8)
    return picture


def cactus(rng: np.random.Generator) -> Picture:
    """A cactus with two arms, in the ground or in a pot."""
    picture, skin = Picture(), vivid(rng, GREEN, GREEN, TEAL, lightness=0.6, chroma=0.11)
    left, right = rng.uniform(-0.28, 0.0), rng.uniform(-0.5, -0.2)
    limbs = [
        smooth((-0.1, 0.34), (-0.42, 0.32), (-0.54, 0.16), (-0.54, left - 0.14), closed=False),
        smooth((0.1, 0.14), (0.4, 0.12), (0.52, -0.06), (0.52, right - 0.14), closed=False),
    ]
    stems = [picture.line(limb, darker(skin, 0.1), 0.27) for limb in limbs]
    stems.append(picture.fill(box(-0.26, -0.96, 0.26, 1.0, 0.26), skin, fade=darker(skin, 0.15), volume=0.85))
    for stem, limb in zip(stems, limbs, strict=False):
        picture.line(moved(limb, -0.05, 0.0), lighter(skin, 0.25), 0.035, inside=stem)
        picture.line(moved(limb, 0.05, 0.0), darker(skin, 0.35), 0.03, inside=stem)
    for x in (-0.13, 0.0, 0.13):
        picture.line(points((x, -0.9), (x, 1.0)), darker(skin, 0.33), 0.03, inside=stems[2])
        for y in np.arange(-0.8 + abs(x), 0.9, 0.2):
            for tilt in (-0.05, 0.05):
                picture.line(points((x, y), (x + tilt, y - 0.045)), CREAM, 0.016)
    if rng.random() < 0.6:
        bloom = vivid(rng, PINK, RED, YELLOW, ORANGE, lightness=0.72)
        for x, y in ((0, -0.98), (-0.54, left - 0.28), (0.52, right - 0.28))[: int(rng.integers(1, 4))]:
            for angle in (-150, -120, -90, -60, -30):
                picture.fill(petal(x, y + 0.06, 0.2, 0.13, angle), bloom)
    if rng.random() < 0.5:
        pot = vivid(rng, ORANGE, RED, TEAL, BLUE, lightness=0.6)
        body = picture.fill(points((-0.48, 0.58), (0.48, 0.58), (0.36, 1.04), (-0.36, 1.04)), pot, volume=0.7)
        picture.pattern(rng, body, lighter(pot, 0.4))
        picture.fill(box(-0.54, 0.5, 0.54, 0.66, 0.04), darker(pot, 0.12), volume=0.7)
    return picture
