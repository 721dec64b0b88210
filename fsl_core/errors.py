"""Errors that a person can act on: every text says what was expected, what was found and what to try."""


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
