"""The backbones that can be named: those of `weights/manifest.toml`, which ship, and those of the user's own.

A `.safetensors` file of ours in `own_weights()` is a backbone under the name of the file; there is nothing to register.
"""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from safetensors import SafetensorError, safe_open

from fsl_core.errors import WeightsError
from fsl_core.home import home

WEIGHTS = Path(__file__).parents[1] / "weights"
MANIFEST = WEIGHTS / "manifest.toml"
NAME, SUFFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*"), ".safetensors"
HEADER = ("architecture", "options", "input")  # what the header of each weights file of ours says
SOURCE = "source"  # in the header of an imported one: what it was made from


@dataclass(frozen=True)
class Card:
    """A row of the manifest, or what is known of a file of the user's own.

    Attributes:
        title: for people, e.g. "ResNet-12 narrow, 84 px".
        megabytes: size of the file.
        recipe: what it was made by.
        data: what it was trained on, and under which terms those data stand.
        classifier: the classifier that the accuracies were measured with.
        accuracy_1shot, accuracy_5shot: 5-way, mean over episodes of the held-out test classes, in [0, 1]; None = not
            measured.
        interval_1shot, interval_5shot: half width of their 95 % intervals.
        own: whether the file is the user's own, in `own_weights()`, instead of one that ships.
    """

    name: str
    title: str
    file: str
    sha256: str
    megabytes: float
    recipe: str
    data: str = ""
    licence: str = ""
    classifier: str = ""
    accuracy_1shot: float | None = None
    interval_1shot: float | None = None
    accuracy_5shot: float | None = None
    interval_5shot: float | None = None
    measured_by: str = ""
    default: bool = False
    own: bool = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return (own_weights() if self.own else WEIGHTS) / self.file


def own_weights() -> Path:
    """The folder of the user's own weights; it need not exist yet."""
    return home() / "weights"


def new_weights(name: str) -> Path:
    """The file to write for a new backbone of the user's own, or for the path of a `.safetensors` file.

    Raises:
        WeightsError: the name cannot be used or is taken, or the file is there already.
    """
    path = Path(name) if name.endswith(SUFFIX) else own_weights() / f"{name}{SUFFIX}"
    if not name.endswith(SUFFIX) and not NAME.fullmatch(name):
        raise WeightsError(f"A name must be made of letters, digits, '_', '-' and '.', got {name!r}; choose another.")
    if name in read_manifest():
        raise WeightsError(f"{name} is the name of a backbone that ships; choose another.")
    try:
        there = path.exists()
    except OSError as error:
        raise WeightsError(f"{path} cannot be written ({error.strerror}); choose another name.") from error
    if there:
        raise WeightsError(f"{path} is there already; delete it first, or choose another name.")
    return path


def read_cards() -> dict[str, Card]:
    """Every backbone that can be named: those that ship, the default one first, then the user's own by name.

    Own files that cannot be read or are no weights of ours are left out, as are those named like one that ships.

    Raises:
        WeightsError: the manifest is missing or one of its rows is not complete.
    """
    paths = sorted(own_weights().glob(f"*{SUFFIX}"))
    found = (_own_card(path, path.stat().st_mtime_ns) for path in paths if path.is_file())
    shipped = read_manifest()
    return shipped | {card.name: card for card in found if card and card.name not in shipped}


def read_manifest() -> dict[str, Card]:
    """Every card of those that ship, the default one first.

    Raises:
        WeightsError: the manifest is missing or one of its rows is not complete.
    """
    try:
        rows = tomllib.loads(MANIFEST.read_text())
        cards = [Card(name=name, **row) for name, row in rows.items()]
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise WeightsError(
            f"weights/manifest.toml cannot be read ({error}); restore it from the repository."
        ) from error
    return {card.name: card for card in sorted(cards, key=lambda card: not card.default)}


@lru_cache(maxsize=256)  # the digest of a large file takes a while
def _own_card(path: Path, changed: int) -> Card | None:
    """The card of a file as it was at the time `changed`; None = it is no weights file of ours."""
    try:
        with safe_open(path, "np") as file:
            header = file.metadata() or {}
        data = path.read_bytes()
    except (SafetensorError, OSError):
        return None
    if not set(HEADER) <= header.keys():
        return None
    return Card(
        path.stem,
        f"{path.stem} (your own)",
        path.name,
        hashlib.sha256(data).hexdigest(),
        len(data) / 1e6,
        header.get(SOURCE, "python -m fsl_core.train"),
        own=True,
    )
