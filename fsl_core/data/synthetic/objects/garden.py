"""What a garden holds. Each function draws one individual, about 2 units high and wide around the origin."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    blob,
    ellipse,
    mirrored,
    petal,
    points,
    smooth,
    symmetric,
)
from fsl_core.data.synthetic.palette import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PINK,
    RED,
    TEAL,
    VIOLET,
    YELLOW,
    darker,
    lch,
    lighter,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def butterfly(rng: np.random.Generator) -> Picture:
    """A butterfly with open wings."""
    picture, colour = Picture(), vivid(rng, ORANGE, BLUE, YELLOW, VIOLET, PINK, TEAL)
    rim, spot, low = (
        darker(colour, rng.uniform(0.5, 0.75)),
        lighter(vivid(rng), 0.55),
        vivid(rng) if rng.random() < 0.5 else colour,
    )
    tip, tail = rng.uniform(0.8, 0.95), rng.uniform(0.72, 0.9)
    upper = smooth((0.04, -0.08), (0.28, -0.6), (0.66, -tip), (0.98, -0.76), (0.9, -0.3), (0.5, 0.06))
    lower = smooth((0.04, 0.02), (0.45, 0.0), (0.78, 0.22), (0.74, 0.6), (0.44, tail), (0.2, 0.5))
    for wing, paint, centre in ((lower, low, (0.3, 0.22)), (upper, colour, (0.42, -0.3))):
        for flip in (np.asarray, mirrored):
            picture.fill(flip(wing), rim, volume=0.3)
            inner = picture.fill(flip((wing - centre) * 0.8 + centre), paint, fade=lighter(paint, 0.35))
            for angle in (-60, -25, 10) if paint is colour else (20, 55, 90):
                vein = points((0.05, -0.02), (1.1 * np.cos(np.deg2rad(angle)), 1.1 * np.sin(np.deg2rad(angle))))
                picture.line(flip(vein), rim, 0.022, inside=inner)
    radius = rng.uniform(0.07, 0.11)
    for x, y, r in ((0.66, -0.6, 1.2), (0.78, -0.38, 0.7), (0.5, 0.42, 1.1), (0.46, 0.66, 0.6)):
        for side in (-1, 1):
            picture.fill(ellipse(side * x, y, radius * r), spot, volume=0.1)
            picture.fill(ellipse(side * x, y, radius * r * 0.45), rim, volume=0)
    for side in (-1, 1):
        picture.line(smooth((0, -0.34), (side * 0.08, -0.62), (side * 0.24, -0.8), closed=False), INK, 0.028)
        picture.fill(ellipse(side * 0.25, -0.81, 0.04), INK, volume=0.2)
    picture.fill(ellipse(0, 0.08, 0.075, 0.42), lch(0.35, 0.05, 50), volume=0.6)
    picture.fill(ellipse(0, -0.34, 0.085), lch(0.32, 0.05, 50), volume=0.6)
    return picture


def snail(rng: np.random.Generator) -> Picture:
    """A snail with a spiral shell."""
    picture, skin = Picture(), vivid(rng, YELLOW, ORANGE, GREEN, PINK, lightness=0.76, chroma=0.08)
    shell = vivid(rng, ORANGE, RED, PINK, VIOLET, TEAL)
    for x, lean in ((0.62, -0.04), (0.76, 0.12)):
        picture.line(smooth((x, -0.05), (x + lean * 0.4, -0.3), (x + lean, -0.5), closed=False), skin, 0.06)
        picture.eye(x + lean, -0.53, 0.085)
    body = picture.fill(
        smooth(
            (-1.0, 0.66),
            (-0.6, 0.46),
            (0.0, 0.42),
            (0.42, 0.3),
            (0.5, -0.02),
            (0.7, -0.16),
            (0.9, -0.02),
            (0.9, 0.3),
            (0.76, 0.6),
            (0.4, 0.7),
            (-0.5, 0.71),
        ),
        skin,
        fade=darker(skin, 0.18),
    )
    picture.line(arc(0.82, 0.06, (0.12, 0.1), 30, 150), darker(skin, 0.55), 0.032, inside=body)
    picture.fill(ellipse(0.68, 0.14, 0.075, 0.05), vivid(rng, PINK, lightness=0.74), volume=0, alpha=0.6)
    radius, (cx, cy) = rng.uniform(0.55, 0.62), (-0.2, 0.0)
    disc = picture.fill(ellipse(cx, cy, radius), shell, fade=darker(shell, 0.2), volume=0.6)
    turns = np.linspace(0, 2.35 * 2 * np.pi, 90)
    reach = radius * (1 - turns / turns[-1]) ** 0.85 * 0.97
    spiral = np.stack([cx + reach * np.cos(turns + 0.7), cy + reach * np.sin(turns + 0.7)], axis=1)
    picture.line(spiral, lighter(shell, 0.55), 0.13, inside=disc)
    picture.line(spiral, darker(shell, 0.45), 0.045, inside=disc)
    picture.glint(cx - 0.1, cy - radius * 0.72, (0.24, 0.06), -12, disc)
    return picture


def flower(rng: np.random.Generator) -> Picture:
    """A flower on its stem with two leaves."""
    picture, colour, stem = (
        Picture(),
        vivid(rng, PINK, RED, VIOLET, YELLOW, ORANGE),
        vivid(rng, GREEN, lightness=0.58, chroma=0.12),
    )
    if rng.random() < 0.25:
        colour = lighter(colour, 0.75)
    count, y, lean = int(rng.integers(6, 10)), -0.36, rng.uniform(-0.12, 0.12)
    picture.line(smooth((lean, 1.0), (lean * 0.2 + 0.04, 0.5), (0, y), closed=False), stem, 0.075)
    for angle, start in ((-150 + rng.uniform(-12, 12), 0.78), (-30 + rng.uniform(-12, 12), 0.66)):
        picture.fill(petal(lean * 0.5, start, 0.58, 0.27, angle), stem, fade=darker(stem, 0.2))
        tip = np.deg2rad(angle)
        picture.line(
            points((lean * 0.5, start), (lean * 0.5 + 0.46 * np.cos(tip), start + 0.46 * np.sin(tip))),
            lighter(stem, 0.35),
            0.02,
        )
    width = 2.3 / count * rng.uniform(0.95, 1.2)
    offset = rng.uniform(0, 360)
    for ring, reach, shade in ((0.5, 0.62, darker(colour, 0.22)), (0.0, 0.6, colour)):
        for k in range(count):
            angle = offset + 360 * (k + ring) / count
            blade = picture.fill(petal(0, y, reach, width * 0.6, angle), shade, volume=0.5)
            tip = np.deg2rad(angle)
            picture.line(
                points((0, y), (0.42 * np.cos(tip), y + 0.42 * np.sin(tip))), darker(shade, 0.25), 0.02, inside=blade
            )
    core = vivid(rng, YELLOW, ORANGE, lightness=0.75) if rng.random() < 0.7 else lch(0.38, 0.06, 50)
    disc = picture.fill(ellipse(0, y, rng.uniform(0.17, 0.22)), core, fade=darker(core, 0.25), volume=0.6)
    for _ in range(14):
        u, v = rng.uniform((-0.2, y - 0.2), (0.2, y + 0.2))
        picture.fill(ellipse(u, v, 0.018), darker(core, 0.4), inside=disc, volume=0)
    return picture


def mushroom(rng: np.random.Generator) -> Picture:
    """A toadstool with a spotted cap."""
    picture, cap = Picture(), vivid(rng, RED, RED, ORANGE, PINK, VIOLET, TEAL, lightness=0.64, chroma=0.185)
    stem, thick, high = lighter(vivid(rng, YELLOW, ORANGE), 0.75), rng.uniform(0.2, 0.28), rng.uniform(0.76, 0.95)
    stalk = picture.fill(
        symmetric((thick, -0.1), (thick * 0.9, 0.4), (thick * 1.35, 0.86), (thick, 1.0)), stem, volume=0.7
    )
    picture.fill(ellipse(0, 0.14, thick * 1.3, 0.1), darker(stem, 0.35), inside=stalk, volume=0, alpha=0.7)
    picture.fill(ellipse(0, 0.06, 0.86, 0.17), darker(stem, 0.22), volume=0.3)
    for x in np.linspace(-0.7, 0.7, 13):
        picture.line(points((x * 0.3, -0.02), (x, 0.2 - 0.16 * x * x)), darker(stem, 0.4), 0.018)
    picture.fill(symmetric((thick * 1.05, 0.18), (thick * 1.5, 0.36), (0, 0.42)), lighter(stem, 0.2))
    dome = picture.fill(
        np.concatenate([arc(0, 0.04, (0.96, high), 180, 360), arc(0, 0.04, (0.96, 0.14), 0, 180)]),
        cap,
        fade=darker(cap, 0.22),
        volume=0.7,
    )
    spots = ((-0.55, -0.22), (-0.16, -0.5), (0.3, -0.3), (0.68, -0.1), (-0.1, -0.1), (0.38, -0.66), (-0.82, 0.0))
    for (x, y), r in zip(spots, (0.13, 0.16, 0.14, 0.1, 0.1, 0.08, 0.09), strict=True):
        u, v = x + rng.uniform(-0.06, 0.06), y * high + rng.uniform(-0.04, 0.04)
        picture.fill(blob(rng, u, v, r, r * 0.8), lighter(stem, 0.4), inside=dome, volume=0.35)
    picture.glint(-0.42, -high * 0.66, (0.24, 0.07), -36, dome)
    return picture
