"""The weights that ship are those that the manifest describes."""

import hashlib

import pytest

from fsl_core.manifest import WEIGHTS, Card, read_manifest

CARDS = read_manifest()


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_file_matches_its_card(card: Card) -> None:
    data = card.path.read_bytes()
    assert hashlib.sha256(data).hexdigest() == card.sha256
    assert card.megabytes == pytest.approx(len(data) / 1e6, abs=0.05)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_accuracies_are_plausible(card: Card) -> None:
    assert 0.2 < card.accuracy_1shot < card.accuracy_5shot < 1
    assert 0 < card.interval_1shot < 0.02
    assert 0 < card.interval_5shot < 0.02


def test_one_default_and_no_stray_file() -> None:
    assert [card.default for card in CARDS.values()].count(True) == 1
    assert next(iter(CARDS.values())).default
    assert {path.name for path in WEIGHTS.glob("*.safetensors")} == {card.file for card in CARDS.values()}
    assert sum(card.megabytes for card in CARDS.values()) <= 80
