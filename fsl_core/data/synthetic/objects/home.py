"""A house and what stands in it. Each function draws one, about 2 units high around the origin."""

import numpy as np

from fsl_core.data.synthetic.outlines import (
    arc,
    box,
    ellipse,
    moved,
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
    darker,
    lch,
    lighter,
    mix,
    vivid,
)
from fsl_core.data.synthetic.picture import Picture


def house(rng: np.random.Generator) -> Picture:
    """A cottage with a gable roof."""
    picture, wall = Picture(), lighter(vivid(rng), rng.uniform(0.35, 0.75))
    roof = vivid(rng, RED, ORANGE, BLUE, TEAL, VIOLET, lightness=0.52, chroma=0.12)
    peak, door = rng.uniform(-0.98, -0.84), vivid(rng, lightness=0.5)
    picture.fill(box(0.34, -0.88, 0.58, -0.2), lch(0.55, 0.09, 35), volume=0.5)
    picture.fill(box(0.3, -0.95, 0.62, -0.84, 0.03), lch(0.45, 0.08, 35))
    front = picture.fill(
        points((-0.74, 1.0), (-0.74, -0.1), (0, peak + 0.16), (0.74, -0.1), (0.74, 1.0)),
        wall,
        fade=darker(wall, 0.1),
        volume=0.35,
    )
    for y in np.arange(-0.1, 1.0, 0.16):
        picture.line(points((-1, y), (1, y)), darker(wall, 0.14), 0.018, inside=front)
    for side in (-1, 1):
        slope = points((0, peak), (0.96, -0.08), (0.96, 0.1), (0.9, 0.12), (0, peak + 0.26)) * (side, 1)
        picture.fill(slope, mix(roof, INK, 0.1 if side > 0 else 0.0), volume=0.4)
        for k in range(1, 6):
            x, y = side * 0.96 * k / 6, peak + (-0.08 - peak) * k / 6
            picture.line(points((x, y + 0.02), (x, y + 0.19)), darker(roof, 0.35), 0.022)
    shift = rng.choice([-0.34, 0.0])
    frame = np.concatenate([arc(0, 0.56, (0.2, 0.16), 180, 360), points((0.2, 1.0), (-0.2, 1.0))])
    picture.fill(moved(frame, shift, 0), door, volume=0.4)
    picture.fill(ellipse(shift + 0.12, 0.74, 0.032), lch(0.9, 0.1, 90), volume=0.4)
    spots = [(0.0, -0.26)] + ([(0.34, 0.46)] if shift else [(-0.48, 0.46), (0.48, 0.46)])
    for x, y in spots:
        _window(picture, rng, x, y)
    return picture


def _window(picture: Picture, rng: np.random.Generator, x: float, y: float) -> None:
    """A window, with a flower box where it is low enough."""
    glass = lch(0.93, 0.1, 95) if rng.random() < 0.5 else lch(0.84, 0.06, 225)
    r = 0.15 if y > 0 else 0.13
    picture.fill(box(x - r - 0.04, y - r - 0.04, x + r + 0.04, y + r + 0.04, 0.02), CREAM, volume=0.2)
    pane = picture.fill(box(x - r, y - r, x + r, y + r), glass, fade=lighter(glass, 0.4), volume=0)
    picture.line(points((x, y - r), (x, y + r)), CREAM, 0.032, inside=pane)
    picture.line(points((x - r, y), (x + r, y)), CREAM, 0.032, inside=pane)
    for k in range(4) if y > 0 else ():
        picture.fill(ellipse(x - 0.16 + 0.105 * k, y + r + 0.05, 0.062), vivid(rng, PINK, RED, GREEN, GREEN))


