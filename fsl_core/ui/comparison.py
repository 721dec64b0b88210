"""Several methods asked the same: their answers side by side, and their accuracy with ever more examples."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from fsl_core.errors import FSLError
from fsl_core.manifest import read_cards
from fsl_core.records import ShotsCurve
from fsl_core.ui import answers
from fsl_core.ui.engine import Engine
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.pieces import Answer, Query
from fsl_core.ui.project import Project, digest
from fsl_core.ui.store import Store

if TYPE_CHECKING:
    from fsl_core.classifiers import Classifier

Result = TypeVar("Result")
LOOKING = 0.3  # share of the progress that the features are taken to be


class Method(NamedTuple):
    """A classifier on a backbone, by their names; `weights` is the digest of the backbone's weights."""

    classifier: str
    backbone: str
    weights: str


@dataclass(frozen=True)
class Row:
    """What every method says about one query.

    Attributes:
        said: class name that each method answers.
        probabilities: of those classes.
        class_ids: of those classes.
        true: name of the true class, "" where it is unknown.
    """

    query: Query
    said: tuple[str, ...]
    probabilities: tuple[float, ...]
    class_ids: tuple[str, ...]
    true: str

    @property
    def different(self) -> int:
        """Number of different answers."""
        return len(set(self.said))

    @property
    def usual(self) -> str:
        """The answer that more methods give than any other; "" where there is none."""
        ranked = Counter(self.said).most_common(2)
        return "" if len(ranked) == 2 and ranked[0][1] == ranked[1][1] else ranked[0][0]

    @property
    def votes(self) -> int:
        """Number of methods behind the most frequent answer."""
        return Counter(self.said).most_common(1)[0][1]


@dataclass(frozen=True, eq=False)
class Growth:
    """Accuracy by number of examples of several methods, on the same draws.

    Attributes:
        n_way: number of classes, of which one in `n_way` guesses is right.
        n_asked: number of labelled queries that were asked about; 0 = the support pictures that were left out.
        seed: of the draws.
    """

    methods: tuple[Method, ...]
    curves: tuple[ShotsCurve, ...]
    n_way: int
    n_asked: int
    seed: int


def using(project: Project, method: Method) -> Project:
    """The project as a model sees it, set to a method; the classifier keeps its options."""
    settings = replace(project.settings, classifier=method.classifier, backbone=method.backbone)
    return replace(project.in_use, settings=settings)


def compare_key(project: Project, methods: Sequence[Method]) -> str:
    """Digest of all that `compare` depends on."""
    return digest("compare", [using(project, method).request_key(method.weights) for method in methods])


def compare(
    ticket: Ticket, engine: Engine, store: Store, project: Project, methods: Sequence[Method]
) -> tuple[Answer, ...]:
    """The answer of each method to all queries, as the Classify page gives it.

    Raises:
        FSLError: a method gave no answer.
    """

    def ask(method: Method, part: Ticket) -> Answer:
        asked = using(project, method)
        return engine.classify(part, store, asked, method.backbone, asked.support_key(method.weights))

    return _each(ticket, methods, ask)


def has_examples(project: Project) -> bool:
    """Whether there are two classes or more and each has a picture."""
    classes = project.in_use.classes
    return len(classes) >= 2 and all(image_class.pictures for image_class in classes)


def most_shots(project: Project) -> int:
    """Largest number of examples of each class that `grow` can measure, as `fsl_core.shots.most_shots`; 0 = none."""
    smallest = min(len(image_class.pictures) for image_class in project.in_use.classes)
    return smallest if labelled(project) else smallest - 1


def is_one_choice(project: Project) -> bool:
    """Whether every class has one example and there is nothing to draw."""
    return all(len(image_class.pictures) == 1 for image_class in project.in_use.classes)


def labelled(project: Project) -> list[Query]:
    """The queries whose true class is known and in use."""
    classes = {image_class.id for image_class in project.in_use.classes}
    return [query for query in project.queries if query.true_class in classes]


def grow_key(project: Project, methods: Sequence[Method], seed: int) -> str:
    """Digest of all that `grow` depends on."""
    asked = [[query.id, query.true_class] for query in labelled(project)]
    return digest("shots", [using(project, method).support_key(method.weights) for method in methods], asked, seed)


def grow(
    ticket: Ticket, engine: Engine, store: Store, project: Project, methods: Sequence[Method], seed: int
) -> Growth:
    """Accuracy of each method by number of examples; all see the same draws.

    Raises:
        FSLError: there is nothing to be asked about, or a method gave no answer.
    """
    import torch

    from fsl_core.classifiers import CLASSIFIERS
    from fsl_core.shots import shots_curve

    asked = replace(project.in_use, queries=tuple(labelled(project)))
    rows = [image_class.id for image_class in asked.classes]
    labels = np.array([rows.index(query.true_class or "") for query in asked.queries], dtype=np.int64)

    def measure(method: Method, part: Ticket) -> ShotsCurve:
        settings = using(project, method).settings
        classifier: Classifier = CLASSIFIERS[method.classifier](**settings.chosen_options)
        look = Ticket(lambda fraction, phase: part.report(LOOKING * fraction, phase))
        features, _, _ = engine.features(look, store, asked, method.backbone)

        def advance(done: int, total: int) -> None:
            part.report(LOOKING + (1 - LOOKING) * done / total, f"Draw {done} of {total}")

        with torch.inference_mode():
            return shots_curve(classifier, features, labels, np.random.default_rng(seed), advance=advance)

    return Growth(tuple(methods), _each(ticket, methods, measure), len(rows), len(labels), seed)


