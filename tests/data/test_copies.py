"""Augmented copies: shifted windows, mirrored half of the time, in other colours; the same each time."""

import numpy as np
import pytest

from fsl_core.data import copies
from fsl_core.data.copies import Copies
from fsl_core.errors import OptionError

IMAGE = np.random.default_rng(0).integers(1, 256, (42, 84, 3), dtype=np.uint8)


def test_without_jitter_a_copy_is_a_window_of_the_padded_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "JITTER", 0.0)
    canvas = np.zeros((42 + 2 * 4, 84 + 2 * 8, 3), np.uint8)
    canvas[4:46, 8:92] = IMAGE
    windows = {
        (top, left, flip): window[:, :: -1 if flip else 1].tobytes()
        for top in range(9)
        for left in range(17)
        for window in [canvas[top : top + 42, left : left + 84]]
        for flip in (False, True)
    }
    places = {content: place for place, content in windows.items()}
    found = [places[Copies(100).of(IMAGE, number).tobytes()] for number in range(100)]
    tops, lefts, flips = (set(values) for values in zip(*found, strict=True))
    assert tops == set(range(9)) and len(lefts) == 17 and flips == {False, True}
    assert 30 < sum(flip for _, _, flip in found) < 70


def test_small_pictures_are_padded_by_four_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the published code does with 32 pixels."""
    monkeypatch.setattr(copies, "JITTER", 0.0)
    black = [(Copies(100).of(IMAGE[:32, :32], number).sum(axis=2) == 0).all(axis=1).sum() for number in range(100)]
    assert max(black) == 4


MEASURES = {  # what each of the three changes by its factor on this picture
    "Brightness": lambda pixels: pixels[..., 0].mean(),
    "Contrast": lambda pixels: np.ptp(pixels[..., 0]),
    "Color": lambda pixels: pixels[0, 0].max() - pixels[0, 0].min(),
}


@pytest.mark.parametrize("name", MEASURES)
def test_jitter_is_as_strong_as_published(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MARGIN", 0.0), monkeypatch.setattr(copies, "LEAST_MARGIN", 0)
    (colour,) = (one for one in copies.COLOURS if one.__name__ == name)
    monkeypatch.setattr(copies, "COLOURS", (colour,))
    image = np.full((20, 20, 3), (130, 90, 80), np.uint8)
    image[::2] += 20
    changed = [MEASURES[name](Copies(100).of(image, number).astype(float)) for number in range(100)]
    factors = np.array(changed) / MEASURES[name](image.astype(float))
    assert 0.57 < factors.min() < 0.66 and 1.34 < factors.max() < 1.43
    assert 0.35 < np.mean(factors < 1) < 0.65


def test_seed_number_and_pixels_decide() -> None:
    first = Copies(5, seed=3).of(IMAGE, 2)
    assert first.shape == IMAGE.shape and first.dtype == np.uint8
    assert np.array_equal(first, Copies(9, seed=3).of(IMAGE.copy(), 2))
    others = [Copies(5, 3).of(IMAGE, 1), Copies(5, 4).of(IMAGE, 2), Copies(5, 3).of(IMAGE[:, ::-1], 2)]
    assert not any(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize(("count", "seed"), [(0, 0), (-1, 0), (101, 0), (5, -1), (5, 2**31)])
def test_impossible_copies_are_refused(count: int, seed: int) -> None:
    with pytest.raises(OptionError, match=r"1 to 100 augmented copies|seed of the copies"):
        Copies(count, seed)
