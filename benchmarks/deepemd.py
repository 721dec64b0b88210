"""What do DeepEMD's weights, its pyramid and its ways to take several shots bring, and what does learning a layer cost?

`python -m benchmarks.deepemd --dataset tiny_imagenet --data ../shared/datasets/tiny_imagenet` prints three tables:
1-shot accuracy by weights and flow (the paper's Table 2) and by pyramid; accuracy and seconds an episode by what stands
for a class of several shots (its figure 4), the layer learnt as published and fast; and the time to learn a layer,
against the same steps by autograd with one call of OpenCV for each pair of images, as in the published code. Features
are computed once; the same seed draws the same episodes for every row.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy

from fsl_core.backbones import load_backbone
from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.nodes import SECOND_FLOOR, cross_reference_weights, similarities
from fsl_core.classifiers.structured_layer import SCHEDULES
from fsl_core.data import open_dataset, sample_indices
from fsl_core.evaluate import evaluate_features
from fsl_core.features import EpisodeFeatures, dataset_maps
from fsl_core.manifest import read_manifest

BY_WEIGHTS: dict[str, dict[str, Any]] = {
    "average of all pairs": {"weights": "equal", "flow": "proportional"},
    "cross-reference attention, no EMD": {"flow": "proportional"},
    "EMD, equal weights": {"weights": "equal"},
    "EMD, k-means weights": {"weights": "kmeans"},
    "EMD, mean-shift weights": {"weights": "mean_shift"},
    "EMD, cross-reference weights": {},
    "the same with a pyramid 2,3": {"pyramid": "2,3"},
}
BY_SHOTS: dict[str, dict[str, Any]] = {
    "mean": {},
    "nearest": {"shots": "nearest"},
    "fused": {"shots": "fused"},
    "structured, fast": {"shots": "structured"},
    "structured, published": {"shots": "structured", "structured_layer": "published"},
}
LOOP = "published, per-pair OpenCV loop"
TIMED = 3  # episodes in which a layer is learnt against the clock


class Drawn:
    """Feature maps of a data set, and the episodes that are drawn from them."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
        self.labels = dataset.labels
        self.maps = dataset_maps(load_backbone(arguments.backbone), dataset)
        self.arguments = arguments

    def rows(self, options: dict[str, dict[str, Any]], shot: int) -> Iterator[str]:
        """Accuracy of each choice of options."""
        protocol = {"way": 5, "shot": shot, "query": 15, "episodes": self.arguments.episodes}
        for name, chosen in options.items():
            generator, start = np.random.default_rng(self.arguments.seed), time.perf_counter()
            found = evaluate_features(self.maps, self.labels, DeepEMD(**chosen), **protocol, generator=generator)
            seconds = (time.perf_counter() - start) / self.arguments.episodes
            yield f"| {name} | {found.mean:.2%} ± {found.half_width:.2%} | {seconds:.3f} |"

    def episodes(self, count: int) -> Iterator[EpisodeFeatures]:
        """Some 5-way 5-shot episodes."""
        generator = np.random.default_rng(self.arguments.seed)
        for _ in range(count):
            drawn = sample_indices(self.labels, way=5, shot=5, query=1, generator=generator)
            support, query = (self.maps[rows].clone() for rows in (drawn.support, drawn.query))
            yield EpisodeFeatures(support, torch.from_numpy(drawn.support_labels), query, tuple("abcde"))


def gradient_by_pairs(
    layer: Float[Tensor, "n_way channels height width"],
    support: Float[Tensor, "batch channels height width"],
    labels: Int[Tensor, " batch"],
    in_place: bool,
) -> Float[Tensor, "n_way channels height width"]:
    """The gradient of a step by autograd, with one call of OpenCV for each pair of images.

    Args:
        in_place: multiply similarities and flow pair by pair as well, in place, as the published code does.
    """
    layer = layer.detach().requires_grad_()
    classifier = DeepEMD()
    query, target = classifier.nodes_of(support), classifier.nodes_of(layer)
    similarity = similarities(query, target, "cosine")
    nodes = similarity.shape[2]
    source, sink = (weight.detach().numpy() for weight in cross_reference_weights(query.raw, target.raw))
    cost = (1 - similarity).detach().numpy()
    flow, matched = np.empty_like(cost), similarity.clone()
    for pair in np.ndindex(*cost.shape[:2]):
        given, taken = (weight[pair][:, None] + np.float32(SECOND_FLOOR) for weight in (source, sink))
        masses = given * (nodes / given.sum()), taken * (nodes / taken.sum())
        flow[pair] = cv2.EMD(*masses, cv2.DIST_USER, cost[pair])[2]
        if in_place:
            matched[pair] = matched[pair] * torch.from_numpy(flow[pair])
    if not in_place:
        matched = similarity * torch.from_numpy(flow)
    loss = cross_entropy(classifier.temperature / nodes * matched.sum(dim=(2, 3)), labels)
    return torch.autograd.grad(loss, layer)[0]


def loop_seconds(in_place: bool) -> Callable[[EpisodeFeatures], float]:
    """Time to learn the published layer with one call of OpenCV for each pair."""

    def learn(features: EpisodeFeatures) -> float:
        schedule, labels = SCHEDULES["published"], features.support_labels
        start = time.perf_counter()
        schedule.learn(
            features.prototypes,
            schedule.batches(len(labels)),
            lambda layer, rows: gradient_by_pairs(layer, features.support[rows], labels[rows], in_place),
        )
        return time.perf_counter() - start

    return learn


def layer_seconds(name: str) -> Callable[[EpisodeFeatures], float]:
    """Time to learn the layer by one of our schedules."""

    def learn(features: EpisodeFeatures) -> float:
        start = time.perf_counter()
        DeepEMD(shots="structured", structured_layer=name).prototypes(features)
        return time.perf_counter() - start

    return learn


def timing_rows(drawn: Drawn) -> Iterator[str]:
    """Shortest time of some episodes for each way to learn a layer, and how many times as fast as pair by pair."""
    ways = {LOOP: loop_seconds(True), "the same, only OpenCV pair by pair": loop_seconds(False)}
    ways |= {name: layer_seconds(name) for name in ("published", "fast")}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for features in drawn.episodes(TIMED):
        for name, learn in ways.items():
            seconds[name].append(learn(features))
    for name, found in seconds.items():
        yield f"| {name} | {min(found):.3f} | {min(seconds[LOOP]) / min(found):.1f} |"


def main() -> None:
    """Features once, then the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deepemd", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--dataset", default="synthetic")
    parser.add_argument("--data", help="folder or zip that holds the data set")
    parser.add_argument("--split", default="test")
    parser.add_argument("--backbone", default=next(iter(read_manifest())))
    parser.add_argument("--shot", type=int, default=5, help="of the second table (default: %(default)s)")
    parser.add_argument("--episodes", type=int, default=200, help="of each row (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tables", nargs="+", choices=("weights", "shots", "seconds"), default=None)
    arguments = parser.parse_args()
    drawn, asked = Drawn(arguments), arguments.tables or ("weights", "shots", "seconds")
    tables = {
        "weights": ("1-shot | accuracy | s / episode", drawn.rows(BY_WEIGHTS, 1)),
        "shots": (f"{arguments.shot}-shot | accuracy | s / episode", drawn.rows(BY_SHOTS, arguments.shot)),
        "seconds": ("layer, 5-way 5-shot | s | times as fast", timing_rows(drawn)),
    }
    for name in asked:
        head, rows = tables[name]
        print(f"\n| {head} |\n|---|---|---|", flush=True)
        for row in rows:
            print(row, flush=True)


if __name__ == "__main__":
    main()
