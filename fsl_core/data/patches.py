"""Regions of a picture that are cut out and encoded one by one: DeepEMD-Grid and DeepEMD-Sampling.

The third way, DeepEMD-FCN, cuts nothing: there the regions are the cells of the feature map of the whole picture.
"""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from jaxtyping import Float, UInt8

from fsl_core.data.transforms import BORDER, resized
from fsl_core.errors import OptionError

CELLS = "cells"
MAX_PATCHES = 100
LARGEST_SEED = 2**31 - 1
RATIOS = (0.5, 4.0)  # of a grid's patches to its cells, per axis
AREAS = (0.08, 1.0)  # share of the picture that a random patch covers
ASPECTS = (3 / 4, 4 / 3)  # width / height of a random patch
TRIES = 10  # to place a random patch of the drawn area and aspect
GAP = 0.01  # around the tiles of a sheet, of its side

Image = UInt8[np.ndarray, "height width 3"]


class Box(NamedTuple):
    """A rectangle of a picture in pixels, `bottom` and `right` just outside of it; `flip` mirrors it left to right."""

    top: int
    left: int
    bottom: int
    right: int
    flip: bool = False


@dataclass(frozen=True)
class Patches(ABC):
    """A rule that cuts patches out of a picture at its original resolution.

    `str` gives the text that `parse_regions` reads.
    """

    @property
    @abstractmethod
    def blocks(self) -> tuple[int, ...]:
        """Number of patches in each group that belongs together; one after another they are all patches."""

    @property
    def count(self) -> int:
        """Number of patches of a picture: the nodes of its map, in the order of `boxes`."""
        return sum(self.blocks)

    @abstractmethod
    def boxes(self, height: int, width: int, picture: int = 0) -> list[Box]:
        """Where the patches of a picture lie.

        Args:
            height, width: of the picture, in pixels.
            picture: a number that stands for its content, for rules that cut every picture differently.
        """

    def of(self, image: Image) -> list[Box]:
        """Where the patches of this image lie: the same image has the same patches, wherever it stands."""
        height, width = image.shape[:2]
        return self.boxes(height, width, number_of(image))

    def cut(self, image: Image, size: int) -> list[UInt8[np.ndarray, "size size 3"]]:
        """The patches, each resized to a square of `size` pixels whatever its aspect (bilinear, antialiased)."""
        return [_tile(image, box, size) for box in self.of(image)]

    def sheet(self, image: Image, size: int) -> tuple[UInt8[np.ndarray, "size size 3"], Float[np.ndarray, "count 4"]]:
        """All patches as square tiles of one square picture: every block is a square of tiles, row by row.

        Returns:
            The picture, and where each patch stands in it: top, left, bottom, right in [0, 1] of its side.
        """
        columns = math.ceil(math.sqrt(len(self.blocks)))
        above = (columns - math.ceil(len(self.blocks) / columns)) / 2  # empty rows of blocks, half of them on top
        corners = []
        for place, block in enumerate(self.blocks):
            row, column = divmod(place, columns)
            tiles = math.ceil(math.sqrt(block))
            corners += [
                ((above + row + down / tiles) / columns, (column + right / tiles) / columns, 1 / (tiles * columns))
                for down, right in (divmod(tile, tiles) for tile in range(block))
            ]
        canvas, places = np.full((size, size, 3), BORDER, np.uint8), np.empty((self.count, 4))
        for node, ((top, left, side), box) in enumerate(zip(corners, self.of(image), strict=True)):
            y, x, pixels = round(top * size), round(left * size), max(1, int((side - GAP) * size))
            canvas[y : y + pixels, x : x + pixels] = _tile(image, box, pixels)
            places[node] = np.array([y, x, y + pixels, x + pixels]) / size
        return canvas, places


