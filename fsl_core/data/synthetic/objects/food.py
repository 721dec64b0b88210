"""Things to eat. Each function draws one, about 2 units high around the origin."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    ellipse,
    petal,
    points,
    smooth,
    symmetric,
)
from fsl_core.data.synthetic.palette import (
    GREEN,
    ORANGE,
    PINK,
    RED,
    YELLOW,
    darker,
    lch,
    lighter,
    pastel,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def apple(rng: np.random.Generator) -> Picture:
    """An apple with stalk and leaf."""
    picture, skin = Picture(), vivid(rng, RED, RED, GREEN, YELLOW, ORANGE, lightness=0.64, chroma=0.17)
    wide, leaf = rng.uniform(0.78, 0.9), vivid(rng, GREEN, lightness=0.6)
    cheek = [(0, -0.5), (0.3, -0.62), (0.66, -0.52), (wide, -0.08), (0.72, 0.48), (0.42, 0.84), (0.16, 0.88), (0, 0.82)]
    picture.line(smooth((0, -0.42), (0.03, -0.7), (0.12, -0.92), closed=False), lch(0.4, 0.06, 55), 0.085)
    blade = picture.fill(petal(0.05, -0.66, 0.56, 0.3, rng.uniform(-34, -14)), leaf, fade=darker(leaf, 0.2))
    picture.line(points((0.05, -0.66), (0.52, -0.84)), lighter(leaf, 0.4), 0.02, inside=blade)
    body = picture.fill(symmetric(*cheek), skin, fade=darker(skin, 0.15), volume=0.75)
    blush = vivid(rng, RED, YELLOW, ORANGE, lightness=0.76)
    for x in rng.uniform(-0.8, 0.8, 22):
        y, length = rng.uniform(-0.5, 0.0), rng.uniform(0.3, 0.8)
        picture.line(
            smooth((x * 0.7, y), (x, y + length / 2), (x * 0.85, y + length), closed=False),
            blush,
            0.03,
            inside=body,
            alpha=0.28,
        )
    for _ in range(16):
        x, y = rng.uniform((-0.7, -0.4), (0.7, 0.7))
        picture.fill(ellipse(x, y, 0.014), lighter(skin, 0.7), inside=body, volume=0)
    picture.fill(ellipse(0, -0.49, 0.24, 0.075), darker(skin, 0.45), inside=body, volume=0)
    picture.line(smooth((0, -0.46), (0.01, -0.6), (0.05, -0.72), closed=False), lch(0.4, 0.06, 55), 0.085)
    picture.glint(-0.44, -0.16, (0.11, 0.26), 22, body)
    return picture


def carrot(rng: np.random.Generator) -> Picture:
    """A carrot with its green tops, pointing down."""
    picture, skin = Picture(), vivid(rng, ORANGE, ORANGE, ORANGE, YELLOW, RED, lightness=0.7, chroma=0.17)
    leaf, wide = vivid(rng, GREEN, lightness=0.6), rng.uniform(0.3, 0.4)
    for angle in np.linspace(-140, -40, 5) + rng.uniform(-6, 6, 5):
        tip = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
        length = rng.uniform(0.5, 0.66)
        picture.line(np.stack([(0, -0.36), (0, -0.36) + tip * length]), darker(leaf, 0.15), 0.055)
        for share in (0.45, 0.7, 0.95):
            x, y = (0, -0.36) + tip * length * share
            for side in (-42, 42):
                picture.fill(petal(x, y, 0.24, 0.13, angle + side), leaf, volume=0.5)
    bend = rng.uniform(-0.08, 0.08)
    root = symmetric((0, -0.42), (wide * 0.8, -0.4), (wide, -0.16), (wide * 0.72, 0.3), (0.12, 0.78), (0, 1.02))
    root[:, 0] += bend * np.clip(root[:, 1], 0, 1)
    body = picture.fill(root, skin, fade=darker(skin, 0.12), volume=0.8)
    for y in (-0.2, 0.02, 0.2, 0.4, 0.6):
        side, reach = rng.choice([-1, 1]), wide * (1.1 - y)
        picture.line(arc(side * reach, y, (reach * 0.75, 0.05), 10, 170), darker(skin, 0.32), 0.032, inside=body)
    picture.glint(-wide * 0.45, 0.05, (0.05, 0.28), 4, body)
    return picture


def ice_cream(rng: np.random.Generator) -> Picture:
    """A waffle cone with one to three scoops."""
    picture, waffle = Picture(), lch(0.78, 0.11, rng.uniform(62, 78))
    cone = picture.fill(points((-0.42, 0.1), (0.42, 0.1), (0.04, 1.04), (-0.04, 1.04)), waffle, volume=0.8)
    for shift in np.arange(-1.2, 1.3, 0.2):
        for slope in (-0.5, 0.5):
            picture.line(points((shift - slope, 0.0), (shift + slope, 1.1)), darker(waffle, 0.28), 0.028, inside=cone)
    piles: dict[int, list[tuple[float, float, float]]] = {
        1: [(0, -0.12, 0.47)],
        2: [(0, -0.08, 0.43), (0, -0.54, 0.37)],
        3: [(-0.23, -0.06, 0.35), (0.23, -0.06, 0.35), (0, -0.48, 0.37)],
    }
    scoops = piles[int(rng.integers(1, 4))]
    for x, y, r in scoops:
        _scoop(picture, rng, x, y, r)
    if rng.random() < 0.6:
        top = min(y - r for _, y, r in scoops)
        picture.line(
            smooth((0, top), (0.06, top - 0.14), (0.18, top - 0.22), closed=False),
            vivid(rng, GREEN, lightness=0.5),
            0.03,
        )
        picture.fill(ellipse(0, top - 0.02, 0.11), vivid(rng, RED, lightness=0.56), volume=0.8)
    return picture


def _scoop(picture: Picture, rng: np.random.Generator, x: float, y: float, r: float) -> None:
    """A ball of ice cream that drips a little."""
    cream = pastel(rng) if rng.random() < 0.6 else vivid(rng, PINK, ORANGE, RED, YELLOW, lightness=0.74, chroma=0.1)
    cream = lch(0.45, 0.06, 45) if rng.random() < 0.2 else cream
    drips = [(-1.08, 0.3), (-0.9, 0.72), (-0.6, 0.52), (-0.3, 0.86), (0, 0.56), (0.35, 0.8), (0.65, 0.5), (0.95, 0.7)]
    picture.fill(smooth(*drips, (1.08, 0.3), (0, 0.0)) * r + (x, y), darker(cream, 0.06), volume=0.3)
    ball = picture.fill(ellipse(x, y, r, r * 0.95), cream, volume=0.7)
    for _ in range(9):
        u, v = rng.uniform((x - r, y - r), (x + r, y + r * 0.5))
        step = rng.uniform(-0.05, 0.05, 2)
        picture.line(points((u, v), (u + step[0], v + step[1])), vivid(rng), 0.026, inside=ball)
    picture.glint(x - r * 0.4, y - r * 0.5, (r * 0.26, r * 0.12), -40, ball)
