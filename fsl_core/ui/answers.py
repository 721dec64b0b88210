"""Answers of a classifier as records, words, tables and files."""

import csv
import html
import io
import json
from collections.abc import Sequence

import numpy as np

from fsl_core.records import Scores
from fsl_core.ui.pieces import Answer, Query
from fsl_core.ui.project import Project

CLEARLY, PROBABLY = 0.5, 0.15  # lead of the first class over the second


def scores(project: Project, answer: Answer) -> Scores:
    """The answer to the queries that are still in the project, in its order, with today's names and true classes."""
    queries = answered(project, answer)
    rows = [answer.query_ids.index(query.id) for query in queries]
    columns = {class_id: column for column, class_id in enumerate(answer.class_ids)}
    names = {image_class.id: image_class.name for image_class in project.classes}
    shape = (len(rows), len(answer.class_ids))
    return Scores(
        class_names=tuple(names.get(key, old) for key, old in zip(answer.class_ids, answer.class_names, strict=True)),
        query_names=tuple(query.picture.name for query in queries),
        logits=np.array([answer.logits[row] for row in rows], dtype=np.float64).reshape(shape),
        probabilities=np.array([answer.probabilities[row] for row in rows], dtype=np.float64).reshape(shape),
        labels=np.array([columns.get(query.true_class or "", -1) for query in queries], dtype=np.int64),
    )


def answered(project: Project, answer: Answer) -> list[Query]:
    """The project's queries that the answer speaks of."""
    return [query for query in project.queries if query.id in answer.query_ids]


def percent(probability: float) -> str:
    """A probability for people; nothing is ever certain."""
    if probability > 0.99:
        return "> 99 %"
    return "< 1 %" if probability < 0.01 else f"{probability:.0%}".replace("%", " %")


def in_words(class_names: Sequence[str], probabilities: Sequence[float]) -> tuple[str, str]:
    """The most likely class, and how clearly it leads over the next one."""
    first, second = np.argsort(probabilities)[::-1][:2]
    lead = probabilities[first] - probabilities[second]
    clarity = "clearly" if lead >= CLEARLY else "probably" if lead >= PROBABLY else "a close call"
    return class_names[first], f"{clarity}; next {class_names[second]}"


def reasons(project: Project, answer: Answer) -> dict[str, str]:
    """Query id -> why it probably belongs to none of the classes, for those of which that is so."""
    if not project.settings.none_of_these:
        return {}
    usual = (
        "9 in 10 examples fit the others of the classes better"
        if answer.fit_calibrated
        else "examples fit classes that they do not belong to about as well"
    )
    return {
        query: f"Its best fit is {_apart(fit, answer.fit_threshold)}: {usual}."
        for query, fit in zip(answer.query_ids, answer.fits, strict=False)
        if fit < answer.fit_threshold
    }


def _apart(fit: float, threshold: float) -> str:
    """Both numbers with as many digits as it takes to see that they differ."""
    digits = next((digits for digits in (2, 3, 4) if f"{fit:.{digits}f}" != f"{threshold:.{digits}f}"), 5)
    return f"{fit:.{digits}f}, below {threshold:.{digits}f}"


def bars(class_names: Sequence[str], probabilities: Sequence[float], shown: int = 5) -> str:
    """HTML of the most likely classes as bars with numbers, the most likely one first."""
    order = np.argsort(probabilities)[::-1]
    rows = [
        f'<div class="fsl-bar{" fsl-first" if place == 0 else ""}"><span>{html.escape(class_names[index])}</span>'
        f'<i aria-hidden="true"><b style="width:{100 * probabilities[index]:.1f}%"></b></i>'
        f"<em>{percent(probabilities[index])}</em></div>"
        for place, index in enumerate(order[:shown])
    ]
    left = len(order) - shown
    rest = float(np.sum(np.asarray(probabilities)[order[shown:]]))
    if left > 0:
        rows.append(f'<div class="fsl-bar"><span>{left} others</span><i></i><em>{percent(rest)}</em></div>')
    return f'<div class="fsl-bars">{"".join(rows)}</div>'


def to_csv(table: Scores) -> str:
    """One line for each query: image, predicted class, true class (empty = not known), probability of each class."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["image", "predicted", "true", *(f"p({name})" for name in table.class_names)])
    for row, name in enumerate(table.query_names):
        true = table.class_names[table.labels[row]] if table.labels[row] >= 0 else ""
        predicted = table.class_names[table.predicted[row]]
        writer.writerow([name, predicted, true, *(f"{value:.6f}" for value in table.probabilities[row])])
    return stream.getvalue()


def to_json(table: Scores, answer: Answer) -> str:
    """The object that `python -m fsl_core.classify --json` prints."""
    seconds = {"features": answer.feature_seconds, "classifier": answer.classifier_seconds}
    whole = {"classifier": answer.classifier, "backbone": answer.backbone, **table.to_dict(), "seconds": seconds}
    return json.dumps(whole, ensure_ascii=False, indent=1)