@final
@dataclass(frozen=True)
class Grid(Patches):
    """Overlapping patches on regular grids, one grid after another and each row by row (DeepEMD-Grid).

    Geometry of the published code, per axis: centres stand a cell apart, a patch is `ratio` cells long and cut off at
    the border of the picture. Departure: a picture with fewer pixels than cells gives patches of one pixel instead of
    none. The published code draws the ratio in [1, 3] in training and takes 2 in tests.

    Attributes:
        sides: cells along one side of each grid.
        ratio: side of a patch / side of a cell.

    Raises:
        OptionError: there is no grid, a side or the ratio is out of range, or there are too many patches.
    """

    sides: tuple[int, ...] = (2, 3)
    ratio: float = 2.0

    def __post_init__(self) -> None:
        if not self.sides or min(self.sides) < 1 or not 1 <= self.count <= MAX_PATCHES:
            raise OptionError(
                f"A grid needs sides of at least 1 cell and at most {MAX_PATCHES} patches in all, such as 2,3; "
                f"got {','.join(map(str, self.sides)) or 'none'}."
            )
        if not RATIOS[0] <= self.ratio <= RATIOS[1]:
            raise OptionError(f"The ratio of a grid must lie in [{RATIOS[0]}, {RATIOS[1]}], got {self.ratio}.")

    def __str__(self) -> str:
        ratio = "" if self.ratio == 2 else f":{self.ratio}"
        return f"grid:{','.join(map(str, self.sides))}{ratio}"

    @property
    def blocks(self) -> tuple[int, ...]:
        """Patches of each grid."""
        return tuple(side**2 for side in self.sides)

    def boxes(self, height: int, width: int, picture: int = 0) -> list[Box]:
        """The same for all pictures of a size; none is flipped."""
        return [
            Box(top, left, bottom, right)
            for side in self.sides
            for top, bottom in self._intervals(height, side)
            for left, right in self._intervals(width, side)
        ]

    def _intervals(self, length: int, cells: int) -> list[tuple[int, int]]:
        step, reach = length // cells, int(length / cells * self.ratio) // 2
        centres = [step // 2 + step * cell for cell in range(cells)]
        return [(max(0, centre - reach), max(centre + 1, min(length, centre + reach))) for centre in centres]


@final
@dataclass(frozen=True)
class Sampling(Patches):
    """Random patches of random size and aspect, half of them mirrored (DeepEMD-Sampling).

    A patch covers 8 to 100 % of the picture at an aspect between 3/4 and 4/3, as the usual augmentation of training
    does. Departure: the published code draws anew each time it sees a picture; here the seed and the pixels decide, so
    that answers repeat and do not depend on what else is asked.

    Raises:
        OptionError: the count or the seed is out of range.
    """

    count: int = 9
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MAX_PATCHES:
            raise OptionError(f"A picture can have 1 to {MAX_PATCHES} random patches, got {self.count}.")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise OptionError(f"The seed of the patches must lie in [0, {LARGEST_SEED}], got {self.seed}.")

    def __str__(self) -> str:
        return f"sampling:{self.count}" + (f":{self.seed}" if self.seed else "")

    @property
    def blocks(self) -> tuple[int, ...]:
        """All patches are one block."""
        return (self.count,)

    def boxes(self, height: int, width: int, picture: int = 0) -> list[Box]:
        """Drawn by the seed and `picture`."""
        generator = np.random.default_rng((self.seed, picture))
        return [_random_box(height, width, generator) for _ in range(self.count)]


def number_of(image: Image) -> int:
    """A number that stands for the content of an image, to draw from: the same pixels have the same number."""
    return int.from_bytes(hashlib.blake2b(image.tobytes(), digest_size=8).digest())


def parse_regions(text: str) -> Patches | None:
    """The patches that a text asks for; None = "cells", the cells of the feature map.

    Args:
        text: "cells"; "grid", "grid:2,3" or with its ratio "grid:2,3:1.5"; "sampling", "sampling:9" or with its seed
            "sampling:9:4". What is left out has its default.

    Raises:
        OptionError: it is none of these, or a number is out of range.
    """
    kind, *numbers = text.split(":")
    readers: dict[str, Callable[..., Patches | None]] = {CELLS: lambda: None, "grid": _grid, "sampling": _sampling}
    try:
        return readers[kind](*numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise OptionError(
            "Regions must be cells, grid (or grid:2,3, or with its ratio grid:2,3:2.0), or sampling (or sampling:9, or "
            f"with its seed sampling:9:0); got {text!r}."
        ) from error


def _grid(sides: str = "2,3", ratio: str = "2") -> Grid:
    return Grid(tuple(int(side) for side in sides.split(",")), float(ratio))


def _sampling(count: str = "9", seed: str = "0") -> Sampling:
    return Sampling(int(count), int(seed))


def _random_box(height: int, width: int, generator: np.random.Generator) -> Box:
    """Area uniform in `AREAS`, aspect log-uniform in `ASPECTS`, place uniform; a picture too slim gives its middle."""
    for _ in range(TRIES):
        area = height * width * generator.uniform(*AREAS)
        aspect = math.exp(generator.uniform(math.log(ASPECTS[0]), math.log(ASPECTS[1])))
        rows, columns = round(math.sqrt(area / aspect)), round(math.sqrt(area * aspect))
        if 0 < rows <= height and 0 < columns <= width:
            top, left = (int(generator.integers(free + 1)) for free in (height - rows, width - columns))
            break
    else:
        rows, columns = min(height, round(width / ASPECTS[0])), min(width, round(height * ASPECTS[1]))
        top, left = (height - rows) // 2, (width - columns) // 2
    return Box(top, left, top + rows, left + columns, bool(generator.random() < 0.5))


def _tile(image: Image, box: Box, size: int) -> UInt8[np.ndarray, "size size 3"]:
    tile = resized(image[box.top : box.bottom, box.left : box.right], size, size)
    return tile[:, ::-1] if box.flip else tile
