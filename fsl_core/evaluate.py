"""Many episodes -> accuracy with its 95 % interval. Also `python -m fsl_core.evaluate`."""

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.backbones import Backbone, load_backbone
from fsl_core.classifiers import CLASSIFIERS, Classifier
from fsl_core.cli import Parser, add_model_arguments, choose, parse_options, progress_bar, run
from fsl_core.data import ImageDataset, open_dataset, sample_indices
from fsl_core.data.copies import Copies
from fsl_core.data.patches import CELLS, parse_regions
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures, copies_maps, dataset_maps
from fsl_core.manifest import read_manifest
from fsl_core.records import half_width


@dataclass(frozen=True)
class Accuracy:
    """Mean accuracy over episodes.

    Attributes:
        mean: fraction of queries classified correctly, in [0, 1].
        half_width: half of the 95 % interval of the mean: sample standard deviation of the episodes' accuracies (ddof
            1) / sqrt(episodes), times the 97.5 % point of Student's t with episodes - 1 degrees of freedom (RFS, SCL;
            1.964 for 600 episodes, where DeepEMD takes 1.96); NaN for a single episode.
    """

    mean: float
    half_width: float
    episodes: int

    @classmethod
    def of(cls, accuracies: Float[np.ndarray, " episodes"]) -> "Accuracy":
        """Summarise the accuracy of each episode."""
        return cls(float(accuracies.mean()), half_width(accuracies), len(accuracies))

    @classmethod
    def median(cls, runs: Sequence["Accuracy"]) -> "Accuracy":
        """The run whose mean is the median; of an even number of runs the lower one of the two in the middle."""
        return sorted(runs, key=lambda run: run.mean)[(len(runs) - 1) // 2]


def evaluate_features(
    maps: Float[Tensor, "n_images channels height width"],
    labels: Int[np.ndarray, " n_images"],
    classifier: Classifier,
    *,
    way: int,
    shot: int,
    query: int,
    episodes: int,
    generator: np.random.Generator,
    support_maps: Float[Tensor, "n_images copies channels height width"] | None = None,
    progress: bool = False,
) -> Accuracy:
    """Classify random episodes drawn from the feature maps of a labelled data set.

    Args:
        query: query images per class.
        support_maps: maps of some copies of each image, which replace its own map where it is a support image.
        progress: draw a progress bar on stderr.

    Raises:
        EpisodeError: there are too few classes or images for such an episode, or no query or no episode is asked for.
    """
    check_protocol(labels, way=way, shot=shot, query=query, episodes=episodes)
    names = tuple(str(row) for row in range(way))
    copied = maps[:, None] if support_maps is None else support_maps
    accuracies = np.empty(episodes)
    with torch.inference_mode(), progress_bar(episodes, f"{classifier.title}, {shot}-shot", "episode", progress) as bar:
        for number in range(episodes):
            drawn = sample_indices(labels, way=way, shot=shot, query=query, generator=generator)
            support = copied[drawn.support].flatten(0, 1)
            support_labels = torch.from_numpy(drawn.support_labels.repeat(copied.shape[1])).to(maps.device)
            features = EpisodeFeatures(support, support_labels, maps[drawn.query], names)
            predicted = classifier(features).logits.argmax(dim=1)
            accuracies[number] = (predicted.cpu().numpy() == drawn.query_labels).mean()
            bar.update()
    return Accuracy.of(accuracies)


def check_protocol(labels: Int[np.ndarray, " n_images"], *, way: int, shot: int, query: int, episodes: int) -> None:
    """Refuse at once what could not be evaluated.

    Raises:
        EpisodeError: as `evaluate_features`.
    """
    if query < 1 or episodes < 1:
        raise EpisodeError(f"Accuracy needs at least 1 query per class and 1 episode, got {query} and {episodes}.")
    sample_indices(labels, way=way, shot=shot, query=query, generator=np.random.default_rng(0))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m fsl_core.evaluate",
        description="Accuracy over random episodes of a data set, with its 95 % interval.",
    )
    parser.add_argument("--dataset", required=True, help="synthetic, cifar_fs, tiny_imagenet, ..., a Hub id, or folder")
    parser.add_argument("--data", help="folder or zip that holds the data set, instead of a download")
    parser.add_argument("--split", default="test", help="train, val, test or all classes (default: %(default)s)")
    parser.add_argument(
        "--classifier",
        action="append",
        help=f"of {', '.join(CLASSIFIERS)}; repeatable or comma-separated (default: deepemd)",
    )
    parser.add_argument("--way", type=int, default=5, help="classes of an episode (default: %(default)s)")
    parser.add_argument(
        "--shot", default="1", help="support images per class; several comma-separated (default: %(default)s)"
    )
    parser.add_argument("--query", type=int, default=15, help="query images per class (default: %(default)s)")
    parser.add_argument("--episodes", type=int, default=600, help="number of episodes (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed draws the same episodes and copies (default: %(default)s)"
    )
    parser.add_argument(
        "--runs", type=int, default=1, metavar="N",
        help="repeat all with N seeds from --seed on and show the run with the median accuracy (default: %(default)s)",
    )  # fmt: skip
    add_model_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> None:
    classifiers, shots = _chosen_classifiers(arguments), _whole_numbers(arguments.shot)
    seeds, patches = _seeds(arguments), parse_regions(arguments.regions)
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    protocol = {"way": arguments.way, "query": arguments.query, "episodes": arguments.episodes}
    for shot in shots:
        check_protocol(dataset.labels, shot=shot, **protocol)
    backbone = load_backbone(arguments.backbone or next(iter(read_manifest())), arguments.device).fitted(arguments.fit)
    shown = not arguments.json
    start = time.perf_counter()
    with progress_bar(len(dataset), "Features", "image", shown) as bar:
        maps = dataset_maps(backbone, dataset, bar.update, patches)
    feature_seconds = time.perf_counter() - start
    found: dict[tuple[int, str], list[Accuracy]] = {key: [] for key in product(shots, classifiers)}
    episode_seconds = dict.fromkeys(found, 0.0)
    for seed in seeds:
        start = time.perf_counter()
        support_maps = _support_maps(arguments, backbone, dataset, shots, seed)
        feature_seconds += time.perf_counter() - start
        for (shot, name), runs in found.items():
            start, generator = time.perf_counter(), np.random.default_rng(seed)
            setting = {"shot": shot, **protocol, "generator": generator, "support_maps": support_maps}
            runs.append(evaluate_features(maps, dataset.labels, classifiers[name], **setting, progress=shown))
            episode_seconds[shot, name] += time.perf_counter() - start
            if len(runs) == arguments.runs:
                seconds = {"features": feature_seconds, "episodes": episode_seconds[shot, name]}
                asked = {key: getattr(arguments, key) for key in ("dataset", "split", "way", "query", "seed", "copies")}
                asked |= {"backbone": backbone.name, "classifier": name, "shot": shot, "regions": str(patches or CELLS)}
                print((to_json if arguments.json else to_line)(runs, seconds, asked), flush=True)


