"""`python -m fsl_core.explain`: how far each explanation method can be believed, over many episodes."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

import numpy as np

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import CLASSIFIERS, Classifier
from fsl_core.cli import Parser, add_model_arguments, choose, parse_options, progress_bar, run
from fsl_core.data import open_dataset, sample_indices
from fsl_core.data.patches import CELLS
from fsl_core.errors import OptionError
from fsl_core.explain.attribution import ATTRIBUTIONS, Options, applicable
from fsl_core.explain.belief import Trial
from fsl_core.explain.survey import RUNNER_UP, Estimate, Survey
from fsl_core.manifest import read_manifest

# Title in the table, column of the survey, and whether it is a share to be printed in per cent.
TABLE = (
    ("deletion", "deletion", True),
    ("insertion", "insertion", True),
    ("against random", "gain", True),
    ("pointing", "pointing", True),
    ("share on object", "share on object", True),
    ("agreement with random weights", "agreement", False),
    ("believable", "believable", True),
    ("seconds", "seconds", False),
)


def _parser() -> Parser:
    parser = Parser(
        prog="python -m fsl_core.explain",
        description="Explains the answers to many pictures by every method, and measures how far the maps can be "
        "believed: deletion and insertion curves against random orders, whether the maps lie on the object where its "
        "mask is known (synthetic scenes), and whether they depend on the weights. Mean and 95 % interval.",
    )
    add = parser.add_argument
    add(
        "--dataset", default="synthetic", help="synthetic, tiny_imagenet, ..., a Hub id, or folder (default: synthetic)"
    )
    add("--data", help="folder or zip that holds the data set, instead of a download")
    add("--split", default="test", help="train, val, test or all classes (default: %(default)s)")
    add("--classifier", default="deepemd", help=f"one of {', '.join(CLASSIFIERS)} (default: %(default)s)")
    add("--method", default="all", help=f"of {', '.join(ATTRIBUTIONS)}; comma-separated (default: all that fit)")
    add("--against", choices=("none", RUNNER_UP), default="none", help="what the answer is explained against, the "
        "logit alone or its difference to the second best class (default: %(default)s)")  # fmt: skip
    add("--way", type=int, default=5, help="classes of an episode (default: %(default)s)")
    add("--shot", type=int, default=1, help="support images per class (default: %(default)s)")
    add("--query", type=int, default=1, help="pictures per class that are explained (default: %(default)s)")
    add("--episodes", type=int, default=20, help="number of episodes (default: %(default)s)")
    add("--seed", type=int, default=0, help="of episodes, random orders and random weights (default: %(default)s)")
    add_model_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> None:
    classifier, survey = _asked(arguments)
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    protocol = {name: getattr(arguments, name) for name in ("way", "shot", "query")}
    sample_indices(dataset.labels, **protocol, generator=np.random.default_rng(arguments.seed))  # refuses at once
    backbone = load_backbone(arguments.backbone or next(iter(read_manifest())), arguments.device).fitted(arguments.fit)
    pictures = arguments.episodes * arguments.way * arguments.query
    with progress_bar(pictures, "Explanations", "picture", not arguments.json) as bar:
        found = survey.run(backbone, classifier, dataset, bar.update)
    names = ("dataset", "split", "classifier", "against", "way", "shot", "query", "episodes", "seed")
    protocol = {name: getattr(arguments, name) for name in names} | {"backbone": backbone.name}
    if arguments.json:
        methods = {name: {column: _pair(one) for column, one in row.items()} for name, row in found.items()}
        print(json.dumps(protocol | {"methods": methods}))
    else:
        print(_table(found, protocol), flush=True)


def _asked(arguments: argparse.Namespace) -> tuple[Classifier, Survey]:
    """The classifier and the survey; refuses what cannot be done before anything is computed."""
    chosen = choose(arguments.classifier, CLASSIFIERS, "classifier")
    options = parse_options(arguments.option, {"classifier": chosen, "method": Options, "trial": Trial})
    classifier = chosen(**options["classifier"])
    fitting = applicable(classifier)
    names = fitting if arguments.method == "all" else tuple(name.strip() for name in arguments.method.split(","))
    for name in names:
        choose(name, ATTRIBUTIONS, "explanation method")
        if name not in fitting:
            raise OptionError(f"{name} does not fit {arguments.classifier}; choose of {', '.join(fitting)}.")
    if arguments.regions != CELLS or arguments.copies:
        raise OptionError("Heat maps are about whole pictures; leave --regions and --copies out.")
    if arguments.seed < 0 or arguments.query < 1 or arguments.episodes < 1:
        raise OptionError(
            "The seed must not be negative, and at least 1 picture per class and 1 episode are needed; got seed "
            f"{arguments.seed}, {arguments.query} and {arguments.episodes}."
        )
    numbers = {name: getattr(arguments, name) for name in ("way", "shot", "query", "episodes", "seed")}
    against = arguments.against == RUNNER_UP
    return classifier, Survey(names, Options(**options["method"]), Trial(**options["trial"]), against, **numbers)


def _pair(estimate: Estimate) -> dict[str, float | None]:
    return {"mean": estimate.mean, "interval": estimate.half_width}


def _table(found: Mapping[str, Mapping[str, Estimate]], protocol: Mapping[str, object]) -> str:
    """One line for each method, what can be compared below each other; shares in per cent."""
    heads = ["method", *(title for title, _, _ in TABLE)]
    lines = [[name, *(_cell(row[column], share) for _, column, share in TABLE)] for name, row in found.items()]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    head = (
        "{dataset} ({split}), {backbone}, {classifier}, {way}-way {shot}-shot, {episodes} episodes of {query} pictures "
        "per class, against {against}; mean +- 95 % interval, shares in %".format(**protocol)
    )
    first = next(iter(found.values()))
    known = f"random orders: {_cell(first['random'], True)} in both curves"
    if first["object's area"].mean is not None:
        area = _cell(first["object's area"], True)
        known += f"; the object covers {area}"
    rows = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, *lines]
    ]
    return "\n".join([head, known, *rows])


def _cell(estimate: Estimate, share: bool) -> str:
    if estimate.mean is None:
        return "-"
    factor, digits = (100, 1) if share else (1, 2)
    interval = "" if estimate.half_width is None else f" +- {factor * estimate.half_width:.{digits}f}"
    return f"{factor * estimate.mean:.{digits}f}{interval}"


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns its exit code."""
    return run(_parser(), _work, argv)


if __name__ == "__main__":
    sys.exit(main())
