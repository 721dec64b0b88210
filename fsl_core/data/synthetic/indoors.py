"""Backdrops at home and in the evening."""

from itertools import pairwise

import numpy as np

from fsl_core.data.synthetic.backdrops import EVERYWHERE, Backdrop, paint_bokeh, ridge
from fsl_core.data.synthetic.light import Light
from fsl_core.data.synthetic.occluders import AIR, HOME
from fsl_core.data.synthetic.outlines import Outline, box, ellipse, moved, petal, points, smooth, star
from fsl_core.data.synthetic.palette import (
    BLUE,
    CREAM,
    GREEN,
    INK,
    ORANGE,
    PINK,
    TEAL,
    VIOLET,
    YELLOW,
    darker,
    lch,
    lighter,
    mix,
    pastel,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def _paper(picture: Picture, rng: np.random.Generator, bottom: float) -> None:
    """Wall-paper down to `bottom`: stripes, dots, leaves or diamonds, tone on tone."""
    wall = pastel(rng)
    sheet = picture.fill(box(-0.1, -0.1, 1.1, bottom), wall, fade=darker(wall, 0.08), volume=0)
    tone, kind, step = mix(wall, vivid(rng), rng.uniform(0.12, 0.25)), rng.integers(4), rng.uniform(0.1, 0.16)
    if kind == 0:
        for x in np.arange(-0.05, 1.1, step):
            picture.line(points((x, -0.1), (x, bottom)), tone, step * rng.uniform(0.3, 0.31), inside=sheet)
        return
    motif: Outline = {
        1: ellipse(0, 0, 0.22 * step),
        2: petal(-0.32 * step, 0, 0.64 * step, 0.34 * step, -50),
        3: star(0, 0, 0.34 * step, 0.16 * step, 4),
    }[int(kind)]
    for row, y in enumerate(np.arange(-0.02, bottom + step, step * 0.8)):
        for x in np.arange(-0.05 + (row % 2) * step / 2, 1.1, step):
            picture.fill(moved(motif, x, y), tone, volume=0, inside=sheet)


def wallpaper(rng: np.random.Generator, light: Light) -> Backdrop:
    """A papered wall in front of which a thing floats like a paper cut-out."""
    backdrop = Backdrop(HOME, shadow=0.3)
    _paper(backdrop.plane(0.004), rng, 1.1)
    return backdrop


def _planks(picture: Picture, rng: np.random.Generator, top: float) -> None:
    """A wooden table or floor seen along its boards."""
    wood = lch(rng.uniform(0.6, 0.78), rng.uniform(0.05, 0.08), rng.uniform(52, 75))
    surface = picture.fill(box(-0.1, top, 1.1, 1.1), darker(wood, 0.12), fade=lighter(wood, 0.12), volume=0)
    edges = np.linspace(-1.2, 2.2, 12) + rng.uniform(0, 0.2)
    for first, last in pairwise(edges):
        board = points(
            *(
                (0.5 + (x - 0.5) * share, y)
                for x, share, y in ((first, 0.45, top), (last, 0.45, top), (last, 1, 1.1), (first, 1, 1.1))
            )
        )
        part = picture.fill(
            board, mix(wood, darker(wood, 0.3), rng.uniform(0, 0.5)), volume=0, alpha=0.55, inside=surface
        )
        for share in rng.uniform(0.1, 0.9, 4):
            x = first + (last - first) * share
            picture.line(
                smooth(
                    (0.5 + (x - 0.5) * 0.45, top),
                    (0.5 + (x - 0.5) * 0.7 + 0.01, (top + 1.1) / 2),
                    (x, 1.1),
                    closed=False,
                ),
                darker(wood, 0.3),
                0.004,
                alpha=0.5,
                inside=part,
            )
        picture.line(board[[0, 3]], darker(wood, 0.5), 0.006, alpha=0.7)
    picture.line(points((-0.1, top), (1.1, top)), darker(wood, 0.45), 0.008, alpha=0.6)


def table(rng: np.random.Generator, light: Light) -> Backdrop:
    """A wooden table, the room behind it out of focus."""
    level = rng.uniform(0.84, 0.92)
    backdrop = Backdrop(HOME, floor=level, shadow=0.34)
    wall = pastel(rng)
    far = backdrop.plane(0.02)
    far.fill(EVERYWHERE, lighter(wall, 0.2), fade=darker(wall, 0.25), volume=0)
    window = 0.08 if light.direction[0] < 0 else 0.62
    far.fill(box(window, 0.05, window + 0.3, 0.48, 0.02), mix(light.horizon, CREAM, 0.5), fade=light.zenith, volume=0)
    for x in (window, window + 0.15, window + 0.3):
        far.line(points((x, 0.03), (x, 0.5)), lighter(wall, 0.7), 0.022)
    other = 0.85 - window
    far.line(points((other - 0.2, 0.42), (other + 0.2, 0.42)), darker(wall, 0.35), 0.02)
    for x in np.linspace(other - 0.17, other + 0.15, 7):
        far.fill(
            box(x, 0.42 - rng.uniform(0.08, 0.17), x + rng.uniform(0.03, 0.05), 0.41),
            mix(vivid(rng), wall, 0.4),
            volume=0,
        )
    _planks(backdrop.plane(0.004), rng, rng.uniform(0.62, 0.7))
    return backdrop


def room(rng: np.random.Generator, light: Light) -> Backdrop:
    """A papered room with a picture, a skirting board and a rug."""
    level = rng.uniform(0.85, 0.92)
    backdrop = Backdrop(HOME, floor=level, shadow=0.32)
    back = backdrop.plane(0.006)
    skirting = rng.uniform(0.68, 0.74)
    _paper(back, rng, skirting)
    for x in (rng.uniform(0.08, 0.25), rng.uniform(0.72, 0.9)):
        wide, high, y = rng.uniform(0.07, 0.1), rng.uniform(0.08, 0.12), rng.uniform(0.16, 0.34)
        back.fill(box(x - wide, y - high, x + wide, y + high), lch(0.58, 0.06, 60), volume=0.3)
        view = back.fill(
            box(x - wide + 0.016, y - high + 0.016, x + wide - 0.016, y + high - 0.016),
            light.zenith,
            fade=light.horizon,
            volume=0,
        )
        back.fill(ridge(rng, y + 0.02, 0.02), lch(0.7, 0.09, GREEN), inside=view, volume=0)
    back.fill(box(-0.1, skirting - 0.035, 1.1, skirting), CREAM, volume=0)
    boards = backdrop.plane(0.004)
    _planks(boards, rng, skirting)
    if rng.random() < 0.7:
        rug = mix(vivid(rng), CREAM, 0.25)
        for share, colour in ((1.0, rug), (0.88, lighter(rug, 0.55)), (0.8, rug), (0.5, lighter(rug, 0.3))):
            boards.fill(ellipse(0.5, level - 0.01, 0.56 * share, 0.12 * share), colour, volume=0.1)
    return backdrop


def night(rng: np.random.Generator, light: Light) -> Backdrop:
    """A starry night with a moon over dark hills."""
    backdrop = Backdrop(AIR)
    hue = rng.uniform(255, 300)
    far = backdrop.plane(0.006)
    far.fill(EVERYWHERE, lch(0.32, 0.09, hue), fade=lch(0.62, 0.11, hue + 35), volume=0)
    for x, y in rng.uniform((0, 0), (1, 0.8), (34, 2)):
        far.fill(ellipse(x, y, rng.uniform(0.002, 0.006)), CREAM, volume=0, alpha=rng.uniform(0.5, 1))
    x, y = 0.5 + 0.36 * np.sign(light.direction[0]), rng.uniform(0.12, 0.24)
    for radius, alpha in ((0.19, 0.08), (0.14, 0.12), (0.085, 1.0)):
        far.fill(ellipse(x, y, radius), lch(0.95, 0.05, 95), volume=0, alpha=alpha)
    near = backdrop.plane(0.006)
    for step, height in enumerate((0.8, 0.88, 0.94)):
        near.fill(ridge(rng, height, 0.04), lch(0.46 - 0.07 * step, 0.07, hue + 15), volume=0)
    return backdrop


def city(rng: np.random.Generator, light: Light) -> Backdrop:
    """City lights at dusk, out of focus, behind a pavement."""
    level = rng.uniform(0.85, 0.92)
    backdrop = Backdrop(HOME, floor=level, shadow=0.35)
    hue = rng.uniform(235, 310)
    far = backdrop.plane(0.014)
    far.fill(EVERYWHERE, lch(0.36, 0.08, hue), fade=lch(0.68, 0.11, hue + 70), volume=0)
    for x in np.linspace(-0.05, 1.0, 9) + rng.uniform(-0.03, 0.03, 9):
        top, tone = rng.uniform(0.2, 0.5), lch(rng.uniform(0.34, 0.46), 0.06, hue)
        far.fill(box(x, top, x + rng.uniform(0.1, 0.18), 0.85), tone, fade=lighter(tone, 0.15), volume=0)
        for u, v in rng.uniform((x + 0.02, top + 0.03), (x + 0.1, 0.75), (5, 2)):
            far.fill(box(u, v, u + 0.018, v + 0.024), lch(0.9, 0.1, 85), volume=0, alpha=0.85)
    glow = backdrop.plane(0.006)
    paint_bokeh(glow, rng, [vivid(rng, YELLOW, ORANGE, PINK, TEAL, VIOLET, BLUE, lightness=0.8) for _ in range(5)], 22)
    street = backdrop.plane(0.004)
    stone = mix(lch(0.5, 0.03, hue), INK, 0.1)
    street.fill(box(-0.1, 0.76, 1.1, 1.1), lighter(stone, 0.12), fade=darker(stone, 0.3), volume=0)
    for x, y in rng.uniform((0, 0.8), (1, 1.0), (12, 2)):
        street.fill(ellipse(x, y, rng.uniform(0.05, 0.14), 0.01), lch(0.85, 0.09, 75), volume=0, alpha=0.13)
    return backdrop
