"""DeepEMD's own maps of a query: what each of its regions contributes to the logit, and how much it weighs."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from fsl_core.classifiers import DeepEMD
from fsl_core.classifiers.deepemd import Matching, Targets
from fsl_core.explain.question import Question
from fsl_core.records import Products

Grid = Float[Tensor, "rows columns"]


@torch.no_grad()
def contributions(question: Question) -> tuple[Grid, float, Products]:
    """The part of the logit of each region, temperature * sum(plan * similarity), the residual, and the products."""
    classifier, matching, targets, grid = _matched(question)
    names: list[str] = []
    left, right = [], []
    for label, sign in ((question.label, 1.0), (question.against, -1.0)):
        if label is None:
            continue
        rows = _counted(classifier, matching, targets[1], label)
        left.append(sign * classifier.temperature * matching.plan[0, rows] / len(rows))
        right.append(matching.similarity[0, rows])
        names += _names("the class" if sign > 0 else "the other class", len(rows), targets[0])
    flows, similarities = (torch.cat(parts).mT.flatten(0, 1).unflatten(1, grid) for parts in (left, right))
    values = (flows * similarities).sum(dim=0)
    factors = (f"{classifier.temperature:g} · flow", "similarity")
    products = Products(factors, tuple(names), flows.cpu().numpy(), similarities.cpu().numpy())
    score = question.score(question.prepared).item()
    return values, score - values.double().sum().item(), products


def _names(of: str, count: int, targets: Tensor) -> list[str]:
    """The regions of what a class was matched to, target by target."""
    places = [f"({row}, {column})" for row in range(targets.shape[2]) for column in range(targets.shape[3])]
    examples = [f"example {number + 1} of {of}" if count > 1 else of for number in range(count)]
    return [f"region {place} of {example}" for example in examples for place in places]


@torch.no_grad()
def weights(question: Question) -> Grid:
    """Share of the mass that each region has in the match to the class; the class against does not matter."""
    classifier, matching, targets, grid = _matched(question)
    rows = _counted(classifier, matching, targets[1], question.label)
    return matching.query_weight[0, rows].mean(dim=0).unflatten(0, grid)


def _matched(question: Question) -> tuple[DeepEMD, Matching, Targets, tuple[int, int]]:
    """The match behind the answer, what the query was matched to, and rows and columns of its map."""
    classifier = question.classifier
    assert isinstance(classifier, DeepEMD)
    maps = question.stages(question.prepared)[-1]
    targets = classifier.targets(question.constants)
    return classifier, classifier.match(maps, targets[0]), targets, (maps.shape[2], maps.shape[3])


def _counted(classifier: DeepEMD, matching: Matching, labels: Tensor, label: int) -> Int[Tensor, " n"]:
    """The targets that make a class's logit, as their mean: the best one where the nearest counts, else all."""
    of_class = (labels == label).nonzero()[:, 0]
    if classifier.shots == "nearest":
        return of_class[matching.logits[0, of_class].argmax()][None]
    return of_class
