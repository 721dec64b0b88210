"""Pictures and their regions, placed on one plane whose unit is the side of a picture; y grows downwards."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, UInt8
from PIL import Image

from fsl_core.figures.theme import PAPER, figure, tint
from fsl_core.records import Regions, Side

BESIDE, BELOW = 0.5, 0.3  # gaps between two pictures
BETWEEN, ROW = 0.08, 0.2  # gaps between small pictures, beside and below each other
TITLE, TITLE_PIXELS = 0.09, 26  # above or below a picture: in its sides, and at least in pixels
SIDE = {False: 410, True: 340}  # of a picture in pixels: pictures side by side, one below the other
DARKEST = 0.12  # of its pixels' brightness that a region without weight keeps
TARGET = 22  # pixels: the square that stands for the smallest region when it is pointed at
SHARP = 256  # pixels on the shorter side


class Pictures(Protocol):
    """A record of two pictures with regions."""

    @property
    def query_image(self) -> UInt8[np.ndarray, "_ _ 3"]: ...
    @property
    def support_image(self) -> UInt8[np.ndarray, "_ _ 3"]: ...
    @property
    def query_regions(self) -> Regions: ...
    @property
    def support_regions(self) -> Regions: ...


class Cell(NamedTuple):
    """A region of one of the two pictures; `node` counts the regions in the order of the plan."""

    side: Side
    node: int


@dataclass(frozen=True, eq=False)
class Pane:
    """A picture and its regions on the plane, `left` and `top` in sides of a picture.

    Attributes:
        title_below: the title is under the picture instead of over it, where bands come from above.
    """

    side: Side
    image: UInt8[np.ndarray, "_ _ 3"]
    regions: Regions
    title: str
    left: float = 0.0
    top: float = 0.0
    title_below: bool = False

    @property
    def nodes(self) -> range:
        """All regions."""
        return range(len(self.regions))

    @property
    def sizes(self) -> Float[np.ndarray, " nodes"]:
        """The shorter side of each region, in sides of the picture."""
        top, left, bottom, right = self.regions.boxes.T
        return np.minimum(bottom - top, right - left)

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where the regions reach, in y; a sheet need not be full."""
        return self.top + float(self.regions.boxes[:, 0].min()), self.top + float(self.regions.boxes[:, 2].max())

    def span(self, node: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """From where to where a region reaches, in x and in y."""
        top, left, bottom, right = self.regions.boxes[node].tolist()
        return (self.left + left, self.left + right), (self.top + top, self.top + bottom)

    def centre(self, node: int) -> tuple[float, float]:
        """Where the middle of a region lies (x, y)."""
        (left, right), (top, bottom) = self.span(node)
        return (left + right) / 2, (top + bottom) / 2

    @property
    def word(self) -> str:
        """What stands before the name of a region in a sentence: "region " before "(row, column)"."""
        return "region " if self.regions.grid else ""

    def name(self, node: int) -> str:
        """What people call a region in a sentence."""
        return self.word + self.regions.name(node)


def panes(pictures: Pictures, stacked: bool = False) -> tuple[Pane, Pane]:
    """The query and, to its right or below it, the support image."""
    query = Pane("query", pictures.query_image, pictures.query_regions, "Query")
    support = Pane("support", pictures.support_image, pictures.support_regions, "Support")
    if stacked:
        return query, replace(support, top=query.reach[1] + BELOW - support.reach[0], title_below=True)
    return query, replace(support, left=1 + BESIDE)


def tiled(pictures: Sequence[tuple[str, UInt8[np.ndarray, "_ _ 3"], Regions]], side: Side, columns: int) -> list[Pane]:
    """Pictures with their titles in rows, each row as high as a picture of full height."""
    return [
        Pane(side, image, regions, title, left=(place % columns) * (1 + BETWEEN), top=(place // columns) * (1 + ROW))
        for place, (title, image, regions) in enumerate(pictures)
    ]


def plane(
    shown: Sequence[Pane], traces: list[Any], shapes: list[dict[str, Any]], side: int | None = None, **layout: Any
) -> go.Figure:
    """A figure as high as its pictures need, with the pictures' titles and grid lines, without axes.

    Args:
        side: of a picture in pixels; None = large.
    """
    right, stacked = max(pane.left for pane in shown) + 1, any(pane.title_below for pane in shown)
    top, bottom = min(pane.reach[0] for pane in shown), max(pane.reach[1] for pane in shown)
    head = max(TITLE, TITLE_PIXELS / (side or SIDE[stacked]))
    foot = head if stacked else 0.01
    axis = {"visible": False, "fixedrange": True}
    look = {
        "xaxis": {**axis, "range": [-0.01, right + 0.01]},
        "yaxis": {**axis, "range": [bottom + foot, top - head], "scaleanchor": "x", "scaleratio": 1},
        "annotations": [_heading(pane) for pane in shown] + layout.pop("annotations", []),
        "shapes": [lattice(pane) for pane in shown] + shapes,
        "hoverdistance": -1,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    }
    return figure(traces, round((side or SIDE[stacked]) * (bottom - top + head + foot)), **look, **layout)


def _heading(pane: Pane) -> dict[str, Any]:
    """The title over a picture or under it."""
    top, bottom = pane.reach
    y, anchor = (bottom + 0.02, "top") if pane.title_below else (top - 0.02, "bottom")
    return {"x": pane.left + 0.5, "y": y, "text": f"<b>{pane.title}</b>", "showarrow": False, "yanchor": anchor}


def lattice(pane: Pane) -> dict[str, Any]:
    """The inner lines of a grid, or the borders of regions that form none, as one thin path."""
    if pane.regions.grid:
        rows, columns = pane.regions.grid
        lines = [f"M{pane.left},{pane.top + row / rows}H{pane.left + 1}" for row in range(1, rows)]
        lines += [f"M{pane.left + column / columns},{pane.top}V{pane.top + 1}" for column in range(1, columns)]
    else:
        lines = [_border(pane, node) for node in pane.nodes]
    line = {"color": tint(PAPER, 0.28), "width": 1}
    return {"type": "path", "path": "".join(lines) or f"M{pane.left},{pane.top}", "line": line}


def _border(pane: Pane, node: int) -> str:
    """A region's border as an SVG path."""
    (left, right), (top, bottom) = pane.span(node)
    return f"M{left},{top}H{right}V{bottom}H{left}Z"


def outline(pane: Pane, node: int, colour: str, width: float) -> dict[str, Any]:
    """The border of a region; `width` in pixels of the screen."""
    (left, right), (top, bottom) = pane.span(node)
    line = {"color": colour, "width": width}
    return {"type": "rect", "x0": left, "x1": right, "y0": top, "y1": bottom, "line": line}


def targets(pane: Pane, hovers: Sequence[str]) -> go.Scatter:
    """Invisible squares over the regions that can be pointed at and clicked; `customdata`: side, node.

    Plotly goes by the distance from a square's edge, so larger regions have larger squares.
    """
    x, y = zip(*(pane.centre(node) for node in pane.nodes), strict=True)
    unseen = {"marker": {"opacity": 0.01}}
    pixels = TARGET + SIDE[False] * (pane.sizes - pane.sizes.min())
    return go.Scatter(
        x=x, y=y, mode="markers", name=pane.title, customdata=[[pane.side, node] for node in pane.nodes],
        marker={"symbol": "square", "size": pixels.round().tolist(), "opacity": 0.01, "color": PAPER},
        selected=unseen, unselected=unseen, hovertext=list(hovers), hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def picture(pane: Pane, grey: bool = False) -> dict[str, Any]:
    """The pixels of a pane as a layout image, in grey where colours are to be laid over them."""
    return _placed(pane, _source(pane.image.tobytes(), pane.image.shape[:2], _tiles(pane), grey))


def _tiles(pane: Pane) -> tuple[tuple[float, ...], ...]:
    """The boxes outside of which a sheet is transparent; none for a picture that its grid covers."""
    return () if pane.regions.grid else tuple(map(tuple, pane.regions.boxes.tolist()))


@lru_cache(maxsize=16)
def _source(pixels: bytes, shape: tuple[int, int], tiles: tuple[tuple[float, ...], ...], grey: bool) -> str:
    image = _enlarged(np.frombuffer(pixels, np.uint8).reshape(*shape, 3))
    return _encoded(image.convert("L") if grey else image, tiles)


def dimmed(pane: Pane, brightness: Float[np.ndarray, " nodes"]) -> dict[str, Any]:
    """The pixels of a pane, each region as bright as `brightness` in [0, 1] says, but never quite dark.

    In a grid brightness runs from middle to middle; other regions are evenly bright.
    """
    pixels, tiles = _enlarged(pane.image), _tiles(pane)
    levels = (DARKEST + (1 - DARKEST) * brightness.clip(0, 1)).astype(np.float32)
    if pane.regions.grid:
        light = Image.fromarray(levels.reshape(pane.regions.grid)).resize(pixels.size, Image.Resampling.BILINEAR)
    else:
        light = Image.new("F", pixels.size)
        for box, level in zip(tiles, levels.tolist(), strict=True):
            light.paste(level, _pixels(box, pixels.size))
    lit = (np.asarray(pixels) * np.asarray(light)[..., None]).astype(np.uint8)
    return _placed(pane, _encoded(Image.fromarray(lit), tiles))


def shades(pane: Pane, brightness: Float[np.ndarray, " nodes"]) -> list[dict[str, Any]]:
    """What `dimmed` does, in steps, as shapes over a `picture`: the browser has that already and draws shapes alone."""
    dark: dict[float, str] = {}  # all regions of the same darkness are one shape
    for node, light in enumerate(brightness.clip(0, 1)):
        shade = round((1 - DARKEST) * (1 - float(light)), 2)
        dark[shade] = dark.get(shade, "") + _border(pane, node)
    return [
        {"type": "path", "path": path, "layer": "between", "line": {"width": 0}, "fillcolor": f"rgba(0,0,0,{shade})"}
        for shade, path in dark.items()
    ]


def _enlarged(image: UInt8[np.ndarray, "_ _ 3"]) -> Image.Image:
    """Small model inputs made large enough for the screen, without steps."""
    pixels = Image.fromarray(image)
    factor = -(-SHARP // min(pixels.size))
    return (
        pixels.resize((pixels.width * factor, pixels.height * factor), Image.Resampling.BICUBIC)
        if factor > 1
        else pixels
    )


def _encoded(pixels: Image.Image, tiles: Sequence[tuple[float, ...]]) -> str:
    """A picture for the browser; what lies in none of the tiles, if there are any, is transparent."""
    if tiles:
        cut = Image.new("L", pixels.size)
        for box in tiles:
            cut.paste(255, _pixels(box, pixels.size))
        pixels = pixels.convert("RGB")
        pixels.putalpha(cut)
    buffer = io.BytesIO()
    pixels.save(buffer, "WEBP", quality=88)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _pixels(box: tuple[float, ...], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box as Pillow wants it: left, top, right, bottom in pixels of a picture of `size` (width, height)."""
    top, left, bottom, right = box
    return round(left * size[0]), round(top * size[1]), round(right * size[0]), round(bottom * size[1])


def _placed(pane: Pane, source: str) -> dict[str, Any]:
    """An image stretched over a pane, embedded in the figure. Plotly draws one image at a place, no more."""
    place = {"x": pane.left, "y": pane.top, "sizex": 1, "sizey": 1, "xref": "x", "yref": "y", "yanchor": "top"}
    return {"source": source, **place, "sizing": "stretch", "layer": "below"}
