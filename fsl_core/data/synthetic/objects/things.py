"""Things to carry. Each function draws one, about 2 units high around the origin."""

from itertools import pairwise

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    box,
    ellipse,
    petal,
    points,
    smooth,
    symmetric,
)
from fsl_core.data.synthetic.palette import (
    BLUE,
    CREAM,
    RED,
    TEAL,
    darker,
    lch,
    lighter,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def umbrella(rng: np.random.Generator) -> Picture:
    """An open umbrella with a crook handle."""
    picture, first = Picture(), vivid(rng)
    second = lighter(first, 0.7) if rng.random() < 0.5 else vivid(rng)
    crook, top = lch(0.46, 0.08, 50), rng.uniform(-0.86, -0.76)
    shaft = np.concatenate([points((0, 0.42), (0, 0.7)), arc(-0.14, 0.8, (0.14, 0.15), 0, 180)])
    picture.line(points((0, top - 0.16), (0, 0.5)), lch(0.6, 0.02, 260), 0.05)
    picture.line(shaft, crook, 0.095)
    edges = np.linspace(-0.98, 0.98, 6)
    inside = np.concatenate(
        [
            np.stack([(a + b) / 2 + (b - a) / 2 * np.cos(t), 0.1 - 0.13 * np.sin(t)], axis=1)
            for a, b in pairwise(edges)
            for t in [np.linspace(np.pi, 0, 12)]
        ]
    )
    canopy = picture.fill(np.concatenate([inside, arc(0, 0.1, (0.98, 0.1 - top), 0, -180)]), first, volume=0.55)
    for k, (a, b) in enumerate(pairwise(edges)):
        gore = np.concatenate(
            [arc(0, 0.1, (abs(b), 0.1 - top), -90, 0)] if b > 0 else [arc(0, 0.1, (abs(b), 0.1 - top), -90, -180)]
        )
        back = arc(0, 0.1, (abs(a), 0.1 - top), 0 if a > 0 else -180, -90)
        picture.fill(
            np.concatenate([gore, points((b, 0.2), (a, 0.2)), back]), (first, second)[k % 2], inside=canopy, volume=0.4
        )
    for x in edges:
        picture.line(
            arc(0, 0.1, (abs(x), 0.1 - top), -90, 0 if x > 0 else -180), darker(first, 0.3), 0.018, inside=canopy
        )
        picture.fill(ellipse(x, 0.11, 0.032), darker(first, 0.4))
    picture.glint(-0.42, -0.42, (0.24, 0.07), -42, canopy)
    picture.fill(ellipse(0, top - 0.17, 0.05), crook)
    return picture


def guitar(rng: np.random.Generator) -> Picture:
    """An acoustic guitar, neck up."""
    picture, wood = Picture(), lch(rng.uniform(0.6, 0.75), 0.125, rng.uniform(48, 70))
    if rng.random() < 0.3:
        wood = vivid(rng, RED, TEAL, BLUE, lightness=0.62)
    wide, dark = rng.uniform(0.46, 0.52), lch(0.34, 0.05, 45)
    picture.fill(smooth((-0.12, -0.98), (0.12, -0.98), (0.1, -0.72), (-0.1, -0.72)), dark, volume=0.4)
    for y in (-0.93, -0.85, -0.77):
        for side in (-1, 1):
            picture.fill(ellipse(side * 0.15, y, 0.034), CREAM)
    half = [
        (0.14, -0.16),
        (0.34, -0.06),
        (0.36, 0.14),
        (0.3, 0.3),
        (0.44, 0.48),
        (wide, 0.7),
        (0.36, 0.94),
        (0.14, 1.0),
    ]
    outline = symmetric(*half)
    picture.fill(outline, darker(wood, 0.45), volume=0.3)
    face = picture.fill((outline - (0, 0.44)) * 0.92 + (0, 0.44), wood, fade=darker(wood, 0.15), volume=0.6)
    for x in np.arange(-0.5, 0.5, 0.11):
        picture.line(points((x, -0.2), (x + 0.03, 1.0)), darker(wood, 0.12), 0.014, inside=face)
    if rng.random() < 0.6:
        picture.fill(petal(0.1, 0.36, 0.42, 0.34, 62), darker(wood, 0.55), inside=face, volume=0.3)
    picture.fill(ellipse(0, 0.32, 0.175), lighter(wood, 0.45), volume=0.2)
    picture.fill(ellipse(0, 0.32, 0.14), lch(0.2, 0.03, 45), volume=0)
    picture.fill(box(-0.07, -0.76, 0.07, 0.2), lch(0.42, 0.06, 45), volume=0.6)
    for y in np.linspace(-0.7, 0.1, 9):
        picture.line(points((-0.065, y), (0.065, y)), lch(0.75, 0.06, 85), 0.016)
    picture.fill(box(-0.2, 0.7, 0.2, 0.77, 0.03), dark)
    for x in (-0.04, 0.0, 0.04):
        picture.line(points((x, -0.9), (x * 1.3, 0.73)), CREAM, 0.013)
    picture.glint(-0.32, 0.7, (0.05, 0.16), 22, face)
    return picture


def key(rng: np.random.Generator) -> Picture:
    """An old key, bow up."""
    picture = Picture()
    metal = [lch(0.8, 0.12, 88), lch(0.78, 0.02, 250), lch(0.66, 0.1, 55), vivid(rng)][rng.integers(4)]
    dark, teeth = darker(metal, 0.35), int(rng.integers(2, 4))
    radius = rng.uniform(0.3, 0.36)
    for shift, colour in ((0.035, dark), (0.0, metal)):
        heads = (
            [(0, -0.86 + radius * 0.9, radius * 0.8)]
            if teeth == 2
            else [(0, -0.78, 0.2), (-0.24, -0.46, 0.2), (0.24, -0.46, 0.2)]
        )
        for x, y, r in heads:
            picture.line(ellipse(x, y + shift, r), colour, 0.16, closed=True)
        picture.line(points((0, -0.3 + shift), (0, 0.94 + shift)), colour, 0.16)
        picture.line(points((-0.12, -0.16 + shift), (0.12, -0.16 + shift)), colour, 0.1)
        for k in range(teeth):
            picture.fill(
                box(0.02, 0.88 - 0.24 * k + shift, 0.42 - 0.07 * (k % 2), 1.02 - 0.24 * k + shift, 0.02),
                colour,
                volume=0.3,
            )
    picture.line(points((-0.035, -0.05), (-0.035, 0.85)), lighter(metal, 0.6), 0.032)
    for x, y, r in heads:
        picture.line(arc(x, y, (r, r), 190, 290), lighter(metal, 0.6), 0.04)
    return picture
