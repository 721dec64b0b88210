"""Animals. Each function draws one individual, about 2 units high and wide around the origin, looking to the right."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    box,
    ellipse,
    petal,
    points,
    smooth,
    symmetric,
    turned,
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
    YELLOW,
    Colour,
    darker,
    lch,
    lighter,
    mix,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def fish(rng: np.random.Generator) -> Picture:
    """A round fish with fins, tail and a pattern."""
    picture, h, colour = Picture(), rng.uniform(0.46, 0.6), vivid(rng, ORANGE, YELLOW, RED, PINK, TEAL, BLUE)
    fin = vivid(rng) if rng.random() < 0.5 else darker(colour, 0.25)
    spread = rng.uniform(0.36, 0.5)
    _fins(picture, fin, h, spread)
    back = [(0.86, 0.02), (0.62, -h * 0.68), (0.12, -h), (-0.35, -h * 0.66), (-0.68, -0.12)]
    outline = smooth(*back, *((x, -y) for x, y in back[:0:-1]))
    body = picture.fill(outline, colour, fade=lighter(colour, 0.55))
    picture.pattern(rng, body, lighter(colour, 0.75) if rng.random() < 0.5 else darker(colour, 0.4))
    picture.fill(ellipse(0.75, 0, 0.42, 0.8), lighter(colour, 0.2), fade=lighter(colour, 0.6), inside=body)
    picture.line(arc(0.3, 0, (0.16, h * 0.75), -62, 62), darker(colour, 0.35), 0.035, inside=body)
    picture.fill(petal(0.14, 0.12, 0.36, 0.26, 155), fin)
    picture.line(arc(0.84, 0.08, (0.16, 0.12), 80, 165), darker(colour, 0.6), 0.035, inside=body)
    picture.glint(0.1, -h * 0.68, (0.3, 0.07), -4, body)
    picture.eye(0.52, -0.13, 0.125)
    return picture


def _fins(picture: Picture, fin: Colour, h: float, spread: float) -> None:
    """Tail, back and belly fins of a fish of half height `h`."""
    tail = picture.fill(
        smooth(
            (-0.5, -0.08),
            (-0.78, -spread * 0.8),
            (-1.05, -spread),
            (-0.9, 0),
            (-1.05, spread),
            (-0.78, spread * 0.8),
            (-0.5, 0.08),
        ),
        fin,
    )
    for y in np.linspace(-0.22, 0.22, 4):
        picture.line(points((-0.62, y * 0.4), (-0.95, y * 1.3)), darker(fin, 0.25), 0.022, inside=tail)
    dorsal = picture.fill(
        smooth(
            (0.35, -h * 0.7), (0.1, -h - 0.24), (-0.25, -h - 0.2), (-0.5, -h * 0.72), (-0.3, -h * 0.4), (0.1, -h * 0.5)
        ),
        fin,
    )
    for x in (-0.3, -0.12, 0.06):
        picture.line(points((x, -h * 0.6), (x - 0.04, -h - 0.22)), darker(fin, 0.25), 0.022, inside=dorsal)
    picture.fill(smooth((0.1, h * 0.7), (-0.1, h + 0.2), (-0.32, h + 0.16), (-0.25, h * 0.6)), fin)


def bird(rng: np.random.Generator) -> Picture:
    """A songbird in profile."""
    picture, colour = Picture(), vivid(rng, BLUE, RED, YELLOW, TEAL, ORANGE, VIOLET)
    wing, belly = (
        darker(colour, rng.uniform(0.2, 0.4)),
        mix(lighter(colour, 0.7), vivid(rng, ORANGE, YELLOW, RED), 0.35),
    )
    plump = rng.uniform(0.0, 0.1)
    for x in (0.02, 0.24):
        picture.line(points((x, 0.45), (x + 0.02, 0.86)), darker(vivid(rng, ORANGE), 0.25), 0.045)
        for toe in (-0.14, 0.0, 0.16):
            picture.line(points((x + 0.02, 0.84), (x + 0.02 + toe, 0.92)), darker(vivid(rng, ORANGE), 0.25), 0.04)
    for drop in (0.12, 0.0):
        picture.fill(
            smooth((-0.3, -0.02), (-0.98, -0.3 + drop), (-1.04, -0.14 + drop), (-0.4, 0.3)), darker(wing, drop * 1.5)
        )
    picture.fill(points((0.7, -0.56), (1.02, -0.4), (0.7, -0.3)), vivid(rng, ORANGE, YELLOW, lightness=0.75))
    body = picture.fill(
        smooth(
            (0.76, -0.46),
            (0.6, -0.76),
            (0.28, -0.78),
            (0.08, -0.5),
            (-0.2, -0.25),
            (-0.62, -0.02),
            (-0.34, 0.42),
            (0.05, 0.58 + plump),
            (0.46, 0.44 + plump),
            (0.66, 0.08),
        ),
        colour,
    )
    picture.fill(ellipse(0.44, 0.3, 0.42, 0.5, 25), belly, inside=body)
    picture.fill(ellipse(0.66, -0.28, 0.16, 0.12), lighter(colour, 0.55), inside=body)
    _folded_wing(picture, wing)
    if rng.random() < 0.4:
        for tilt in (-120, -100, -80):
            picture.fill(petal(0.42, -0.72, 0.3, 0.1, tilt - 15), wing)
    picture.eye(0.52, -0.5, 0.095)
    return picture


def _folded_wing(picture: Picture, wing: Colour) -> None:
    """Three layers of feathers."""
    for k, (length, shade) in enumerate(((0.86, 0.3), (0.68, 0.12), (0.48, 0.0))):
        feather = smooth(
            (0.2, -0.16),
            (0.1, 0.22 - 0.05 * k),
            (-0.3 * length, 0.36 - 0.1 * k),
            (0.2 - length * 1.05, 0.26 - 0.14 * k),
            (-0.3 * length, -0.12 + 0.02 * k),
        )
        picture.fill(feather, darker(wing, shade), volume=0.5)


def cat(rng: np.random.Generator) -> Picture:
    """A sitting cat that looks at you."""
    picture = Picture()
    grey, black, brown = lch(0.62, 0.02, 250), lch(0.42, 0.02, 290), lch(0.55, 0.06, 55)
    fur = [vivid(rng, ORANGE, lightness=0.72, chroma=0.13), grey, black, brown, CREAM * 0.97][rng.integers(5)]
    mark, pale, wide = darker(fur, 0.3), lighter(fur, 0.6), rng.uniform(0.46, 0.54)
    picture.line(
        smooth((0.3, 0.82), (0.72, 0.78), (0.84, 0.44), (0.68, 0.14), (0.8, -0.06), closed=False),
        darker(fur, 0.12),
        0.17,
    )
    body = picture.fill(symmetric((0, -0.15), (0.32, 0.05), (wide, 0.58), (0.46, 0.93), (0, 0.97)), fur)
    picture.fill(ellipse(0, 0.35, 0.22, 0.36), pale, inside=body)
    striped = rng.random() < 0.6
    for y in (0.3, 0.48, 0.66) if striped else ():
        for side in (-1, 1):
            picture.line(points((side * 0.62, y), (side * 0.32, y + 0.05)), mark, 0.06, inside=body)
    for side in (-1, 1):
        picture.fill(ellipse(side * 0.17, 0.9, 0.17, 0.1), lighter(fur, 0.25))
        ear = points((0.1, -0.7), (0.47, -1.02), (0.47, -0.42)) * (side, 1)
        picture.fill(ear, fur)
        picture.fill(ear * 0.6 + np.array([side * 0.16, -0.29]), vivid(rng, PINK, RED, lightness=0.78, chroma=0.08))
    head = picture.fill(symmetric((0, -0.8), (0.34, -0.74), (0.53, -0.4), (0.42, -0.1), (0, 0.02)), fur)
    for x in (-0.13, 0, 0.13) if striped else ():
        picture.line(points((x, -0.84), (x * 0.8, -0.62)), mark, 0.055, inside=head)
    picture.fill(ellipse(0, -0.16, 0.24, 0.16), pale, inside=head)
    _cat_face(picture, rng, fur)
    return picture


def _cat_face(picture: Picture, rng: np.random.Generator, fur: Colour) -> None:
    """Eyes, whiskers, nose and mouth."""
    iris = vivid(rng, GREEN, YELLOW, TEAL, lightness=0.8)
    for side in (-1, 1):
        picture.fill(ellipse(side * 0.21, -0.4, 0.105, 0.115), iris, volume=0)
        picture.fill(ellipse(side * 0.21, -0.4, 0.052, 0.1), INK, volume=0)
        picture.fill(ellipse(side * 0.21 + 0.03, -0.44, 0.028), WHITE, volume=0)
        for lift in (-0.05, 0.05):
            picture.line(points((side * 0.2, -0.17), (side * 0.66, -0.2 + lift * 1.6)), lighter(fur, 0.8), 0.018)
        picture.line(arc(side * 0.07, -0.19, (0.07, 0.07), 10, 170), darker(fur, 0.65), 0.028)
    picture.fill(points((-0.06, -0.27), (0.06, -0.27), (0, -0.2)), vivid(rng, PINK, lightness=0.62))


def turtle(rng: np.random.Generator) -> Picture:
    """A turtle in profile."""
    picture, skin = Picture(), vivid(rng, GREEN, TEAL, YELLOW, lightness=0.72, chroma=0.11)
    shell = vivid(rng, GREEN, ORANGE, TEAL, lightness=0.54, chroma=0.12)
    high = rng.uniform(0.62, 0.74)
    picture.fill(petal(-0.66, 0.36, 0.36, 0.16, 165), skin)
    for x, dark in ((-0.32, 0.2), (0.36, 0.2), (-0.52, 0.0), (0.16, 0.0)):
        picture.fill(box(x - 0.02, 0.25, x + 0.26, 0.74, 0.12), darker(skin, dark))
    head = picture.fill(
        smooth(
            (0.42, 0.26),
            (0.6, -0.06),
            (0.76, -0.26),
            (1.0, -0.2),
            (1.06, 0.02),
            (0.94, 0.18),
            (0.76, 0.24),
            (0.66, 0.42),
        ),
        skin,
    )
    picture.line(arc(1.0, -0.02, (0.14, 0.13), 80, 160), darker(skin, 0.55), 0.032, inside=head)
    picture.eye(0.88, -0.1, 0.075)
    dome = picture.fill(
        np.concatenate([arc(-0.08, 0.32, (0.68, high), 180, 360), points((0.6, 0.4), (-0.76, 0.4))]),
        shell,
        fade=darker(shell, 0.15),
        volume=0.65,
    )
    plate = lighter(shell, 0.35) if rng.random() < 0.5 else mix(shell, vivid(rng, YELLOW, ORANGE), 0.55)
    for row, y, count in ((0, 0.16, 4), (1, -0.12, 3), (2, -0.36, 2)):
        for x in (np.arange(count) - (count - 1) / 2) * 0.34 - 0.08:
            picture.fill(turned(ellipse(x, y, 0.145, 0.115)[::8], 30, (x, y)), plate, inside=dome, volume=0.3)
        if row == 2:
            picture.glint(-0.22, -0.28, (0.2, 0.05), -16, dome)
    picture.line(points((-0.72, 0.38), (0.56, 0.38)), lighter(shell, 0.45), 0.085)
    return picture


def penguin(rng: np.random.Generator) -> Picture:
    """A penguin that faces you."""
    picture, coat = Picture(), lch(rng.uniform(0.3, 0.45), rng.uniform(0.02, 0.08), rng.uniform(240, 300))
    wide, orange = rng.uniform(0.5, 0.58), vivid(rng, ORANGE, YELLOW, lightness=0.74)
    for side in (-1, 1):
        picture.fill(ellipse(side * 0.24, 0.92, 0.22, 0.09), orange)
        lift = rng.uniform(0.0, 0.14)
        flipper = smooth((0.36, -0.2), (0.66, 0.08), (0.8 + lift, 0.46 - lift), (0.62, 0.42), (0.42, 0.2))
        picture.fill(flipper * (side, 1), darker(coat, 0.25))
    body = picture.fill(
        symmetric((0, -0.96), (0.36, -0.82), (0.42, -0.44), (wide, 0.2), (0.48, 0.72), (0, 0.94)), coat, volume=0.6
    )
    picture.fill(
        symmetric((0, -0.14), (0.3, 0.0), (wide - 0.12, 0.36), (0.3, 0.78), (0, 0.88)), CREAM, fade=WHITE, inside=body
    )
    for side in (-1, 1):
        picture.fill(ellipse(side * 0.16, -0.52, 0.2, 0.24), CREAM, inside=body, volume=0.1)
    for side in (-1, 1):
        picture.fill(ellipse(side * 0.15, -0.58, 0.07, 0.085), INK, volume=0)
        picture.fill(ellipse(side * 0.15 + 0.025, -0.61, 0.025), WHITE, volume=0)
        picture.fill(ellipse(side * 0.25, -0.42, 0.07, 0.05), vivid(rng, PINK, lightness=0.76), volume=0, alpha=0.7)
    picture.fill(points((-0.12, -0.48), (0.12, -0.48), (0, -0.3)), orange)
    if rng.random() < 0.55:
        scarf = vivid(rng, RED, TEAL, YELLOW, GREEN, PINK, BLUE)
        picture.fill(box(0.14, -0.2, 0.34, 0.3, 0.06), darker(scarf, 0.15))
        picture.line(arc(0, -0.34, (0.44, 0.17), 8, 172), scarf, 0.16)
    return picture
