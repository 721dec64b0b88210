"""Many episodes -> how far each explanation method can be believed, with 95 % intervals."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from fsl_core.backbones import Backbone
from fsl_core.classifiers import Classifier
from fsl_core.data import ImageDataset, sample_episode
from fsl_core.explain.attribution import Options, attribute
from fsl_core.explain.belief import Bench, Trial, asked, believe, bench
from fsl_core.explain.question import Question
from fsl_core.features import extract
from fsl_core.records import Belief, half_width

RUNNER_UP = "runner_up"
COLUMNS: dict[str, Callable[[Belief], float | None]] = {
    "deletion": lambda belief: belief.deletion_area,
    "insertion": lambda belief: belief.insertion_area,
    "random": lambda belief: belief.random_area,
    "gain": lambda belief: belief.gain,
    "pointing": lambda belief: belief.pointing,
    "share on object": lambda belief: belief.share,
    "object's area": lambda belief: belief.area,
    "agreement": lambda belief: belief.agreement,
    "believable": lambda belief: belief.verdict.word == "believable",
    "faults": lambda belief: bool(belief.fault),
}


class Estimate(NamedTuple):
    """Mean over episodes and half of its 95 % interval (Student's t); None where there are too few to tell."""

    mean: float | None
    half_width: float | None

    @classmethod
    def of(cls, values: Float[np.ndarray, " episodes"]) -> "Estimate":
        """Summarise one number of each episode; NaN = it has none."""
        known = values[np.isfinite(values)]
        count = len(known)
        if count < 2:
            return cls(float(known[0]) if count else None, None)
        return cls(float(known.mean()), half_width(known))


@dataclass(frozen=True)
class Survey:
    """What is asked.

    Attributes:
        methods: names in `ATTRIBUTIONS`.
        against: the predicted class is explained against the second best one, instead of by itself.
        query: pictures of each class that are explained, in each episode.
    """

    methods: tuple[str, ...]
    options: Options
    trial: Trial
    against: bool
    way: int
    shot: int
    query: int
    episodes: int
    seed: int

    def run(
        self, backbone: Backbone, classifier: Classifier, dataset: ImageDataset, advance: Callable[[], object]
    ) -> dict[str, dict[str, Estimate]]:
        """The mean of every column, and of the seconds of a map, for every method.

        Args:
            advance: called after each picture.

        Raises:
            EpisodeError: the data set has too few classes or images.
            OptionError: a method does not fit.
        """
        found: dict[str, list[list[dict[str, float]]]] = {name: [] for name in self.methods}
        generator = np.random.default_rng(self.seed)
        for number in range(self.episodes):
            for rows in found.values():
                rows.append([])
            for on in self._benches(backbone, classifier, dataset, generator, number):
                for name, rows in found.items():
                    rows[-1].append(self._row(on, name))
                advance()
        return {name: _summary(rows) for name, rows in found.items()}

    def _benches(
        self,
        backbone: Backbone,
        classifier: Classifier,
        dataset: ImageDataset,
        generator: np.random.Generator,
        number: int,
    ) -> Iterator[Bench]:
        """Every query of one episode, with the class that the classifier answers."""
        episode = sample_episode(dataset, way=self.way, shot=self.shot, query=self.query, generator=generator)
        features = extract(backbone, episode)
        order = classifier(features).logits.argsort(dim=1, descending=True).cpu().numpy()
        trial, on = replace(self.trial, seed=self.seed + number), None
        shown = zip(episode.query_images, episode.query_masks, order.tolist(), strict=True)
        for image, mask, (best, second, *_) in shown:
            against = second if self.against else None
            question = Question(backbone, classifier, features, image, best, against)
            on = asked(on, question, mask) if on else bench(question, episode.support_images, trial, mask)
            yield on

    def _row(self, on: Bench, name: str) -> dict[str, float]:
        explain = partial(attribute, method=name, options=self.options)
        start = time.perf_counter()
        saliency = explain(on.question)
        seconds = time.perf_counter() - start
        belief = believe(on, saliency, explain)
        numbers = {column: read(belief) for column, read in COLUMNS.items()}
        return {column: float("nan") if value is None else float(value) for column, value in numbers.items()} | {
            "seconds": seconds
        }


def _summary(rows: Sequence[Sequence[dict[str, float]]]) -> dict[str, Estimate]:
    """Means over episodes of the means over their pictures, without those that have no such number."""
    means = {}
    for column in (*COLUMNS, "seconds"):
        known = [[row[column] for row in episode if np.isfinite(row[column])] for episode in rows]
        means[column] = Estimate.of(np.array([np.mean(values) if values else np.nan for values in known]))
    return means
