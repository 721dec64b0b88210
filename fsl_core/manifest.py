"""`weights/manifest.toml`: one row for each weights file that ships, with what was measured of it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from fsl_core.errors import WeightsError

WEIGHTS = Path(__file__).parents[1] / "weights"
MANIFEST = WEIGHTS / "manifest.toml"


@dataclass(frozen=True)
class Card:
    """A row of the manifest.

    Attributes:
        title: for people, e.g. "ResNet-12 narrow, 84 px".
        data: what it was trained on, and under which terms those data stand.
        classifier: the classifier that the accuracies were measured with.
        accuracy_1shot, accuracy_5shot: 5-way, mean over episodes of the held-out test classes, in [0, 1].
        interval_1shot, interval_5shot: half width of their 95 % intervals.
        megabytes: size of the file.
    """

    name: str
    title: str
    file: str
    sha256: str
    megabytes: float
    recipe: str
    data: str
    licence: str
    classifier: str
    accuracy_1shot: float
    interval_1shot: float
    accuracy_5shot: float
    interval_5shot: float
    measured_by: str
    default: bool = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return WEIGHTS / self.file


def read_manifest() -> dict[str, Card]:
    """Every card, the default one first.

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
