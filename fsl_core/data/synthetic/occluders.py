"""Small things in the foreground that hide a part of the object. The frame is the unit square, y down."""

from collections.abc import Callable

import numpy as np

from fsl_core.data.synthetic.outlines import blob, box, ellipse, petal, points, smooth
from fsl_core.data.synthetic.palette import (
    BLUE,
    CREAM,
    GREEN,
    ORANGE,
    PINK,
    TEAL,
    VIOLET,
    WHITE,
    YELLOW,
    darker,
    lch,
    lighter,
    mix,
    pastel,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def twig(rng: np.random.Generator) -> Picture:
    """A leafy twig that hangs in from the left edge."""
    picture, leaf, start = (
        Picture(),
        vivid(rng, GREEN, GREEN, TEAL, ORANGE, PINK, lightness=0.58, chroma=0.12),
        rng.uniform(0.0, 0.9),
    )
    reach, sag = rng.uniform(0.26, 0.4), rng.uniform(-0.14, 0.14)
    stem = smooth((-0.05, start), (reach * 0.5, start + sag * 0.3), (reach, start + sag), closed=False)
    picture.line(stem, darker(leaf, 0.5), 0.012)
    for k, (x, y) in enumerate(stem[4::3]):
        tone = lighter(leaf, rng.uniform(0, 0.2))
        angle = 42 * (-1) ** k + rng.uniform(-15, 15)
        blade = picture.fill(petal(x, y, rng.uniform(0.11, 0.16), 0.065, angle), tone, fade=darker(tone, 0.25))
        tip = np.deg2rad(angle)
        picture.line(
            points((x, y), (x + 0.1 * np.cos(tip), y + 0.1 * np.sin(tip))), darker(tone, 0.3), 0.005, inside=blade
        )
    return picture


def reeds(rng: np.random.Generator) -> Picture:
    """Long blades that rise from the bottom."""
    picture, blade, start = (
        Picture(),
        vivid(rng, GREEN, GREEN, TEAL, YELLOW, lightness=0.58, chroma=0.11),
        rng.uniform(0.02, 0.7),
    )
    for x in start + rng.uniform(0, 0.26, 7):
        lean, tip, wide = rng.uniform(-0.14, 0.14), rng.uniform(0.55, 0.8), rng.uniform(0.012, 0.019)
        tone = lighter(blade, rng.uniform(0, 0.3))
        middle = (x + lean * 0.3, (1.05 + tip) / 2)
        picture.fill(
            smooth(
                (x - wide, 1.05),
                (middle[0] - wide, middle[1]),
                (x + lean, tip),
                (middle[0] + wide, middle[1]),
                (x + wide, 1.05),
            ),
            tone,
            fade=darker(tone, 0.3),
        )
    return picture


def fence(rng: np.random.Generator) -> Picture:
    """A few pickets of a garden fence in the lower left."""
    picture, paint = Picture(), CREAM if rng.random() < 0.5 else vivid(rng, lightness=0.7, chroma=0.08)
    top, count = rng.uniform(0.72, 0.8), int(rng.integers(2, 5))
    picture.fill(box(-0.1, top + 0.1, 0.14 * count - 0.02, top + 0.14), darker(paint, 0.18))
    for k in range(count):
        x = 0.0 + 0.14 * k
        picture.fill(
            points((x, 1.1), (x, top + 0.03), (x + 0.04, top - 0.03), (x + 0.08, top + 0.03), (x + 0.08, 1.1)),
            paint,
            fade=darker(paint, 0.15),
        )
        picture.fill(ellipse(x + 0.04, top + 0.12, 0.009), darker(paint, 0.45), volume=0)
    return picture


def ball(rng: np.random.Generator) -> Picture:
    """A beach ball."""
    picture, (x, y, radius) = Picture(), (rng.uniform(0.1, 0.9), rng.uniform(0.8, 0.93), rng.uniform(0.085, 0.12))
    first, second = vivid(rng), pastel(rng)
    disc = picture.fill(ellipse(x, y, radius), WHITE, volume=0.5)
    for angle, colour in zip(np.arange(0, 360, 60) + rng.uniform(0, 60), (first, CREAM, second) * 2, strict=True):
        a, b = np.deg2rad(angle), np.deg2rad(angle + 62)
        wedge = points(
            (x - radius * 0.25, y - radius * 0.3),
            (x + 2 * radius * np.cos(a), y + 2 * radius * np.sin(a)),
            (x + 2 * radius * np.cos(b), y + 2 * radius * np.sin(b)),
        )
        picture.fill(wedge, colour, inside=disc, volume=0.4)
    picture.fill(ellipse(x - radius * 0.25, y - radius * 0.3, radius * 0.14), WHITE, volume=0.2)
    return picture


def pebbles(rng: np.random.Generator) -> Picture:
    """A few round stones."""
    picture, start = Picture(), rng.uniform(0.05, 0.65)
    for x in np.sort(rng.uniform(start, start + 0.32, 4)):
        stone, radius = lch(rng.uniform(0.55, 0.78), 0.025, rng.uniform(0, 360)), rng.uniform(0.05, 0.085)
        part = picture.fill(
            blob(rng, x, rng.uniform(0.9, 0.95), radius, radius * 0.72), stone, fade=darker(stone, 0.3), volume=0.6
        )
        for u, v in rng.uniform((x - radius, 0.86), (x + radius, 0.98), (6, 2)):
            picture.fill(ellipse(u, v, 0.005), darker(stone, 0.4), inside=part, volume=0)
    return picture


def gift(rng: np.random.Generator) -> Picture:
    """A small present with a ribbon."""
    picture, (x, y, half) = Picture(), (rng.uniform(0.1, 0.9), rng.uniform(0.8, 0.9), rng.uniform(0.07, 0.1))
    paper, ribbon = vivid(rng), vivid(rng, YELLOW, PINK, TEAL, lightness=0.8)
    for angle in (-150, -30):
        picture.fill(petal(x, y - half, half * 0.95, half * 0.6, angle), ribbon)
    picture.fill(box(x - half * 0.92, y - half * 0.6, x + half * 0.92, y + half, 0.005), paper, volume=0.5)
    picture.fill(box(x - half, y - half, x + half, y - half * 0.5, 0.008), darker(paper, 0.1), volume=0.5)
    picture.fill(box(x - half * 0.18, y - half, x + half * 0.18, y + half), ribbon, volume=0.3)
    return picture


def cloudlet(rng: np.random.Generator) -> Picture:
    """A small cloud that drifts past below."""
    picture, (x, y, size) = Picture(), (rng.uniform(0.0, 1.0), rng.uniform(0.84, 0.95), rng.uniform(0.12, 0.17))
    shade = mix(pastel(rng, BLUE, VIOLET, PINK), WHITE, 0.4)
    for lift, colour in ((0.022, shade), (0.0, WHITE)):
        for u in (-1.0, 1.0, -0.5, 0.5, 0.0):
            bulge = size * (0.62 - 0.3 * abs(u))
            picture.fill(ellipse(x + u * size, y - bulge * 0.45 + lift, bulge * 1.15, bulge), colour, volume=0)
    return picture


def weed(rng: np.random.Generator) -> Picture:
    """Wavy water weed that rises from the bottom."""
    picture, blade, start = (
        Picture(),
        vivid(rng, GREEN, TEAL, PINK, VIOLET, lightness=0.58, chroma=0.12),
        rng.uniform(0.02, 0.75),
    )
    for x in start + np.linspace(0, 0.2, 4):
        tone, tip, sway = lighter(blade, rng.uniform(0, 0.25)), rng.uniform(0.6, 0.82), rng.choice([-0.025, 0.025])
        y = np.linspace(1.05, tip, 5)
        wave = smooth(*zip(x + sway * np.array([0, 1, -1, 1, -0.5]), y, strict=True), closed=False)
        picture.line(wave, darker(tone, 0.2), 0.034)
        picture.line(wave - (0.004, 0), tone, 0.02)
    return picture


Hider = Callable[[np.random.Generator], Picture]
LAND: tuple[Hider, ...] = (twig, reeds, fence, ball, pebbles, gift)
HOME: tuple[Hider, ...] = (twig, ball, gift)
AIR: tuple[Hider, ...] = (twig, cloudlet, cloudlet)
WATER: tuple[Hider, ...] = (weed, weed, pebbles)
SEA: tuple[Hider, ...] = (twig, ball)
SHORE: tuple[Hider, ...] = (twig, ball, pebbles, reeds)
