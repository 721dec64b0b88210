"""Outlines: arrays of points in any unit, x to the right, y down. Closed ones do not repeat their first point."""

import numpy as np
from jaxtyping import Float

Outline = Float[np.ndarray, "n_points 2"]

CIRCLE = np.stack([trace(np.linspace(0, 2 * np.pi, 48, endpoint=False)) for trace in (np.cos, np.sin)], axis=1)


def points(*pairs: tuple[float, float]) -> Outline:
    """A polygon or a polyline through the given points."""
    return np.array(pairs, dtype=float)


def ellipse(x: float, y: float, rx: float, ry: float | None = None, angle: float = 0.0) -> Outline:
    """An ellipse around (x, y), turned by `angle` degrees; a circle where `ry` is left out."""
    ring = CIRCLE * (rx, rx if ry is None else ry)
    return (turned(ring, angle) if angle else ring) + (x, y)


def arc(x: float, y: float, radii: tuple[float, float], start: float, stop: float) -> Outline:
    """The part of an axis-parallel ellipse from `start` to `stop` degrees; 0 is right, 90 is down."""
    t = np.deg2rad(np.linspace(start, stop, 32))
    return np.stack([x + radii[0] * np.cos(t), y + radii[1] * np.sin(t)], axis=1)


def smooth(*pairs: tuple[float, float], closed: bool = True) -> Outline:
    """A Catmull-Rom curve through the given points."""
    knots = np.array(pairs, dtype=float)
    if closed:
        knots = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    a, b, c, d = knots[:-3, None], knots[1:-2, None], knots[2:-1, None], knots[3:, None]
    t = np.linspace(0, 1, 10, endpoint=False)[None, :, None]
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, knots[-2:-1]])


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Outline:
    """A rectangle with corners rounded by `radius`."""
    if radius <= 0:
        return points((left, top), (right, top), (right, bottom), (left, bottom))
    r = min(radius, (right - left) / 2, (bottom - top) / 2)
    corners = (
        (right - r, top + r, -90),
        (right - r, bottom - r, 0),
        (left + r, bottom - r, 90),
        (left + r, top + r, 180),
    )
    quarter = np.linspace(0, 90, 8)
    turns = [(x, y, np.deg2rad(start + quarter)) for x, y, start in corners]
    return np.concatenate([np.stack([x + r * np.cos(t), y + r * np.sin(t)], axis=1) for x, y, t in turns])


def symmetric(*right: tuple[float, float]) -> Outline:
    """A smooth closed curve, alike on both sides of x = 0, through the points of its right half from top to bottom."""
    return smooth(*right, *((-x, y) for x, y in reversed(right) if x > 0))


def petal(x: float, y: float, length: float, width: float, angle: float) -> Outline:
    """A leaf or petal that starts at (x, y) and points to `angle` degrees (0 right, 90 down)."""
    half = width / 2
    leaf = smooth(
        (0, 0),
        (0.3 * length, -0.8 * half),
        (0.65 * length, -half),
        (length, 0),
        (0.65 * length, half),
        (0.3 * length, 0.8 * half),
    )
    return moved(turned(leaf, angle), x, y)


def blob(rng: np.random.Generator, x: float, y: float, rx: float, ry: float) -> Outline:
    """An uneven pebble around (x, y)."""
    t = np.linspace(0, 2 * np.pi, 9, endpoint=False) + rng.uniform(0, 6)
    reach = rng.uniform(0.82, 1.12, len(t))
    return smooth(*np.stack([x + rx * reach * np.cos(t), y + ry * reach * np.sin(t)], axis=1))


def scallops(x: float, y: float, rx: float, ry: float, lobes: int) -> Outline:
    """An ellipse whose rim is made of `lobes` round bulges, like a tree crown or a cloud."""
    t = np.linspace(0, 2 * np.pi, 14 * lobes, endpoint=False)
    reach = 0.87 + 0.13 * np.abs(np.sin(t * lobes / 2)) ** 0.8
    return np.stack([x + rx * reach * np.cos(t), y + ry * reach * np.sin(t)], axis=1)


def star(x: float, y: float, outer: float, inner: float, tips: int) -> Outline:
    """A star with `tips` tips, the first one up."""
    t = np.linspace(0, 2 * np.pi, 2 * tips, endpoint=False) - np.pi / 2
    reach = np.where(np.arange(2 * tips) % 2 == 0, outer, inner)
    return np.stack([x + reach * np.cos(t), y + reach * np.sin(t)], axis=1)


def moved(outline: Outline, x: float, y: float) -> Outline:
    """The outline moved by (x, y)."""
    return outline + np.array((x, y))


def turned(outline: Outline, angle: float, about: tuple[float, float] = (0.0, 0.0)) -> Outline:
    """The outline turned clockwise on screen by `angle` degrees."""
    a = np.deg2rad(angle)
    matrix = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
    return (outline - about) @ matrix + about


def mirrored(outline: Outline) -> Outline:
    """The outline with left and right exchanged about x = 0."""
    return outline * (-1, 1)
