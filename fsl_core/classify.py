"""One episode from disk -> predictions. Also `python -m fsl_core.classify`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from fsl_core.backbones import Backbone, load_backbone
from fsl_core.classifiers import CLASSIFIERS, Classifier, Prediction
from fsl_core.cli import Parser, add_model_arguments, choose, parse_options, progress_bar, run
from fsl_core.data import Episode
from fsl_core.data.copies import Copies
from fsl_core.data.patches import Patches, parse_regions
from fsl_core.errors import EpisodeError
from fsl_core.features import extract
from fsl_core.manifest import read_manifest
from fsl_core.records import Scores


@dataclass(frozen=True, eq=False)
class Result:
    """The predictions for an episode and what they took.

    Attributes:
        feature_seconds, classifier_seconds: wall time of the two steps.
    """

    scores: Scores
    feature_seconds: float
    classifier_seconds: float

    def to_dict(self, classifier: str, backbone: str) -> dict[str, Any]:
        """The object that `--json` prints."""
        seconds = {"features": self.feature_seconds, "classifier": self.classifier_seconds}
        return {"classifier": classifier, "backbone": backbone, **self.scores.to_dict(), "seconds": seconds}


def classify(
    episode: Episode,
    backbone: Backbone,
    classifier: Classifier,
    advance: Callable[[int], object] = lambda images: None,
    patches: Patches | None = None,
    copies: Copies | None = None,
) -> Result:
    """Classify every query of an episode.

    Args:
        advance: called with the number of images whose features were just computed.
        patches: that stand for each image (`fsl_core.features.maps_of`); None = its whole feature map.
        copies: that replace each support image; None = the images themselves.

    Raises:
        EpisodeError: the episode has no query.
    """
    if not episode.query_images:
        raise EpisodeError("The episode has no query image; add the pictures to classify to its folder query/.")
    start = time.perf_counter()
    features = extract(backbone, episode, advance, patches, copies)
    middle = time.perf_counter()
    with torch.inference_mode():
        prediction = classifier(features)
    return Result(to_scores(prediction, episode), middle - start, time.perf_counter() - middle)


def to_scores(prediction: Prediction, episode: Episode) -> Scores:
    """A prediction with the names and the known labels of its episode."""
    labels = episode.query_labels if episode.query_labels is not None else (-1,) * len(episode.query_images)
    return Scores(
        class_names=episode.class_names,
        query_names=episode.query_names,
        logits=prediction.logits.detach().cpu().numpy(),
        probabilities=prediction.probabilities.detach().cpu().numpy(),
        labels=torch.tensor(labels, dtype=torch.int64).numpy(),
    )


def to_table(result: Result) -> str:
    """Lines for people: each query with its class, the probability of that class and, where known, the true class."""
    scores = result.scores
    width = max(len(name) for name in ("image", *scores.query_names))
    column = max(len(name) for name in ("class", *scores.class_names))
    lines = [f"{'image':<{width}}  {'class':<{column}}  {'prob.':>7}  true class".rstrip()]
    for row, image in enumerate(scores.query_names):
        label, true = scores.predicted[row], scores.labels[row]
        truth = "" if true < 0 else f"{scores.class_names[true]}{'' if true == label else '  (wrong)'}"
        line = (
            f"{image:<{width}}  {scores.class_names[label]:<{column}}  {scores.probabilities[row, label]:7.1%}  {truth}"
        )
        lines.append(line.rstrip())
    if scores.accuracy is not None:
        lines.append(f"Accuracy {scores.accuracy:.1%} of {int((scores.labels >= 0).sum())} queries with a known class.")
    lines.append(f"Features {result.feature_seconds:.2f} s, classifier {result.classifier_seconds:.2f} s.")
    return "\n".join(lines)


def _parser() -> Parser:
    parser = Parser(prog="python -m fsl_core.classify", description="Classify the query images of an episode on disk.")
    parser.add_argument("episode", help="folder or .zip with support/<class>/* and query/* or query/<class>/*")
    parser.add_argument(
        "--classifier", default="deepemd", help=f"one of {', '.join(CLASSIFIERS)} (default: %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed draws the same --copies (default: %(default)s)"
    )
    add_model_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> None:
    name = arguments.classifier
    chosen = {name: choose(name, CLASSIFIERS, "classifier")}
    classifier = chosen[name](**parse_options(arguments.option, chosen)[name])
    patches = parse_regions(arguments.regions)
    copies = Copies(arguments.copies, arguments.seed) if arguments.copies else None
    episode = Episode.load(arguments.episode)
    backbone = load_backbone(arguments.backbone or next(iter(read_manifest())), arguments.device).fitted(arguments.fit)
    images = len(episode.support_images) * (arguments.copies or 1) + len(episode.query_images)
    with progress_bar(images, "Features", "image", not arguments.json) as bar:
        result = classify(episode, backbone, classifier, bar.update, patches, copies)
    print(json.dumps(result.to_dict(name, backbone.name)) if arguments.json else to_table(result))


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns its exit code."""
    return run(_parser(), _work, argv)


if __name__ == "__main__":
    sys.exit(main())
