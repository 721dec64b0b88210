"""How a sentence calls a file."""

import pytest

from fsl_core.errors import LONGEST_NAME, called


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.jpg", "cat.jpg"),
        ("two\nlines\t.jpg", "two lines .jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("צילום.jpg", "צילום.jpg"),
        ("👩\u200d👧.jpg", "👩\u200d👧.jpg"),
        ("lone \ud800.jpg", "lone .jpg"),
        ("..", "a nameless file"),
        (" \x00\u202e", "a nameless file"),
        ("a" * LONGEST_NAME, "a" * LONGEST_NAME),
        ("a" * 60 + "b" * 60, "a" * 39 + "…" + "b" * 40),
    ],
)
def test_a_name_is_short_straight_and_on_one_line(name: str, expected: str) -> None:
    assert called(name) == expected


def test_a_text_may_be_longer_than_a_name() -> None:
    assert called("word " * 30, 1000) == ("word " * 30).strip()
    assert len(called("word " * 30)) == LONGEST_NAME
