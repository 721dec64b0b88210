"""DeepEMD's own maps of a query: what each of its regions contributes to the logit, and how much it weighs."""

import torch
from jaxtyping import Float
from torch import Tensor

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.deepemd import Matching, Targets
from fsl_core.errors import OptionError
from fsl_core.explain.question import Question

Grid = Float[Tensor, "rows columns"]


@torch.no_grad()
def contributions(question: Question) -> tuple[Grid, float]:
    """The part of the logit of each region, temperature * sum(plan * similarity), and the residual."""
    classifier, matching, targets, grid = _matched(question)
    parts = classifier.temperature * (matching.plan * matching.similarity).sum(dim=3)[0]
    values = _of_class(classifier, parts, matching, targets[1], question.label)
    if question.against is not None:
        values = values - _of_class(classifier, parts, matching, targets[1], question.against)
    score = question.score(question.prepared).item()
    return values.unflatten(0, grid), score - values.double().sum().item()


@torch.no_grad()
def weights(question: Question) -> Grid:
    """Share of the mass that each region has in the match to the class; the class against does not matter."""
    classifier, matching, targets, grid = _matched(question)
    return _of_class(classifier, matching.query_weight[0], matching, targets[1], question.label).unflatten(0, grid)


def _matched(question: Question) -> tuple[DeepEMD, Matching, Targets, tuple[int, int]]:
    """The match behind the answer, what the query was matched to, and rows and columns of its map."""
    classifier = question.classifier
    assert isinstance(classifier, DeepEMD)
    if classifier.sides:
        raise OptionError("Regions of a feature pyramid overlap, so they make no map; set pyramid to none.")
    maps = question.backbone.network(question.prepared)
    targets = classifier.targets(question.constants)
    return classifier, classifier.match(maps, targets[0]), targets, (maps.shape[2], maps.shape[3])


def _of_class(
    classifier: DeepEMD, parts: Float[Tensor, "n_target n"], matching: Matching, labels: Tensor, label: int
) -> Float[Tensor, " n"]:
    """What holds for a class: of its best target where the nearest one counts, else the mean over its targets."""
    of_class = labels == label
    if classifier.shots == "nearest":
        return parts[of_class][matching.logits[0, of_class].argmax()]
    return parts[of_class].mean(dim=0)