def chair(rng: np.random.Generator) -> Picture:
    """A wooden chair seen from the front and a little from the side."""
    picture = Picture()
    wood = lch(rng.uniform(0.55, 0.72), 0.095, rng.uniform(52, 72)) if rng.random() < 0.6 else vivid(rng)
    top, slats, cushion = rng.uniform(-1.0, -0.9), int(rng.integers(2, 5)), vivid(rng, lightness=0.66)
    for x in (-0.22, 0.5):
        picture.line(points((x, 0.1), (x + 0.03, 0.84)), darker(wood, 0.35), 0.1)
    picture.line(points((-0.2, 0.6), (0.52, 0.6)), darker(wood, 0.35), 0.055)
    for x in np.linspace(-0.25, 0.47, slats + 2)[1:-1]:
        picture.line(points((x, top + 0.1), (x + 0.01, 0.02)), darker(wood, 0.08), 0.085)
    for x in (-0.27, 0.47):
        picture.line(points((x - 0.03, top), (x, 0.1)), wood, 0.105)
    picture.line(
        smooth((-0.28, top + 0.1), (0.09, top + 0.02), (0.45, top + 0.1), closed=False), lighter(wood, 0.1), 0.2
    )
    picture.line(points((-0.27, -0.3), (0.46, -0.3)), wood, 0.075)
    for x in (-0.46, 0.44):
        picture.line(points((x, 0.24), (x, 1.0)), wood, 0.115)
    picture.line(points((-0.46, 0.68), (0.44, 0.68)), darker(wood, 0.12), 0.06)
    seat = points((-0.32, 0.02), (0.52, 0.02), (0.54, 0.26), (-0.54, 0.26))
    picture.fill(seat, lighter(wood, 0.15), volume=0.4)
    picture.fill(box(-0.55, 0.24, 0.55, 0.36, 0.05), darker(wood, 0.1), volume=0.4)
    if rng.random() < 0.6:
        soft = smooth(
            (-0.3, 0.0), (0.1, -0.03), (0.48, 0.0), (0.52, 0.14), (0.44, 0.22), (0, 0.24), (-0.44, 0.22), (-0.48, 0.14)
        )
        pad = picture.fill(soft, cushion, volume=0.5)
        picture.pattern(rng, pad, lighter(cushion, 0.55))
    return picture


def lamp(rng: np.random.Generator) -> Picture:
    """A table lamp with a fabric shade, lit."""
    picture, shade, foot = Picture(), lighter(vivid(rng), rng.uniform(0.1, 0.5)), vivid(rng)
    top, wide = rng.uniform(0.26, 0.36), rng.uniform(0.66, 0.76)
    picture.line(points((0, 0.0), (0, 0.9)), lch(0.7, 0.08, 80), 0.08)
    vase = picture.fill(symmetric((0.07, 0.2), (0.16, 0.34), (0.28, 0.56), (0.22, 0.78), (0.1, 0.9)), foot, volume=0.8)
    picture.pattern(rng, vase, lighter(foot, 0.5))
    picture.glint(-0.14, 0.52, (0.04, 0.14), 10, vase)
    picture.fill(
        np.concatenate([arc(0, 0.9, (0.36, 0.1), 180, 360), points((0.36, 0.98), (-0.36, 0.98))]),
        darker(foot, 0.25),
        volume=0.5,
    )
    picture.line(points((wide * 0.45, 0.1), (wide * 0.45, 0.34)), lch(0.75, 0.06, 85), 0.02)
    picture.fill(ellipse(wide * 0.45, 0.36, 0.038), lch(0.75, 0.1, 85))
    cone = np.concatenate([arc(0, -0.96, (top, 0.06), 180, 360), arc(0, 0.08, (wide, 0.1), 0, 180)])
    cover = picture.fill(cone, shade, fade=mix(lighter(shade, 0.45), lch(0.95, 0.1, 90), 0.4), volume=0.35)
    for size in np.linspace(0.25, 1.0, 7):
        picture.fill(
            ellipse(0, -0.28, 0.52 * size, 0.6 * size), lch(0.97, 0.08, 95), inside=cover, volume=0, alpha=0.11
        )
    for share in np.linspace(-0.8, 0.8, 7) if rng.random() < 0.5 else ():
        picture.line(points((share * top, -1.0), (share * wide, 0.2)), darker(shade, 0.2), 0.022, inside=cover)
    for y, reach in ((-0.95, top), (0.1, wide)):
        picture.line(arc(0, y - 0.02, (reach * 0.97, 0.08 if y > 0 else 0.04), 5, 175), darker(shade, 0.25), 0.055)
    return picture


