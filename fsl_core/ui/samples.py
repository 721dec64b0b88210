"""The sample sets: episodes of drawn scenes by theme, each with one query that belongs to none of its classes.

Their pictures ship in `themes/` with the masks of their objects, so that they are there at once;
`python -m fsl_core.ui.samples` draws them anew.
"""

import io
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import Image

from fsl_core.data import Episode, shuffled
from fsl_core.data.archive import Archive
from fsl_core.data.episode import layout
from fsl_core.data.synthetic import CLASSES, render_scene
from fsl_core.errors import EpisodeError
from fsl_core.images import decode_mask, encode_png

FOLDER = Path(__file__).parent / "themes"
SIZE = 224  # pixels
QUALITY = 90  # of WebP


class Theme(NamedTuple):
    """What a sample set shows.

    Attributes:
        classes, outsider: of `fsl_core.data.synthetic`; the outsider is the class of the query that fits nowhere.
        shot, query: pictures of each class to learn from, and to ask about.
    """

    title: str
    classes: tuple[str, ...]
    outsider: str
    shot: int = 3
    query: int = 2


THEMES = {
    "mixed": Theme("A bit of everything", ("boat", "chair", "clock", "mug", "umbrella"), "penguin", shot=1),
    "animals": Theme("Animals", ("bird", "cat", "fish", "snail", "turtle"), "rocket"),
    "moving": Theme("Things that move", ("balloon", "bicycle", "boat", "car", "rocket"), "penguin"),
    "home": Theme("At home", ("chair", "clock", "key", "lamp", "mug"), "cactus"),
    "food": Theme("Food and drink", ("apple", "carrot", "ice cream", "mug", "mushroom"), "guitar"),
    "outdoors": Theme("A day outside", ("butterfly", "flower", "house", "tree", "umbrella"), "fish"),
}
DEFAULT = "mixed"


def load(name: str) -> Episode:
    """The episode of a theme; neither the order nor the names of its queries give their classes away.

    Raises:
        EpisodeError: there is no such theme, or its pictures are not in `themes/`.
    """
    if name not in THEMES:
        raise EpisodeError(f"The sample sets are {', '.join(THEMES)}; got {name!r}.")
    path = FOLDER / f"{name}.zip"
    with Archive(path) as archive:
        masks = [(entry.is_query, decode_mask(archive.read(_mask_of(entry.path)))) for entry in layout(archive)]
    support, query = (tuple(mask for is_query, mask in masks if is_query is role) for role in (False, True))
    drawn = replace(Episode.load(path), support_masks=support, query_masks=query)
    drawn = shuffled(drawn, np.random.default_rng(0))
    names = tuple(f"picture {number}.png" for number in range(1, len(drawn.query_images) + 1))
    return replace(drawn, query_names=names)


def draw(name: str) -> dict[str, bytes]:
    """The files of a theme by their path: an episode on disk of WebP pictures and, beside it, their masks."""
    theme, row = THEMES[name], list(THEMES).index(name)

    def drawn(path: str, class_name: str, number: int) -> dict[str, bytes]:
        generator = np.random.default_rng([row, CLASSES.index(class_name), number])
        stream = io.BytesIO()
        scene = render_scene(class_name, generator, SIZE)
        Image.fromarray(scene.image).save(stream, "WEBP", quality=QUALITY, method=6)
        return {path: stream.getvalue(), _mask_of(path): encode_png(scene.mask)}

    files = drawn("query/outsider.webp", theme.outsider, 0)
    for class_name in theme.classes:
        for number in range(theme.shot + theme.query):
            role = "support" if number < theme.shot else "query"
            files |= drawn(f"{role}/{class_name}/{class_name} {number + 1}.webp", class_name, number)
    return files


def _mask_of(path: str) -> str:
    """Where the mask of a picture lies, which is no part of an episode on disk."""
    return f"mask/{PurePosixPath(path).with_suffix('.png')}"


def main() -> None:
    """Draw all themes and replace what ships."""
    for name in THEMES:
        with zipfile.ZipFile(FOLDER / f"{name}.zip", "w") as archive:
            for path, data in sorted(draw(name).items()):
                archive.writestr(zipfile.ZipInfo(path), data)


if __name__ == "__main__":
    main()
