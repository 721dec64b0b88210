"""Colours of the synthetic scenes: chosen in OKLCH, where equal steps look equal, and kept as sRGB in [0, 1]."""

import numpy as np
from jaxtyping import Float

Colour = Float[np.ndarray, "3"]

RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, VIOLET, PINK = 27.0, 55.0, 90.0, 142.0, 195.0, 250.0, 300.0, 355.0
HUES = (RED, ORANGE, YELLOW, GREEN, TEAL, BLUE, VIOLET, PINK)

_LMS = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728], [1.0, -0.0894841775, -1.2914855480]]
)
_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def lch(lightness: float, chroma: float, hue: float) -> Colour:
    """A colour of OKLCH (B. Ottosson, "A perceptual color space for image processing", 2020) as clipped sRGB.

    Args:
        lightness: 0 (black) to 1 (white).
        chroma: 0 (grey) to about 0.3.
        hue: degrees; red is near 27, yellow near 100, green near 142, blue near 255.
    """
    angle = np.deg2rad(hue)
    lab = np.array([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])
    linear = np.clip(_RGB @ (_LMS @ lab) ** 3, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of it replaced by `second`."""
    return first * (1 - share) + second * share


def darker(colour: Colour, share: float = 0.3) -> Colour:
    """The colour in shadow: deeper and a little bluer, not greyer."""
    return colour * (1 - share * np.array([0.86, 0.94, 0.74]))


def lighter(colour: Colour, share: float = 0.4) -> Colour:
    """The colour in light: towards a warm white."""
    return mix(colour, np.array([1.0, 0.98, 0.92]), share)


def vivid(rng: np.random.Generator, *hues: float, lightness: float = 0.69, chroma: float = 0.165) -> Colour:
    """A saturated colour near one of `hues` (any hue of the wheel where none is given)."""
    hue = rng.choice(hues or HUES) + rng.uniform(-12, 12)
    lift = 0.13 if 72 < hue % 360 < 115 else 0.05 if 38 < hue % 360 <= 72 else 0.0
    return lch(lightness + lift + rng.uniform(-0.05, 0.05), chroma * rng.uniform(0.85, 1.15), hue)


def pastel(rng: np.random.Generator, *hues: float) -> Colour:
    """A pale colour near one of `hues` (any hue where none is given)."""
    return vivid(rng, *hues, lightness=0.86, chroma=0.06)


INK = np.array([0.16, 0.13, 0.20])
CREAM = np.array([0.99, 0.96, 0.88])
WHITE = np.array([1.0, 1.0, 1.0])
