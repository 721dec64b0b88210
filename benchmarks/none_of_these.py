"""How many pictures of strange classes does "none of these" flag, and how many of its own?

`python -m benchmarks.none_of_these --dataset tiny_imagenet --data ../shared/datasets/tiny_imagenet --split test`
draws episodes, asks about as many queries of their classes as of other classes, and prints a row for each number of
shots: strangers flagged and false alarms of the calibrated threshold; strangers flagged by the one fixed threshold
that, with the truth known, gives 10 % false alarms; and the chance that a query of the classes fits better than a
stranger.
`--scores` compares the fit with the best logit of every classifier instead.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import CLASSIFIERS
from fsl_core.data import ImageDataset, open_dataset, sample_indices
from fsl_core.features import EpisodeFeatures, batches_of_maps
from fsl_core.manifest import read_manifest
from fsl_core.openset import FALSE_ALARMS, none_of_these


class Asked(NamedTuple):
    """An episode whose last `strangers` queries belong to none of its classes."""

    features: EpisodeFeatures
    strangers: int


def some_maps(
    dataset: ImageDataset, per_class: int, backbone_name: str, generator: np.random.Generator
) -> tuple[Float[Tensor, "n_images channels height width"], Int[np.ndarray, " n_images"]]:
    """Feature maps of at most `per_class` random images of each class, and their labels."""
    classes = np.unique(dataset.labels)
    chosen = [generator.permutation(np.flatnonzero(dataset.labels == label))[:per_class] for label in classes]
    rows = np.concatenate(chosen)
    backbone = load_backbone(backbone_name)
    maps = batches_of_maps(backbone, lambda index: dataset.image(int(rows[index])), len(rows))
    return torch.cat(list(maps)), dataset.labels[rows]


def episodes(
    maps: Float[Tensor, "n_images channels height width"],
    labels: Int[np.ndarray, " n_images"],
    *,
    shot: int,
    count: int,
    arguments: argparse.Namespace,
) -> Iterator[Asked]:
    """Random episodes; the same seed draws the same ones."""
    generator = np.random.default_rng(arguments.seed)
    names = tuple(str(label) for label in range(arguments.way))
    for _ in range(count):
        drawn = sample_indices(labels, way=arguments.way, shot=shot, query=arguments.query, generator=generator)
        outside = generator.permutation(np.flatnonzero(~np.isin(labels, drawn.classes)))[: len(drawn.query)]
        query = maps[np.concatenate([drawn.query, outside])]
        yield Asked(
            EpisodeFeatures(maps[drawn.support], torch.from_numpy(drawn.support_labels), query, names), len(outside)
        )


def separation(inside: Float[np.ndarray, " _"], outside: Float[np.ndarray, " _"]) -> tuple[float, float]:
    """Strangers below the threshold that 10 % of the insiders are below, and the area under the ROC curve."""
    flagged = float((outside < np.quantile(inside, FALSE_ALARMS)).mean())
    ranks = np.searchsorted(np.sort(outside), inside)
    return flagged, float(ranks.mean() / len(outside))


def thresholds(asked: Iterator[Asked]) -> str:
    """The row of the calibrated threshold."""
    inside, outside, flagged, alarms = [], [], [], []
    for features, strangers in asked:
        answer = none_of_these(features)
        inside.append(answer.fit[:-strangers])
        outside.append(answer.fit[-strangers:])
        alarms.append(answer.is_none[:-strangers].mean())
        flagged.append(answer.is_none[-strangers:].mean())
    best, area = separation(np.concatenate(inside), np.concatenate(outside))
    margin = 1.96 * np.std(flagged, ddof=1) / np.sqrt(len(flagged))
    return f"{np.mean(flagged):8.1%} +- {margin:4.1%} {np.mean(alarms):13.1%} {best:19.1%} {area:10.3f}"


def scores(asked: Iterator[Asked]) -> list[str]:
    """One row for the fit and for the best logit of each classifier."""
    measured: dict[str, tuple[list[np.ndarray], list[np.ndarray]]] = {}
    for features, strangers in asked:
        best = {name: cls()(features).logits.amax(dim=1).numpy() for name, cls in CLASSIFIERS.items()}
        for name, values in {"fit": none_of_these(features).fit, **best}.items():
            inside, outside = measured.setdefault(name, ([], []))
            inside.append(values[:-strangers])
            outside.append(values[-strangers:])
    found = {name: separation(*(np.concatenate(part) for part in parts)) for name, parts in measured.items()}
    return [f"{name:>20} {flagged:19.1%} {area:10.3f}" for name, (flagged, area) in found.items()]


def main() -> None:
    """Features once, then the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.none_of_these", description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--data", help="folder or zip that holds the data set")
    parser.add_argument("--split", default="test")
    parser.add_argument("--backbone", default=next(iter(read_manifest())))
    parser.add_argument("--per-class", type=int, default=20, help="images of each class (default: %(default)s)")
    parser.add_argument("--way", type=int, default=5)
    parser.add_argument("--shot", type=int, nargs="+", default=[1, 3, 5])
    parser.add_argument("--query", type=int, default=3, help="queries of each class (default: %(default)s)")
    parser.add_argument("--episodes", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scores", action="store_true", help="compare scores instead of judging the threshold")
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    maps, labels = some_maps(dataset, arguments.per_class, arguments.backbone, np.random.default_rng(arguments.seed))
    print(f"{arguments.dataset} ({arguments.split}), {arguments.backbone}, {arguments.way}-way, {len(maps)} images")
    print(
        "shots      flagged  false alarms  flagged at 10 % FA  area (ROC)"
        if not arguments.scores
        else "shots                score  flagged at 10 % FA  area (ROC)"
    )
    for shot in arguments.shot:
        asked = episodes(maps, labels, shot=shot, count=arguments.episodes, arguments=arguments)
        for row in scores(asked) if arguments.scores else [thresholds(asked)]:
            print(f"{shot:5} {row}", flush=True)


if __name__ == "__main__":
    main()