def _seeds(arguments: argparse.Namespace) -> range:
    """The seed of each run; refuses numbers that cannot be used before anything is computed."""
    if arguments.seed < 0 or arguments.runs < 1:
        raise OptionError(
            f"The seed must not be negative and the runs at least 1, got {arguments.seed} and {arguments.runs}."
        )
    seeds = range(arguments.seed, arguments.seed + arguments.runs)
    if arguments.copies:
        Copies(arguments.copies, seeds[-1])
    return seeds


def _support_maps(
    arguments: argparse.Namespace, backbone: Backbone, dataset: ImageDataset, shots: Sequence[int], seed: int
) -> Float[Tensor, "n_images copies channels height width"] | None:
    """Maps of the copies that one run asks for, of the images only that its episodes draw; None = no copies."""
    if not arguments.copies:
        return None
    protocol = {"way": arguments.way, "query": arguments.query}
    rows = set()
    for shot in shots:
        generator = np.random.default_rng(seed)
        for _ in range(arguments.episodes):
            rows.update(sample_indices(dataset.labels, shot=shot, **protocol, generator=generator).support.tolist())
    chosen, copies = np.array(sorted(rows)), Copies(arguments.copies, seed)
    with progress_bar(len(chosen) * copies.count, "Copies", "image", not arguments.json) as bar:
        return copies_maps(backbone, dataset, copies, chosen, bar.update, parse_regions(arguments.regions))


def to_json(runs: Sequence[Accuracy], seconds: dict[str, float], asked: dict[str, Any]) -> str:
    """One object on one line about the median run; `interval` is null for a single episode.

    `runs` are the mean accuracies of all runs, `interval` half the width of the 95 % interval.
    """
    median = Accuracy.median(runs)
    interval = None if math.isnan(median.half_width) else median.half_width
    measured = {"accuracy": median.mean, "interval": interval, "episodes": median.episodes, "seconds": seconds}
    return json.dumps(asked | {"runs": [run.mean for run in runs]} | measured)


def to_line(runs: Sequence[Accuracy], seconds: dict[str, float], asked: dict[str, Any]) -> str:
    """One line for people; it names regions, copies and runs only where they are not the usual ones."""
    median = Accuracy.median(runs)
    regions = "" if asked["regions"] == CELLS else f" on {asked['regions']}"
    copies = f" from {asked['copies']} copies" if asked["copies"] else ""
    several = f", median of {len(runs)} runs" if len(runs) > 1 else ""
    return (
        "{dataset} ({split}), {backbone}, {classifier}".format(**asked)
        + f"{regions}{copies}, "
        + "{way}-way {shot}-shot: ".format(**asked)
        + f"{median.mean:.2%} +- {median.half_width:.2%} (95 % interval, {median.episodes} episodes{several}; "
        + "features {features:.1f} s, episodes {episodes:.1f} s)".format(**seconds)
    )


def _chosen_classifiers(arguments: argparse.Namespace) -> dict[str, Classifier]:
    names = [name.strip() for text in arguments.classifier or ["deepemd"] for name in text.split(",")]
    chosen = {name: choose(name, CLASSIFIERS, "classifier") for name in names}
    options = parse_options(arguments.option, chosen)
    return {name: cls(**options[name]) for name, cls in chosen.items()}


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise OptionError(f"--shot must be a whole number or several, such as 1,5; got {text!r}.") from error


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns its exit code."""
    return run(_parser(), _work, argv)


if __name__ == "__main__":
    sys.exit(main())
