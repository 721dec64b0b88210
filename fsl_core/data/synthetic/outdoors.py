"""Backdrops under the open sky and under water."""

import numpy as np

from fsl_core.data.synthetic.backdrops import (
    EVERYWHERE,
    Backdrop,
    paint_bokeh,
    paint_sky,
    paint_trees,
    paint_tufts,
    ridge,
)
from fsl_core.data.synthetic.light import Light
from fsl_core.data.synthetic.occluders import AIR, LAND, SEA, SHORE, WATER
from fsl_core.data.synthetic.outlines import box, ellipse, moved, petal, points, smooth
from fsl_core.data.synthetic.palette import (
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    TEAL,
    VIOLET,
    WHITE,
    YELLOW,
    Colour,
    darker,
    lch,
    lighter,
    mix,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def sky(rng: np.random.Generator, light: Light) -> Backdrop:
    """High among the clouds, land far below."""
    backdrop = Backdrop(AIR)
    paint_sky(backdrop, light, rng, int(rng.integers(5, 9)))
    land = backdrop.plane(0.008)
    for step, height in enumerate((0.86, 0.92, 0.97)):
        land.fill(ridge(rng, height, 0.03), mix(light.haze, lch(0.7, 0.1, GREEN), 0.3 + 0.2 * step), volume=0)
    return backdrop


def hills(rng: np.random.Generator, light: Light) -> Backdrop:
    """Layer behind layer of rolling hills with trees."""
    level = rng.uniform(0.84, 0.93)
    backdrop = Backdrop(LAND, floor=level, shadow=0.3)
    paint_sky(backdrop, light, rng, int(rng.integers(2, 5)))
    hue = rng.choice([GREEN, GREEN - 25, YELLOW + 15, TEAL - 25])
    for step, height in enumerate((0.5, 0.58, 0.66)):
        colour = mix(light.haze, lch(0.77, 0.13, hue + rng.uniform(-10, 10)), 0.42 + 0.18 * step)
        land = backdrop.plane(0.006)
        land.fill(ridge(rng, height, 0.05), colour, fade=mix(colour, light.horizon, 0.3), volume=0)
        paint_trees(land, rng, height + 0.03, darker(colour, 0.2))
    ground = backdrop.plane(0.003)
    colour = lch(0.79, 0.14, hue)
    ground.fill(ridge(rng, 0.77, 0.03), colour, fade=darker(colour, 0.2), volume=0)
    for x in np.linspace(-0.6, 1.6, 9):
        ground.line(points((0.5 + (x - 0.5) * 0.4, 0.78), (x, 1.1)), lighter(colour, 0.25), 0.02, alpha=0.25)
    paint_tufts(backdrop.front, rng, level, darker(colour, 0.1))
    return backdrop


def meadow(rng: np.random.Generator, light: Light) -> Backdrop:
    """Long grass with wild flowers."""
    level = rng.uniform(0.84, 0.92)
    backdrop = Backdrop(LAND, floor=level, shadow=0.32)
    paint_sky(backdrop, light, rng, int(rng.integers(1, 4)))
    colour = vivid(rng, GREEN, GREEN - 20, lightness=0.78, chroma=0.14)
    far = backdrop.plane(0.010)
    far.fill(ridge(rng, 0.5, 0.03), mix(light.haze, colour, 0.45), volume=0)
    paint_trees(far, rng, 0.53, mix(light.haze, darker(colour, 0.2), 0.6))
    field = backdrop.plane(0.005)
    field.fill(ridge(rng, 0.6, 0.02), lighter(colour, 0.2), fade=darker(colour, 0.25), volume=0)
    blooms = [vivid(rng, lightness=0.8, chroma=0.1) for _ in range(3)]
    for y in np.sort(rng.uniform(0.62, 1.0, 44)):
        x, size = rng.uniform(0, 1), 0.028 * (y - 0.45)
        if size > 0.009:
            field.line(points((x, y + 3 * size), (x + size, y)), darker(colour, 0.15), 0.4 * size)
        field.fill(ellipse(x + size, y, size), blooms[rng.integers(3)], volume=0, alpha=0.85)
    paint_tufts(backdrop.front, rng, level, darker(colour, 0.08))
    return backdrop


def beach(rng: np.random.Generator, light: Light) -> Backdrop:
    """Sand, surf and sea."""
    level = rng.uniform(0.84, 0.93)
    backdrop = Backdrop(SHORE, floor=level, shadow=0.3)
    paint_sky(backdrop, light, rng, int(rng.integers(2, 5)))
    water, sand = (
        mix(vivid(rng, TEAL, BLUE - 20, lightness=0.7, chroma=0.1), light.zenith, 0.3),
        lch(0.88, 0.06, rng.uniform(70, 88)),
    )
    sea_plane = backdrop.plane(0.006)
    sea_plane.fill(box(-0.1, 0.48, 1.1, 1.1), mix(water, light.horizon, 0.3), fade=lighter(water, 0.3), volume=0)
    for y in rng.uniform(0.5, 0.66, 14):
        x = rng.uniform(0, 1)
        sea_plane.line(points((x, y), (x + rng.uniform(0.05, 0.16), y)), lighter(water, 0.6), 0.006, alpha=0.5)
    shore = backdrop.plane(0.004)
    edge = ridge(rng, 0.69, 0.02, 7)
    for lift, colour in ((-0.02, WHITE), (0.004, darker(sand, 0.14)), (0.035, sand)):
        shore.fill(moved(edge, 0, lift), colour, fade=darker(colour, 0.12) if lift else None, volume=0)
    for x, y in rng.uniform((0, 0.78), (1, 1), (18, 2)):
        shore.fill(ellipse(x, y, 0.009, 0.005), darker(sand, rng.uniform(0.1, 0.3)), volume=0, alpha=0.6)
    return backdrop


def sea(rng: np.random.Generator, light: Light) -> Backdrop:
    """Open water with waves in front."""
    level = rng.uniform(0.84, 0.9)
    backdrop = Backdrop(SEA, floor=level, shadow=0.2)
    paint_sky(backdrop, light, rng, int(rng.integers(3, 6)))
    water = mix(vivid(rng, TEAL, BLUE, BLUE - 25, lightness=0.66, chroma=0.1), light.zenith, 0.25)
    far = backdrop.plane(0.007)
    if rng.random() < 0.6:
        far.fill(ridge(rng, 0.53, 0.06, 6), mix(light.haze, lch(0.6, 0.06, GREEN), 0.35), volume=0)
    far.fill(box(-0.1, 0.56, 1.1, 1.1), mix(water, light.horizon, 0.45), fade=water, volume=0)
    near = backdrop.plane(0.004)
    for y in np.sort(rng.uniform(0.58, 1.0, 34)):
        x, length = rng.uniform(-0.1, 1), 0.35 * (y - 0.45)
        near.line(
            smooth((x, y), (x + length / 2, y - 0.012), (x + length, y), closed=False),
            lighter(water, 0.5),
            0.016 * (y - 0.3),
            alpha=0.45,
        )
    for step in range(2):
        along = np.linspace(-0.1, 1.1, 15) + rng.uniform(-0.04, 0.04)
        zigzag = np.where(np.arange(15) % 2, 0.014, -0.014)
        height = level - 0.02 + 0.06 * step + zigzag + rng.uniform(-0.004, 0.004, 15)
        crest = smooth(*zip(along, height, strict=True), closed=False)
        tone = darker(water, 0.06 + 0.1 * step)
        backdrop.front.fill(
            np.concatenate([crest, points((1.1, 1.2), (-0.1, 1.2))]), tone, fade=darker(tone, 0.15), volume=0
        )
        backdrop.front.line(crest, lighter(water, 0.75), 0.011)
    return backdrop


def seabed(rng: np.random.Generator, light: Light) -> Backdrop:
    """Under water: rays of light, corals, weed and bubbles."""
    backdrop = Backdrop(WATER)
    water = vivid(rng, TEAL, TEAL + 25, BLUE, lightness=0.68, chroma=0.12)
    far = backdrop.plane(0.014)
    far.fill(EVERYWHERE, lighter(water, 0.55), fade=darker(water, 0.25), volume=0)
    for x in rng.uniform(-0.1, 1.1, 6):
        width, slant = rng.uniform(0.03, 0.1), -0.5 * light.direction[0]
        far.fill(
            points((x, -0.1), (x + width, -0.1), (x + 2.4 * width + slant, 1.0), (x + slant, 1.0)),
            WHITE,
            volume=0,
            alpha=0.13,
        )
    reef = backdrop.plane(0.008)
    reef.fill(ridge(rng, 0.78, 0.05), darker(water, 0.35), volume=0)
    floor = backdrop.plane(0.005)
    sand = mix(lch(0.84, 0.06, 80), water, 0.35)
    floor.fill(ridge(rng, 0.87, 0.02), sand, fade=darker(sand, 0.25), volume=0)
    _paint_reef(floor, rng, water)
    for x, y in rng.uniform((0, 0.05), (1, 0.8), (16, 2)):
        radius = rng.uniform(0.006, 0.022)
        floor.line(ellipse(x, y, radius), lighter(water, 0.8), 0.004, closed=True, alpha=0.7)
        floor.fill(ellipse(x - radius * 0.3, y - radius * 0.3, radius * 0.25), WHITE, volume=0, alpha=0.8)
    return backdrop


def _paint_reef(floor: Picture, rng: np.random.Generator, water: Colour) -> None:
    """Weed and coral on the sea floor."""
    for x in rng.uniform(0, 1, 9):
        colour, tall = mix(vivid(rng, GREEN, PINK, ORANGE, VIOLET, GREEN), water, 0.3), rng.uniform(0.12, 0.36)
        if rng.random() < 0.6:
            floor.line(
                smooth(
                    (x, 0.96),
                    (x + 0.03, 0.96 - tall * 0.35),
                    (x - 0.03, 0.96 - tall * 0.7),
                    (x + 0.02, 0.96 - tall),
                    closed=False,
                ),
                colour,
                0.022,
            )
        else:
            for lean in (-0.08, -0.03, 0.03, 0.08):
                floor.line(
                    smooth((x, 0.96), (x + lean * 0.4, 0.9), (x + lean, 0.96 - tall * 0.55), closed=False),
                    colour,
                    0.024,
                )


def forest(rng: np.random.Generator, light: Light) -> Backdrop:
    """A clearing between trunks, with spots of light."""
    level = rng.uniform(0.85, 0.93)
    backdrop = Backdrop(LAND, floor=level, shadow=0.3)
    leaf = vivid(rng, GREEN, GREEN - 15, TEAL - 20, YELLOW, lightness=0.76, chroma=0.12)
    far = backdrop.plane(0.016)
    far.fill(EVERYWHERE, darker(leaf, 0.25), fade=lighter(leaf, 0.5), volume=0)
    paint_bokeh(far, rng, [lighter(leaf, 0.6), lch(0.94, 0.08, 100), lighter(leaf, 0.3)], 26)
    for step in range(3):
        plane = backdrop.plane(0.009 - 0.002 * step)
        bark = mix(lighter(leaf, 0.3), lch(0.5, 0.06, 50), 0.25 + 0.15 * step)
        for x in rng.uniform(-0.05, 1.05, 3):
            width = rng.uniform(0.018, 0.03) * (1 + 0.6 * step)
            plane.fill(
                smooth(
                    (x - width, -0.1),
                    (x - width, 0.5),
                    (x - 1.7 * width, 0.8 + 0.03 * step),
                    (x + 1.7 * width, 0.8 + 0.03 * step),
                    (x + width, 0.5),
                    (x + width, -0.1),
                ),
                bark,
                volume=0.5,
            )
    ground = backdrop.plane(0.004)
    moss = mix(leaf, lch(0.66, 0.1, GREEN - 20), 0.5)
    ground.fill(ridge(rng, 0.77, 0.02), moss, fade=darker(moss, 0.35), volume=0)
    for x, y in rng.uniform((0, 0.8), (1, 1), (20, 2)):
        ground.fill(
            petal(x, y, 0.035, 0.018, rng.uniform(-180, 180)),
            mix(moss, vivid(rng, ORANGE, YELLOW, GREEN), 0.4),
            volume=0,
            alpha=0.8,
        )
    paint_tufts(backdrop.front, rng, level, darker(moss, 0.15))
    return backdrop


def desert(rng: np.random.Generator, light: Light) -> Backdrop:
    """Dunes and table mountains."""
    level = rng.uniform(0.85, 0.93)
    backdrop = Backdrop(SHORE, floor=level, shadow=0.32)
    paint_sky(backdrop, light, rng, int(rng.integers(0, 3)))
    sand = lch(0.84, 0.08, rng.uniform(58, 82))
    far = backdrop.plane(0.008)
    for x in rng.uniform(-0.1, 0.9, 3):
        wide, high = rng.uniform(0.12, 0.26), rng.uniform(0.1, 0.22)
        rock = mix(light.haze, lch(0.6, 0.1, 40), 0.5)
        far.fill(
            points((x, 0.68), (x + 0.04, 0.66 - high), (x + wide, 0.66 - high), (x + wide + 0.05, 0.68)),
            rock,
            fade=lighter(rock, 0.4),
            volume=0.3,
        )
    for step, height in enumerate((0.62, 0.7, 0.79)):
        dune = backdrop.plane(0.006 - 0.001 * step)
        tone = mix(mix(light.haze, sand, 0.55 + 0.2 * step), sand, 0.3)
        dune.fill(ridge(rng, height, 0.045), lighter(tone, 0.2), fade=darker(tone, 0.2), volume=0.25)
    for y in np.sort(rng.uniform(0.84, 1.0, 9)):
        x = rng.uniform(-0.1, 0.8)
        dune.line(
            smooth((x, y), (x + 0.12, y - 0.012), (x + 0.28, y + 0.004), closed=False),
            darker(sand, 0.15),
            0.006,
            alpha=0.6,
        )
    return backdrop


def snow(rng: np.random.Generator, light: Light) -> Backdrop:
    """Winter: white hills, firs and falling flakes."""
    level = rng.uniform(0.85, 0.92)
    backdrop = Backdrop(LAND, floor=level, shadow=0.22)
    paint_sky(backdrop, light, rng, 1)
    white = lch(0.97, 0.012, 240)
    for step, height in enumerate((0.5, 0.6, 0.69)):
        land = backdrop.plane(0.008 - 0.001 * step)
        tone = mix(light.haze, white, 0.45 + 0.22 * step)
        land.fill(ridge(rng, height, 0.05), tone, fade=darker(tone, 0.08), volume=0)
        for x in rng.uniform(0, 1, 5):
            size, fir = rng.uniform(0.05, 0.085), mix(light.haze, lch(0.48, 0.06, 175), 0.3 + 0.2 * step)
            for lift in (0.0, 0.5, 1.0):
                width = size * (0.75 - 0.2 * lift)
                top = height + 0.03 - size * (1.1 + lift)
                land.fill(
                    points((x, top), (x + width, top + size), (x - width, top + size)),
                    mix(fir, white, 0.15 * lift),
                    volume=0.3,
                )
    ground = backdrop.plane(0.004)
    ground.fill(ridge(rng, 0.79, 0.02), white, fade=lch(0.86, 0.035, 250), volume=0)
    for x, y in rng.uniform((0, 0), (1, 0.85), (28, 2)):
        ground.fill(ellipse(x, y, rng.uniform(0.003, 0.01)), WHITE, volume=0, alpha=0.8)
    drift = ridge(rng, level + 0.005, 0.012, 7)
    backdrop.front.fill(drift, lch(0.98, 0.01, 240), fade=lch(0.9, 0.03, 250), volume=0)
    return backdrop
