"""How accuracy grows with the number of shots: the same queries, ever more support images, each time drawn anew."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Int

from fsl_core.classifiers import Classifier
from fsl_core.errors import EpisodeError, OptionError
from fsl_core.features import EpisodeFeatures
from fsl_core.records import ShotsCurve

DRAWS = 20  # for each K: DeepEMD with 5 classes and 20 queries solves 2000 transport problems, well below a second


def most_shots(features: EpisodeFeatures, labels: Int[np.ndarray, " n_query"]) -> int:
    """Largest K of the curve, 0 where there is none.

    With at least one labelled query it is the size of the smallest class; without, one less, so that of every class an
    image is left out to be asked about.

    Args:
        labels: index of the true class of each query, -1 where it is unknown.
    """
    smallest = int(features.support_labels.bincount().min())
    return smallest if (labels >= 0).any() else smallest - 1


def shots_curve(
    classifier: Classifier,
    features: EpisodeFeatures,
    labels: Int[np.ndarray, " n_query"],
    generator: np.random.Generator,
    draws: int = DRAWS,
    advance: Callable[[int, int], object] = lambda done, total: None,
) -> ShotsCurve:
    """Accuracy with K = 1, 2, ... `most_shots` support images per class, over random choices of those images.

    For each K, K images of every class are drawn from the support set without replacement; no choice is made twice, and
    where there are at most `draws` choices all of them are taken. The classifier is asked about the labelled queries.
    Where no query is labelled it is asked about the support images that were left out, whose number shrinks as K grows.

    Args:
        labels: index of the true class of each query, -1 where it is unknown.
        generator: source of all randomness; the same state gives the same draws for every classifier.
        draws: most draws for each K.
        advance: called after each draw with the draws done and their total; what it raises ends the work.

    Raises:
        EpisodeError: there is nothing to be asked about, or a label is missing or has no class.
        OptionError: `draws` is below 1.
    """
    most = most_shots(features, labels)
    if len(labels) != len(features.query) or (labels >= features.n_way).any():
        raise EpisodeError(
            f"Each of the {len(features.query)} queries needs a label from -1 (unknown) to {features.n_way - 1}, got "
            f"{len(labels)} labels, the largest being {labels.max(initial=-1)}."
        )
    if most < 1:
        raise EpisodeError(
            "A shots curve needs queries with a known class, or at least 2 support images in every class; label a "
            "query or add support images."
        )
    if draws < 1:
        raise OptionError(f"A shots curve needs at least 1 draw, got {draws}.")
    support_labels = features.support_labels.cpu().numpy()
    members = [np.flatnonzero(support_labels == label) for label in range(features.n_way)]
    chosen = [list(choices(members, shots, draws, generator)) for shots in range(1, most + 1)]
    total, done = sum(map(len, chosen)), 0
    curve = []
    for of_shots in chosen:
        accuracies = np.empty(len(of_shots))
        for number, choice in enumerate(of_shots):
            accuracies[number] = _accuracy(classifier, features, labels, choice)
            done += 1
            advance(done, total)
        curve.append(accuracies)
    return ShotsCurve(tuple(curve), bool((labels >= 0).any()))


def choices(
    members: list[Int[np.ndarray, " _"]], shots: int, draws: int, generator: np.random.Generator
) -> Iterator[tuple[int, ...]]:
    """Different choices of `shots` support images of every class: all, where there are at most `draws`.

    Args:
        members: rows of the support images of each class.
    """
    if math.prod(math.comb(len(rows), shots) for rows in members) <= draws:
        of_classes = (itertools.combinations(rows.tolist(), shots) for rows in members)
        yield from (tuple(itertools.chain(*parts)) for parts in itertools.product(*of_classes))
        return
    seen: set[tuple[int, ...]] = set()
    while len(seen) < draws:
        parts = [np.sort(generator.choice(rows, shots, replace=False)).tolist() for rows in members]
        choice = tuple(itertools.chain(*parts))
        if choice not in seen:
            seen.add(choice)
            yield choice


def _accuracy(
    classifier: Classifier, features: EpisodeFeatures, labels: Int[np.ndarray, " n_query"], choice: tuple[int, ...]
) -> float:
    """Fraction of the labelled queries, or else of the left-out support images, that are classified correctly."""
    rows = torch.tensor(choice, device=features.support.device)
    if (labels >= 0).any():
        asked = torch.from_numpy(np.flatnonzero(labels >= 0)).to(rows.device)
        query, truth = features.query[asked], labels[labels >= 0]
    else:
        left = torch.ones(len(features.support), dtype=torch.bool, device=rows.device)
        left[rows] = False
        query, truth = features.support[left], features.support_labels[left].cpu().numpy()
    drawn = EpisodeFeatures(features.support[rows], features.support_labels[rows], query, features.class_names)
    return float((classifier(drawn).logits.argmax(dim=1).cpu().numpy() == truth).mean())
