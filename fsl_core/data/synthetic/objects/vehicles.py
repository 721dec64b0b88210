"""Things that carry people. Each function draws one, about 2 units wide or high around the origin, heading right."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    box,
    ellipse,
    moved,
    petal,
    points,
    smooth,
    star,
    symmetric,
)
from fsl_core.data.synthetic.palette import (
    BLUE,
    CREAM,
    GREEN,
    INK,
    ORANGE,
    PINK,
    RED,
    TEAL,
    VIOLET,
    WHITE,
    Colour,
    darker,
    lch,
    lighter,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def car(rng: np.random.Generator) -> Picture:
    """A small car in profile."""
    picture, paint = Picture(), vivid(rng)
    roof, back, radius = rng.uniform(-0.56, -0.46), rng.uniform(-0.72, -0.6), rng.uniform(0.21, 0.25)
    _cabin(picture, paint, roof, back)
    bonnet = [(-0.98, 0.2), (-0.94, -0.04), (-0.5, -0.1), (0.5, -0.08), (0.86, 0.0), (1.0, 0.18), (0.98, 0.42)]
    body = picture.fill(
        smooth(*bonnet, (0.6, 0.48), (-0.6, 0.48), (-0.96, 0.42)), paint, fade=darker(paint, 0.16), volume=0.5
    )
    if rng.random() < 0.5:
        picture.line(points((-1.0, 0.2), (1.0, 0.2)), lighter(paint, 0.7), 0.075, inside=body)
    picture.line(points((-0.1, -0.06), (-0.12, 0.4)), darker(paint, 0.4), 0.022, inside=body)
    picture.line(points((-0.34, 0.08), (-0.22, 0.08)), CREAM, 0.045)
    picture.glint(0.2, -0.02, (0.5, 0.045), 2, body)
    for x in (-0.56, 0.56):
        picture.fill(ellipse(x, 0.46, radius * 1.22), darker(paint, 0.6), inside=body, volume=0)
        _wheel(picture, x, 0.46, radius)
    picture.fill(ellipse(0.92, 0.16, 0.085, 0.1), lch(0.93, 0.1, 95), volume=0.4)
    picture.fill(box(-1.0, 0.08, -0.9, 0.24, 0.04), vivid(rng, RED), volume=0.3)
    for x in (-0.97, 0.97):
        picture.line(points((x - 0.06, 0.41), (x + 0.05, 0.41)), lch(0.85, 0.01, 250), 0.08)
    return picture


def _cabin(picture: Picture, paint: Colour, roof: float, back: float) -> None:
    """The upper part of a car: roof and two windows."""
    glass = lch(0.85, 0.05, 225)
    cabin = smooth(
        (back, -0.02), (back + 0.14, roof + 0.1), (back + 0.3, roof), (0.12, roof), (0.3, roof + 0.08), (0.56, -0.02)
    )
    picture.fill(cabin, darker(paint, 0.08), volume=0.4)
    for left, right, top in ((back + 0.16, -0.14, back + 0.28), (-0.05, 0.42, -0.05)):
        corner = right - 0.2 if right > 0 else right
        window = points((left, -0.04), (top, roof + 0.1), (corner, roof + 0.1), (right, -0.04))
        pane = picture.fill(window, glass, fade=lighter(glass, 0.6), volume=0.2)
        picture.line(points((left, 0.1), (right, roof)), WHITE, 0.07, inside=pane, alpha=0.5)


def _wheel(picture: Picture, x: float, y: float, radius: float) -> None:
    """A tyre with a bright hub."""
    picture.fill(ellipse(x, y, radius), lch(0.27, 0.02, 280), volume=0.5)
    picture.fill(ellipse(x, y, radius * 0.62), lch(0.82, 0.01, 250), volume=0.6)
    picture.fill(ellipse(x, y, radius * 0.26), lch(0.5, 0.02, 260), volume=0.5)


def boat(rng: np.random.Generator) -> Picture:
    """A sailing boat."""
    picture, hull = Picture(), vivid(rng, RED, BLUE, TEAL, ORANGE, GREEN)
    wood, tall = lch(0.5, 0.07, 55), rng.uniform(-0.96, -0.82)
    picture.line(points((0.02, tall - 0.06), (0.02, 0.5)), wood, 0.065)
    _sails(picture, rng, tall)
    keel = [(-0.9, 0.44), (-0.88, 0.46), (-0.62, 0.88), (-0.4, 0.94), (0.46, 0.94), (0.72, 0.84), (0.96, 0.42)]
    shell = picture.fill(smooth(*keel, (0.94, 0.4), (0, 0.47)), hull, fade=darker(hull, 0.3), volume=0.5)
    picture.line(smooth((-0.92, 0.52), (0, 0.56), (0.98, 0.49), closed=False), lighter(hull, 0.75), 0.07, inside=shell)
    for x in (-0.36, 0.0, 0.36):
        picture.fill(ellipse(x, 0.7, 0.07), lch(0.85, 0.06, 225), volume=0.2)
        picture.line(ellipse(x, 0.7, 0.07), CREAM, 0.03, closed=True)
    return picture


def _sails(picture: Picture, rng: np.random.Generator, tall: float) -> None:
    """Main sail, jib and pennant of a mast that ends at height `tall`."""
    sail = CREAM if rng.random() < 0.5 else lighter(vivid(rng), 0.4)
    right = smooth((0.06, tall), (0.06, tall + 0.02), (0.44, -0.2), (0.8, 0.32), (0.78, 0.36), (0.08, 0.36))
    main = picture.fill(right, sail, fade=darker(sail, 0.08), volume=0.4)
    left = smooth((-0.05, tall + 0.14), (-0.06, tall + 0.18), (-0.12, 0.3), (-0.64, 0.34), (-0.66, 0.31), (-0.36, -0.2))
    jib = picture.fill(left, darker(sail, 0.06), volume=0.4)
    badge = vivid(rng)
    kind = rng.integers(3)
    for y in np.arange(-0.7, 0.4, 0.3) if kind == 0 else ():
        for part in (main, jib):
            picture.line(points((-1, y), (1, y + 0.06)), badge, 0.1, inside=part, alpha=0.85)
    if kind == 1:
        picture.fill(star(0.32, 0.08, 0.17, 0.075, 5), badge, inside=main)
    pennant = smooth((0.03, -0.08), (0.16, -0.05), (0.3, -0.1), (0.28, 0.03), (0.14, 0.06), (0.03, 0.02))
    picture.fill(moved(pennant, 0, tall), badge)


def rocket(rng: np.random.Generator) -> Picture:
    """A rocket that climbs."""
    picture, trim = Picture(), vivid(rng, RED, BLUE, ORANGE, TEAL, PINK, VIOLET)
    skin, wide = lighter(vivid(rng), rng.uniform(0.6, 0.85)), rng.uniform(0.28, 0.35)
    flames = (vivid(rng, RED, ORANGE), vivid(rng, ORANGE, lightness=0.77), lch(0.95, 0.1, 100))
    for reach, colour in zip((1.06, 0.9, 0.76), flames, strict=True):
        spread = 0.24 * reach - 0.06
        picture.fill(symmetric((spread, 0.5), (spread * 1.1, 0.68), (0.04, reach)), colour, volume=0)
    blade = smooth((wide * 0.85, 0.02), (0.64, 0.3), (0.68, 0.74), (0.44, 0.56), (wide * 0.7, 0.5))
    for side in (-1, 1):
        picture.fill(blade * (side, 1), trim, volume=0.5)
    picture.fill(box(-0.2, 0.46, 0.2, 0.6, 0.04), lch(0.45, 0.02, 270), volume=0.7)
    hull = symmetric((0.02, -1.0), (wide * 0.55, -0.74), (wide, -0.3), (wide, 0.1), (wide * 0.75, 0.52))
    body = picture.fill(hull, skin, volume=0.8)
    picture.fill(box(-1, -1.1, 1, -0.56), trim, inside=body, volume=0.0, alpha=0.92)
    for y in (0.34, 0.44)[: int(rng.integers(0, 3))]:
        picture.line(points((-1, y), (1, y)), trim, 0.06, inside=body)
    for y, r in ((-0.26, 0.16), (0.12, 0.1))[: int(rng.integers(1, 3))]:
        picture.fill(ellipse(0, y, r * 1.28), darker(trim, 0.2), volume=0.5)
        pane = picture.fill(ellipse(0, y, r), lch(0.78, 0.09, 230), fade=lch(0.9, 0.05, 220), volume=0.2)
        picture.glint(-r * 0.3, y - r * 0.35, (r * 0.45, r * 0.2), -40, pane)
    picture.fill(petal(0, 0.26, 0.36, 0.13, 90), darker(trim, 0.1))
    picture.glint(-wide * 0.55, -0.2, (0.05, 0.4), 4, body)
    return picture


def balloon(rng: np.random.Generator) -> Picture:
    """A hot-air balloon with its basket."""
    picture, first, second = Picture(), vivid(rng), vivid(rng)
    second = lighter(first, 0.75) if rng.random() < 0.5 else second
    wide, rope = rng.uniform(0.66, 0.74), lch(0.42, 0.05, 55)
    for x in (-0.13, 0.13):
        picture.line(points((x * 2.0, 0.42), (x, 0.8)), rope, 0.025)
    picture.line(points((0, 0.45), (0, 0.8)), rope, 0.02)
    half = [(0, -1.0), (0.4, -0.9), (wide, -0.42), (wide * 0.92, -0.02), (0.4, 0.36), (0.2, 0.52)]
    envelope = picture.fill(symmetric(*half), first, volume=0.75)
    for k, x in enumerate((1.0, 0.62, 0.22)):
        picture.fill(
            symmetric(*half) * (x, 1), (first, second)[(k + 1) % 2] if k else first, volume=0.75, inside=envelope
        )
    if rng.random() < 0.5:
        band = picture.fill(box(-1, -0.42, 1, -0.14), darker(vivid(rng), 0.1), inside=envelope, volume=0.75)
        for x in np.linspace(-0.6, 0.6, 5):
            picture.fill(star(x, -0.28, 0.09, 0.04, 5), CREAM, inside=band, volume=0)
    picture.line(arc(0, 0.46, (0.24, 0.06), 0, 180), darker(first, 0.4), 0.05)
    picture.glint(-wide * 0.5, -0.5, (0.09, 0.28), 20, envelope)
    wicker = lch(0.62, 0.09, 65)
    basket = picture.fill(box(-0.19, 0.76, 0.19, 1.04, 0.06), wicker, volume=0.6)
    for y in (0.86, 0.93, 1.0):
        picture.line(points((-0.3, y), (0.3, y)), darker(wicker, 0.35), 0.02, inside=basket)
    picture.line(points((-0.2, 0.77), (0.2, 0.77)), darker(wicker, 0.4), 0.06)
    return picture


def bicycle(rng: np.random.Generator) -> Picture:
    """A bicycle in profile."""
    picture, paint, steel = Picture(), vivid(rng, lightness=0.6, chroma=0.18), lch(0.72, 0.01, 250)
    radius, tyre = rng.uniform(0.4, 0.44), lch(0.28, 0.02, 280)
    for x in (-0.58, 0.58):
        turn = rng.uniform(0, 0.5)
        for angle in np.linspace(0, np.pi, 7)[:-1] + turn:
            reach = radius * np.array([np.cos(angle), np.sin(angle)])
            picture.line(moved(np.stack([-reach, reach]), x, 0.42), lighter(steel, 0.4), 0.016)
        picture.line(ellipse(x, 0.42, radius), tyre, 0.085, closed=True)
        picture.line(ellipse(x, 0.42, radius - 0.06), steel, 0.025, closed=True)
        picture.fill(ellipse(x, 0.42, 0.06), steel, volume=0.5)
        picture.line(arc(x, 0.42, (radius + 0.08, radius + 0.08), 200, 325), darker(paint, 0.15), 0.05)
    crank, seat, head = (-0.08, 0.42), (-0.24, -0.2), (0.38, -0.2)
    rear, fork = (-0.58, 0.42), ((0.36, -0.3), (0.58, 0.42))
    for first, last in ((crank, rear), (rear, seat), (seat, head), (seat, crank), (crank, (0.41, -0.06)), fork):
        picture.line(points(first, last), paint, 0.075)
    picture.line(points(seat, (-0.29, -0.38)), steel, 0.055)
    picture.line(points((0.36, -0.3), (0.32, -0.5)), steel, 0.055)
    picture.line(smooth((0.32, -0.5), (0.5, -0.56), (0.56, -0.42), (0.46, -0.36), closed=False), tyre, 0.07)
    saddle = smooth((-0.5, -0.42), (-0.46, -0.5), (-0.2, -0.47), (-0.06, -0.42), (-0.2, -0.36), (-0.42, -0.35))
    picture.fill(saddle, lch(0.38, 0.06, 45), volume=0.5)
    picture.line(points((-0.14, 0.56), (-0.02, 0.28)), INK, 0.045)
    picture.line(ellipse(*crank, 0.12), steel, 0.05, closed=True)
    if rng.random() < 0.5:
        basket = picture.fill(
            points((0.42, -0.32), (0.86, -0.32), (0.78, 0.0), (0.5, 0.0)), lch(0.68, 0.09, 70), volume=0.4
        )
        for x in np.arange(0.5, 0.9, 0.09):
            picture.line(points((x, -0.34), (x - 0.02, 0.02)), lch(0.5, 0.08, 60), 0.02, inside=basket)
    return picture