def _each(ticket: Ticket, methods: Sequence[Method], work: Callable[[Method, Ticket], Result]) -> tuple[Result, ...]:
    """The results of all methods; a failure says whose it is."""
    from fsl_core.classifiers import CLASSIFIERS

    results = []
    for number, method in enumerate(methods):

        def report(fraction: float, phase: str, number: int = number) -> None:
            which = f" (method {number + 1} of {len(methods)})" if len(methods) > 1 else ""
            ticket.report((number + fraction) / len(methods), phase + which)

        try:
            results.append(work(method, Ticket(report)))
        except FSLError as error:
            cards = read_cards()
            backbone = cards[method.backbone].title if method.backbone in cards else method.backbone
            title = f"{CLASSIFIERS[method.classifier].title} on {backbone}"
            raise FSLError(f"{title} gave no answer, so nothing was compared: {error}") from error
    return tuple(results)


def rows_of(project: Project, given: Sequence[Answer]) -> list[Row]:
    """One row for each query of the project that all answers speak of, in its order, with today's names."""
    tables = [answers.scores(project, answer) for answer in given]
    places = [{query.id: place for place, query in enumerate(answers.answered(project, answer))} for answer in given]
    rows = []
    for query in project.queries:
        if not all(query.id in known for known in places):
            continue
        at = [known[query.id] for known in places]
        best = [int(table.predicted[place]) for table, place in zip(tables, at, strict=True)]
        label = int(tables[0].labels[at[0]])
        rows.append(
            Row(
                query,
                tuple(table.class_names[column] for table, column in zip(tables, best, strict=True)),
                tuple(float(t.probabilities[place, c]) for t, place, c in zip(tables, at, best, strict=True)),
                tuple(answer.class_ids[column] for answer, column in zip(given, best, strict=True)),
                tables[0].class_names[label] if label >= 0 else "",
            )
        )
    return rows


def disagreements_first(rows: Sequence[Row]) -> list[Row]:
    """The rows with the fewest votes behind one answer first, else in their order."""
    return sorted(rows, key=lambda row: row.votes)


def right_of(rows: Sequence[Row], method: int) -> tuple[int, int]:
    """How many queries of known class one method answers right, and of how many."""
    known = [row for row in rows if row.true]
    return sum(row.said[method] == row.true for row in known), len(known)


def agreement(rows: Sequence[Row]) -> str:
    """How often the methods agree, in words."""
    count = len(rows[0].said) if rows else 0
    if count < 2:
        return ""
    same = [row for row in rows if row.different == 1]
    who = "Both methods" if count == 2 else f"All {count} methods"
    if not same:
        words = f"{who} agree on none of the {len(rows)} pictures."
    elif len(same) == len(rows):
        words = f"{who} agree on {f'every one of the {len(rows)} pictures' if len(rows) > 1 else 'the picture'}."
    else:
        words = f"{who} agree on {len(same)} of {len(rows)} pictures and differ on {len(rows) - len(same)}."
    right, known = right_of(same, 0)
    return f"{words} Where they agree, {right} of {known} answers are right." if known else words


def to_csv(titles: Sequence[str], rows: Sequence[Row]) -> str:
    """One line for each query: image, true class (empty = not known), whether all agree, and what each method says."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["image", "true", "all agree", *(part for title in titles for part in (title, f"p({title})"))])
    for row in rows:
        said = (part for name, p in zip(row.said, row.probabilities, strict=True) for part in (name, f"{p:.6f}"))
        writer.writerow([row.query.picture.name, row.true, "yes" if row.different == 1 else "no", *said])
    return stream.getvalue()


def in_words(curve: ShotsCurve, shots: int) -> str:
    """Accuracy with one and with `shots` examples: "With 1 example 62 % ± 9, with 4 examples 88 % ± 5; ..."."""
    parts = [_with(curve, one) for one in dict.fromkeys((1, shots))]
    low, high = (f"{100 * value:.0f}" for value in curve.spread[shots - 1])
    spread = f"; 95 % of the draws lie between {low} and {high} %" if curve.draws[shots - 1] > 1 else ""
    return f"With {', with '.join(parts)}{spread}."


def _with(curve: ShotsCurve, shots: int) -> str:
    half = curve.interval[shots - 1]
    within = f" ± {100 * half:.0f}"
    if np.isnan(half):
        within = " (the only choice, so no interval)"
    elif half > 0.5:
        within = " (too few draws for an interval)"
    return f"{shots} {'example' if shots == 1 else 'examples'} {100 * curve.mean[shots - 1]:.0f} %{within}"


def growth_csv(titles: Sequence[str], growth: Growth) -> str:
    """One line for each method and number of examples; fractions in [0, 1], no half width where there is one draw."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["method", "examples per class", "draws", "mean accuracy", "half width of its 95 % interval"])
    for title, curve in zip(titles, growth.curves, strict=True):
        for shots, draws, mean, half in zip(curve.shots, curve.draws, curve.mean, curve.interval, strict=True):
            writer.writerow([title, shots, draws, f"{mean:.6f}", "" if np.isnan(half) else f"{half:.6f}"])
    return stream.getvalue()
