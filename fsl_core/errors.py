"""Errors that a person can act on: every text says what was expected, what was found and what to try."""

import unicodedata

LONGEST_NAME = 80
TURNING = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


class FSLError(Exception):
    """Something the user can mend. Pages and command lines show its text and nothing else."""


class ImageError(FSLError):
    """A file is not a picture that can be used."""


class EpisodeError(FSLError):
    """A support set or a query set does not make an episode."""


class DataError(FSLError):
    """A data set, a split or a class is not there or not usable."""


class WeightsError(FSLError):
    """A backbone's weights are missing, damaged or do not fit its architecture."""


class OptionError(FSLError):
    """An option has an unknown name or a value out of its range."""


class TransportError(FSLError):
    """A transport problem has no solution, or a solver did not find it."""


class TrainingError(FSLError):
    """Training cannot start or cannot go on."""


def called(name: str, longest: int = LONGEST_NAME) -> str:
    """The name of a file or class as a sentence calls it: one line, of at most `longest` characters.

    Control characters become spaces and those that change the direction of the text are left out, so that no name can
    pass for another one; of a long name the middle is left out. A name of dots or of nothing that shows is called
    "a nameless file".
    """
    gaps = ("Cc", "Cs", "Zl", "Zp")
    visible = (" " if unicodedata.category(letter) in gaps else letter for letter in name.translate(TURNING))
    line = " ".join("".join(visible).split())
    if not line.strip("."):
        return "a nameless file"
    half = longest // 2
    return line if len(line) <= longest else f"{line[: half - 1]}…{line[-half:]}"
