"""The light of a scene: where it comes from, its tint, and the sky that goes with it."""

from dataclasses import dataclass

import numpy as np

from fsl_core.data.synthetic.palette import BLUE, ORANGE, PINK, TEAL, VIOLET, YELLOW, Colour, lch, mix


@dataclass(frozen=True, eq=False)
class Light:
    """One time of day.

    Attributes:
        direction: unit vector on the screen towards the light.
        tint: multiplies the finished picture; 1 = unchanged.
        zenith, horizon: colours of the sky.
        haze: colour that far things fade to.
    """

    direction: tuple[float, float]
    tint: Colour
    zenith: Colour
    horizon: Colour

    @property
    def haze(self) -> Colour:
        """Colour that far things fade to."""
        return mix(self.horizon, self.zenith, 0.35)


def draw_light(rng: np.random.Generator) -> Light:
    """A random time of day, from a fresh morning to a late afternoon."""
    angle = np.deg2rad(rng.uniform(25, 75))
    direction = (float(rng.choice([-1, 1]) * np.cos(angle)), float(-np.sin(angle)))
    zenith, horizon, tint = [
        (lch(0.74, 0.13, BLUE), lch(0.95, 0.05, TEAL + 20), (1.02, 1.02, 1.0)),
        (lch(0.80, 0.10, TEAL + 25), lch(0.96, 0.06, YELLOW), (1.04, 1.02, 0.97)),
        (lch(0.78, 0.09, VIOLET - 30), lch(0.92, 0.10, ORANGE + 12), (1.06, 1.01, 0.96)),
        (lch(0.74, 0.11, VIOLET - 10), lch(0.90, 0.09, PINK + 25), (1.04, 0.99, 1.0)),
        (lch(0.84, 0.08, BLUE - 25), lch(0.97, 0.03, BLUE), (0.99, 1.01, 1.03)),
    ][rng.integers(5)]
    return Light(direction, np.array(tint) * rng.uniform(0.95, 1.06), zenith, horizon)