def clock(rng: np.random.Generator) -> Picture:
    """An alarm clock with two bells."""
    picture, case, metal = Picture(), vivid(rng), lch(0.8, 0.05, 85) if rng.random() < 0.5 else lch(0.8, 0.01, 250)
    for side in (-1, 1):
        picture.line(points((side * 0.42, 0.6), (side * 0.6, 0.96)), darker(case, 0.3), 0.12)
        bell = np.concatenate([arc(0, 0, (0.3, 0.26), 180, 360), points((0.3, 0.05), (-0.3, 0.05))])
        bell = moved(turned(bell, side * 36), side * 0.46, -0.62)
        picture.line(points((side * 0.34, -0.46), (side * 0.46, -0.62)), darker(metal, 0.4), 0.06)
        picture.fill(bell, metal, volume=0.8)
    picture.line(arc(0, -0.84, (0.14, 0.14), 180, 360), darker(metal, 0.35), 0.05)
    picture.line(points((0, -0.84), (0, -0.6)), darker(metal, 0.3), 0.06)
    rim = picture.fill(ellipse(0, 0.12, 0.74), case, volume=0.75)
    picture.glint(-0.5, -0.38, (0.2, 0.05), -42, rim)
    picture.fill(ellipse(0, 0.12, 0.6), darker(CREAM, 0.18), volume=0)
    picture.fill(ellipse(0.01, 0.14, 0.57), CREAM if rng.random() < 0.7 else lighter(case, 0.75), volume=0.2)
    for k in range(12):
        angle = np.deg2rad(30 * k)
        inner = 0.41 if k % 3 == 0 else 0.46
        direction = np.array([np.sin(angle), -np.cos(angle)])
        picture.line(
            moved(np.stack([direction * inner, direction * 0.5]), 0, 0.12), INK, 0.055 if k % 3 == 0 else 0.028
        )
    hour, minute = rng.uniform(0, 360), rng.uniform(0, 360)
    for angle, reach, width in ((hour, 0.27, 0.07), (minute, 0.41, 0.05)):
        direction = np.array([np.sin(np.deg2rad(angle)), -np.cos(np.deg2rad(angle))])
        picture.line(np.stack([(0, 0.12), direction * reach + (0, 0.12)]), INK, width)
    picture.fill(ellipse(0, 0.12, 0.055), vivid(rng, RED, ORANGE), volume=0.4)
    return picture


def mug(rng: np.random.Generator) -> Picture:
    """A mug with a handle, perhaps steaming."""
    picture, glaze = Picture(), vivid(rng) if rng.random() < 0.75 else CREAM
    wide, drink = rng.uniform(0.54, 0.62), lch(rng.uniform(0.38, 0.68), 0.08, rng.uniform(48, 75))
    for x in (-0.26, -0.06, 0.14) if rng.random() < 0.65 else ():
        picture.line(
            smooth((x, -0.56), (x + 0.07, -0.7), (x - 0.05, -0.84), (x + 0.04, -1.0), closed=False),
            WHITE,
            0.05,
            alpha=0.45,
        )
    handle = smooth((-0.2, -0.16), (0.1, -0.2), (0.24, 0.08), (0.12, 0.42), (-0.24, 0.5), closed=False)
    handle = moved(handle, wide, 0)
    picture.line(handle, darker(glaze, 0.16), 0.17)
    picture.line(moved(handle, 0, -0.04), lighter(glaze, 0.2), 0.06)
    shape = np.concatenate(
        [points((-wide - 0.12, -0.42)), arc(-0.12, 0.66, (wide * 0.9, 0.2), 180, 0), points((wide - 0.12, -0.42))]
    )
    body = picture.fill(shape, glaze, fade=darker(glaze, 0.1), volume=0.85)
    picture.pattern(rng, body, lighter(glaze, 0.6) if glaze is not CREAM else vivid(rng))
    picture.glint(-wide * 0.72 - 0.12, 0.1, (0.06, 0.34), 2, body)
    picture.fill(ellipse(-0.12, -0.42, wide, 0.17), lighter(glaze, 0.5), volume=0.2)
    inner = picture.fill(ellipse(-0.12, -0.4, wide - 0.07, 0.12), darker(glaze, 0.35), volume=0.2)
    picture.fill(ellipse(-0.12, -0.35, wide - 0.07, 0.12), drink, inside=inner, volume=0.3)
    return picture
