"""What every command line shares: errors in one line, exit codes, `name=value` options, progress bars."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from tqdm import tqdm

from fsl_core.errors import FSLError, OptionError
from fsl_core.types import params

BAD_INPUT = 2
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser that answers a wrong command line in one line on stderr, with exit code 2."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.add_argument("--debug", action="store_true", help="show the traceback of an error")

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and leave."""
        self.exit(BAD_INPUT, f"{self.prog}: {_one_line(message)}; --help lists the options\n")


def add_model_arguments(parser: Parser) -> None:
    """The flags of every command that runs a backbone and a classifier."""
    parser.add_argument(
        "--backbone",
        help="a name of weights/manifest.toml (default: its default) or of your own, a .safetensors file, timm:<model>",
    )
    parser.add_argument(
        "--fit", choices=("crop", "letterbox"), default="crop",
        help="pictures that are no squares: their centred square (default), or all of them between borders; with "
        "--regions grid or sampling it has no effect, as patches are cut out of the whole picture",
    )  # fmt: skip
    parser.add_argument(
        "--regions", default="cells", metavar="CELLS|GRID|SAMPLING",
        help="what a picture is divided into: 'cells' of the feature map (default); 'grid:2,3', overlapping patches on "
        "a grid of 2 x 2 and one of 3 x 3 ('grid:2,3:1.5': 1.5 cells long instead of 2); or 'sampling:9', nine random "
        "patches ('sampling:9:4': drawn with seed 4 instead of 0). Each patch takes as long as a picture",
    )  # fmt: skip
    parser.add_argument(
        "--copies", type=int, default=0, metavar="N",
        help="replace each support image by N augmented copies (crop, colour jitter, mirror image), as RFS and SCL do "
        "with N = 5 (default: 0, the images themselves)",
    )  # fmt: skip
    parser.add_argument("--device", help="cpu, cuda, ... (default: the GPU where there is one)")
    parser.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the classifier; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print JSON and draw no progress bar")


def run(parser: Parser, work: Callable[[argparse.Namespace], None], argv: Sequence[str] | None = None) -> int:
    """Parse a command line, do its work and return the exit code.

    An `FSLError` becomes one line on stderr and exit code 2; with `--debug` it is raised. Ctrl-C gives exit code 130.
    Any other error is a bug and is raised.
    """
    arguments = parser.parse_args(argv)
    try:
        work(arguments)
    except FSLError as error:
        if arguments.debug:
            raise
        print(f"{parser.prog}: {_one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
    return 0


def parse_options(texts: Sequence[str], classes: Mapping[str, type]) -> dict[str, dict[str, Any]]:
    """`name=value` texts -> the options of each class that declares a `fsl_core.types.option` of that name.

    Args:
        classes: for example the chosen rows of `CLASSIFIERS`, by name.

    Raises:
        OptionError: a text has no "=", no class has such an option, or the value is not of the option's type.
    """
    options: dict[str, dict[str, Any]] = {name: {} for name in classes}
    for text in texts:
        name, equals, value = text.partition("=")
        owners = [owner for owner, cls in classes.items() if name in params(cls)]
        if not equals or not owners:
            known = sorted({option for cls in classes.values() for option in params(cls)})
            raise OptionError(f"An option must be written name=value with a name of {', '.join(known)}; got {text!r}.")
        for owner in owners:
            options[owner][name] = _typed(name, value, params(classes[owner])[name][1])
    return options


def choose(name: str, table: Mapping[str, Any], kind: str) -> Any:
    """The row of a table by name.

    Raises:
        OptionError: the table has no such row.
    """
    if name not in table:
        raise OptionError(f"There is no {kind} {name!r}; choose one of {', '.join(table)}.")
    return table[name]


def progress_bar(total: int, title: str, unit: str, shown: bool) -> tqdm:
    """A bar on stderr that is drawn on a terminal only."""
    return tqdm(total=total, desc=title, unit=unit, disable=None if shown else True)


def _typed(name: str, text: str, default: Any) -> Any:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise OptionError(f"{name} must be true or false, got {text!r}.")
        return text.lower() == "true"
    try:
        return type(default)(text)
    except ValueError as error:
        number = "a whole number" if isinstance(default, int) else "a number"
        raise OptionError(f"{name} must be {number}, got {text!r}.") from error


def _one_line(text: str) -> str:
    return " ".join(text.split())
