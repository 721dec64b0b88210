"""`python -m fsl_core.train`: train a backbone by a recipe."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fsl_core.cli import Parser, run
from fsl_core.errors import OptionError
from fsl_core.train.config import TrainConfig, read_about, read_recipe, recipes
from fsl_core.train.process import hold
from fsl_core.train.runs import runs_folder
from fsl_core.types import Param, params


def build_parser() -> Parser:
    """The flags: those of a run's place, and one for every field of `TrainConfig`."""
    parser = Parser(
        prog="python -m fsl_core.train", description="Train a backbone by a recipe; any field can be changed."
    )
    parser.add_argument(
        "--recipe", help="name of the recipe, --list shows them; or a TOML file such as a run's config.toml"
    )
    parser.add_argument("--list", action="store_true", help="name the recipes and stop")
    parser.add_argument("--data", help="folder of the data set, instead of a download")
    parser.add_argument("--output", type=Path, help="folder of the run (default: runs/RECIPE)")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in the output folder")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what the run will do, and estimate its time and memory; write nothing",
    )
    fields = parser.add_argument_group("fields of the run (default: the recipe's)")
    for name, (param, default) in params(TrainConfig).items():
        fields.add_argument(
            f"--{name.replace('_', '-')}", dest=name, default=None, help=describe(param), **value_of(param, default)
        )
    return parser


def describe(param: Param) -> str:
    """Help text of one field."""
    return (param.help + (f" [{param.unit}]" if param.unit else "")).replace("%", "%%")


def value_of(param: Param, default: Any) -> dict[str, Any]:
    """How argparse reads a value of the default's type."""
    if isinstance(default, bool):
        return {"action": argparse.BooleanOptionalAction}
    if param.choices:
        return {"choices": param.choices}
    return {"type": type(default), "metavar": type(default).__name__.upper()}


def work(arguments: argparse.Namespace) -> None:
    """List the recipes, or train."""
    if arguments.list:
        for name, path in recipes().items():
            print(f"{name}\n    {read_about(path)}")
        return
    if not arguments.recipe:
        raise OptionError("Name a recipe with --recipe; --list shows them.")
    changes = {name: getattr(arguments, name) for name in params(TrainConfig) if getattr(arguments, name) is not None}
    config = read_recipe(arguments.recipe, changes)
    output = arguments.output or runs_folder() / Path(arguments.recipe).stem

    if arguments.dry_run:
        from fsl_core.train.plan import make_plan

        plan = make_plan(config, arguments.data)
        print("\n".join(plan.lines()) if plan else "", end="\n" if plan else "")
        return

    with hold(output, arguments.data):
        from fsl_core.train.loop import train

        best = train(config, arguments.data, output, resume=arguments.resume)
    print(f"Best weights: {best} (use them with --backbone {best}); metrics: {output / 'metrics.csv'}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(build_parser(), work, argv)


if __name__ == "__main__":
    sys.exit(main())
