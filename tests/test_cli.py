"""Options written on a command line, and what becomes of errors."""

import argparse

import pytest

from fsl_core.classifiers import CLASSIFIERS
from fsl_core.cli import Parser, choose, parse_options, run
from fsl_core.errors import FSLError, OptionError


def test_options_get_their_declared_types_and_go_to_all_that_have_them() -> None:
    chosen = {name: CLASSIFIERS[name] for name in ("protonet", "nearest_neighbour", "deepemd")}
    texts = ["temperature=2", "k=3", "normalise=True", "centre=false", "solver=opencv", "pyramid=2,3"]
    options = parse_options(texts, chosen)
    assert options == {
        "protonet": {"temperature": 2.0, "normalise": True},
        "nearest_neighbour": {"temperature": 2.0, "k": 3},
        "deepemd": {"temperature": 2.0, "centre": False, "solver": "opencv", "pyramid": "2,3"},
    }
    assert isinstance(options["protonet"]["temperature"], float) and isinstance(options["nearest_neighbour"]["k"], int)


@pytest.mark.parametrize("text", ["temperature", "magic=1", "=1", "k=1"])
def test_an_option_that_nothing_has_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(OptionError, match="name=value with a name of metric, normalise, temperature"):
        parse_options([text], {"protonet": CLASSIFIERS["protonet"]})


def test_choose_names_the_alternatives() -> None:
    assert choose("a", {"a": 1}, "letter") == 1
    with pytest.raises(OptionError, match="no letter 'c'; choose one of a, b"):
        choose("c", {"a": 1, "b": 2}, "letter")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (FSLError("Two\nlines   of text."), 2, "tool: Two lines of text.\n"),
        (KeyboardInterrupt(), 130, "tool: interrupted\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(arguments: argparse.Namespace) -> None:
        raise error

    assert run(Parser(prog="tool"), work, []) == code
    assert capsys.readouterr().err == line


def test_bugs_are_not_hidden() -> None:
    def work(arguments: argparse.Namespace) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Parser(prog="tool"), work, [])
    assert run(Parser(prog="tool"), lambda arguments: None, []) == 0
