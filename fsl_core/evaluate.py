"""Many episodes -> accuracy with its 95 % interval. Also `python -m fsl_core.evaluate`."""

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.backbones import Backbone, load_backbone
from fsl_core.classifiers import CLASSIFIERS, Classifier
from fsl_core.cli import Parser, add_model_arguments, choose, parse_options, progress_bar, run
from fsl_core.data import ImageDataset, open_dataset, sample_indices
from fsl_core.data.patches import CELLS, Patches, parse_regions
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures, batches_of_maps
from fsl_core.manifest import read_manifest

MEMORY = 2**31  # bytes of feature maps that are kept in memory; more go to a temporary file


@dataclass(frozen=True)
class Accuracy:
    """Mean accuracy over episodes.

    Attributes:
        mean: fraction of queries classified correctly, in [0, 1].
        half_width: half of the 95 % interval of the mean: 1.96 * sample standard deviation of the episodes' accuracies
            (ddof 1) / sqrt(episodes); NaN for a single episode.
    """

    mean: float
    half_width: float
    episodes: int

    @classmethod
    def of(cls, accuracies: Float[np.ndarray, " episodes"]) -> "Accuracy":
        """Summarise the accuracy of each episode."""
        count = len(accuracies)
        deviation = accuracies.std(ddof=1) if count > 1 else np.nan
        return cls(float(accuracies.mean()), float(1.96 * deviation / np.sqrt(count)), count)


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
    progress: bool = False,
) -> Accuracy:
    """Classify random episodes drawn from the feature maps of a labelled data set.

    Args:
        query: query images per class.
        progress: draw a progress bar on stderr.

    Raises:
        EpisodeError: there are too few classes or images for such an episode, or no query or no episode is asked for.
    """
    check_protocol(labels, way=way, shot=shot, query=query, episodes=episodes)
    names = tuple(str(row) for row in range(way))
    accuracies = np.empty(episodes)
    with torch.inference_mode(), progress_bar(episodes, f"{classifier.title}, {shot}-shot", "episode", progress) as bar:
        for number in range(episodes):
            drawn = sample_indices(labels, way=way, shot=shot, query=query, generator=generator)
            support_labels = torch.from_numpy(drawn.support_labels).to(maps.device)
            features = EpisodeFeatures(maps[drawn.support], support_labels, maps[drawn.query], names)
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


def dataset_maps(
    backbone: Backbone,
    dataset: ImageDataset,
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
) -> Float[Tensor, "n_images channels height width"]:
    """Feature maps of every image of a data set, each computed once; on the CPU, beyond 2 GiB in a temporary file.

    Args:
        advance: called with the number of images that were just done, for a progress bar.
        patches: that stand for each image (`fsl_core.features.maps_of`); None = its whole feature map.

    Raises:
        EpisodeError: the data set has no image.
    """
    maps: Tensor | None = None
    done = 0
    for batch in batches_of_maps(backbone, dataset.image, len(dataset), advance, patches):
        if maps is None:
            maps = _storage((len(dataset), *batch.shape[1:]))
        maps[done : done + len(batch)] = batch
        done += len(batch)
    if maps is None:
        raise EpisodeError("The data set has no image; check its folder and split.")
    return maps


def _storage(shape: tuple[int, ...]) -> Float[Tensor, "n_images channels height width"]:
    if 4 * math.prod(shape) <= MEMORY:
        return torch.empty(shape)
    with tempfile.TemporaryFile() as file:
        return torch.from_numpy(np.memmap(file, dtype=np.float32, mode="w+", shape=shape))


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
        "--seed", type=int, default=0, help="the same seed draws the same episodes (default: %(default)s)"
    )
    add_model_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> None:
    classifiers = _chosen_classifiers(arguments)
    shots, patches = _whole_numbers(arguments.shot), parse_regions(arguments.regions)
    if arguments.seed < 0:
        raise OptionError(f"The seed must not be negative, got {arguments.seed}.")
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
    for shot in shots:
        for name, classifier in classifiers.items():
            start = time.perf_counter()
            generator = np.random.default_rng(arguments.seed)
            accuracy = evaluate_features(
                maps, dataset.labels, classifier, shot=shot, **protocol, generator=generator, progress=shown
            )
            seconds = {"features": feature_seconds, "episodes": time.perf_counter() - start}
            asked = {key: getattr(arguments, key) for key in ("dataset", "split", "way", "query", "seed")}
            asked |= {"backbone": backbone.name, "classifier": name, "shot": shot, "regions": str(patches or CELLS)}
            print((to_json if arguments.json else to_line)(accuracy, seconds, asked), flush=True)


def to_json(accuracy: Accuracy, seconds: dict[str, float], asked: dict[str, Any]) -> str:
    """One object on one line; `interval` is the half width of the 95 % interval, null for a single episode."""
    interval = None if math.isnan(accuracy.half_width) else accuracy.half_width
    measured = {"accuracy": accuracy.mean, "interval": interval, "episodes": accuracy.episodes, "seconds": seconds}
    return json.dumps(asked | measured)


def to_line(accuracy: Accuracy, seconds: dict[str, float], asked: dict[str, Any]) -> str:
    """One line for people; it names the regions where they are not the cells of the feature map."""
    regions = "" if asked["regions"] == CELLS else f" on {asked['regions']}"
    return (
        "{dataset} ({split}), {backbone}, {classifier}".format(**asked)
        + f"{regions}, "
        + "{way}-way {shot}-shot: ".format(**asked)
        + f"{accuracy.mean:.2%} +- {accuracy.half_width:.2%} (95 % interval, {accuracy.episodes} episodes; "
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
