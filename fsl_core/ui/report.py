"""The hand-in report: a project with its answers as one HTML file that needs no network and no app."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup
from PIL import Image

from fsl_core.cli import choose
from fsl_core.data.episode import escape_name
from fsl_core.errors import FSLError, called
from fsl_core.manifest import Card
from fsl_core.records import Scores
from fsl_core.ui import answers, aside, cached, kept, quiz, reproduce, session, standalone
from fsl_core.ui.aside import Kept
from fsl_core.ui.options import classifier_title
from fsl_core.ui.pieces import Picture
from fsl_core.ui.project import Project
from fsl_core.ui.schema import LONGEST_TEXT
from fsl_core.ui.store import Store
from fsl_core.ui.text import plain, shortened

SIDE, SMALL_SIDE = 192, 96  # pixels of a thumbnail; small ones keep a report with many pictures at a few MB
MANY = 120  # pictures
WIDE = 6  # classes above which the columns of the confusion matrix are numbered

METHODS = {
    "deepemd": (
        "The backbone turns every picture into a grid of regions, each described by a vector, and a class is the mean "
        "of the grids of its examples. The regions of the query are then matched to those of the class as cheaply as "
        "possible, as if earth were moved from one to the other, where regions that resemble the other picture weigh "
        "more than background. The better the matched regions agree on average, the more likely is the class."
    ),
    "protonet": (
        "The backbone turns every picture into one vector. A class is represented by its prototype, the mean vector of "
        "its examples. The nearer the query's vector is to a prototype, the more likely is that class."
    ),
    "cosine": (
        "The backbone turns every picture into one vector. Each example votes for its class, with the more weight the "
        "smaller the angle between its vector and the query's. The share of the votes that a class gets is its "
        "probability."
    ),
    "nearest_neighbour": (
        "The backbone turns every picture into one vector. In each class the examples whose vectors are most similar "
        "to the query's are found. The more similar they are, the more likely is their class; nothing else counts."
    ),
    "linear": (
        "The backbone turns every picture into one vector. A layer of weights, one row of numbers for each class, is "
        "trained on the examples until it names them rightly. The larger the sum of the query's vector times the "
        "weights of a class, the more likely is that class."
    ),
    "cosine_classifier": (
        "The backbone turns every picture into one vector. Each class starts with the mean direction of its examples, "
        "which is then trained on all examples to point to its own and away from the others. The smaller the angle "
        "between the query's vector and the direction of a class, the more likely is that class."
    ),
    "dn4": (
        "The backbone turns every picture into a grid of regions, each described by a vector. Every region of the "
        "query looks for the few most similar regions among all examples of a class. The more similar they are on "
        "average, the more likely is the class."
    ),
    "dense_classification": (
        "The backbone turns every picture into a grid of regions, each described by a vector, and a class is "
        "represented by the mean of the vectors of its examples. Every region of the query is classified by itself, by "
        "the angles between its vector and those of the classes. The mean of the regions' probabilities is the answer."
    ),
    "scl_linear": (
        "The backbone turns every picture into one vector for the whole of it and one for its four quarters. To each a "
        "logistic regression with one row of weights for each class is fitted on the examples. The probabilities that "
        "the two give are joined, and the class with the largest is the answer."
    ),
}


@dataclass(frozen=True)
class Thumbnail:
    """A picture in the report; `source` is a data address."""

    name: str
    source: str
    is_off: bool = False


@dataclass(frozen=True)
class Asked:
    """A query in the report.

    Attributes:
        first, clarity: the answer in words; empty = not classified.
        bars: HTML, its names escaped.
        true: name of its true class; empty = not known.
        is_right: whether the answer is that class; None = not known.
        reason: why it may belong to none of the classes; empty = no such remark.
        guess: what the person guessed; empty = nothing.
    """

    thumbnail: Thumbnail
    first: str = ""
    clarity: str = ""
    bars: str = ""
    true: str = ""
    is_right: bool | None = None
    reason: str = ""
    guess: str = ""


def html(
    project: Project,
    store: Store,
    cards: Mapping[str, Card],
    student: str = "",
    reasons: Mapping[str, str] | None = None,
    explanations: Sequence[Kept] = (),
    day: date | None = None,
) -> str:
    """The report; only answers that speak of the project as it is now are in it.

    Args:
        student: whose work it is; empty leaves a line to fill in.
        reasons: query id -> why it may belong to none of the classes.
        explanations: figures that show why, with the publications of their methods.
        day: the date to name; None = today.

    Raises:
        FSLError: a picture or the weights are gone, or there is no such classifier.
    """
    from fsl_core.classifiers import CLASSIFIERS  # imports torch

    card, day = reproduce.chosen(project, cards), day or date.today()
    classifier = choose(project.settings.classifier, CLASSIFIERS, "classifier")
    current = _current(project, card.sha256)
    pictures = sum(len(one.pictures) for one in project.classes) + len(project.queries)
    thumbnails = _Thumbnails(store, SIDE if pictures <= MANY else SMALL_SIDE)
    classes = [
        (called(one.name), one.is_off, [thumbnails.of(picture, picture.id in one.off) for picture in one.pictures])
        for one in project.classes
    ]
    context: dict[str, Any] = {
        "title": called(project.title),
        "student": called(student) if student.strip() else "",
        "day": f"{day.day} {day:%B %Y}",
        "classes": classes,
        "any_off": any(one.is_off or one.off for one in project.classes),
        "asked": list(_asked(project, current, thumbnails, reasons or {})),
        "results": _results(current),
        "classifier": classifier_title(project.settings.classifier, project.settings.regions),
        "reference": classifier.reference,
        "method": METHODS[project.settings.classifier],
        "backbone": card.title,
        "explanations": [
            standalone.Drawn(
                called(f"{one.page}: {one.subject}" if one.subject else one.page),
                called(one.made_by) if one.made_by else "",
                called(one.caption, LONGEST_TEXT),
                called(one.alt, LONGEST_TEXT),
                one.name,
                standalone.in_script(one.figure),
            )
            for one in explanations
        ],
        "sources": list(dict.fromkeys(part for one in explanations for part in one.source.split("; ") if part)),
        "library": standalone.library() if explanations else "",
        "missing": project.what_is_missing(),
        "command": reproduce.command(project, cards),
        "facts": reproduce.facts(project, card, day),
    }
    return standalone.environment().get_template("report.html").render(context)


def button(reasons: Mapping[str, str] | None = None) -> None:
    """A popover with the download; the file is made when it is opened, so that a click finds it ready.

    Args:
        reasons: query id -> why it may belong to none of the classes.
    """
    opened = st.popover("Report", icon=":material/assignment:", key="fsl_report", on_change="rerun")
    with opened:
        if opened.open:
            try:
                _offer(session.project(), reasons)
            except FSLError as error:
                st.error(plain(str(error)), icon=":material/error:")


def _offer(project: Project, reasons: Mapping[str, str] | None) -> None:
    st.markdown("**Hand-in report**: pictures, answers, score and how to reproduce them, in one file for any browser.")
    student = st.text_input(
        "Your name (optional)", key="fsl_report_student", max_chars=80, autocomplete="name", persist_state="session"
    )
    answered = _current(project, session.weights()).queries
    if len(answered) < len(project.queries) or not answered:
        st.caption("Not every picture has an answer yet, or it is outdated; press Classify first.")
    elif any(quiz.is_hidden(project, query) for query in project.queries):
        st.caption("The report shows all answers, also those that wait for your guess.")
    kept.listed()
    with st.spinner("Writing the report …"):
        data = html(
            project, session.store(), cached.cards(), student or "", reasons, aside.kept(session.store())
        ).encode(errors="replace")
    st.download_button(
        "Download the report", data, f"{escape_name(shortened(called(project.title), 40))} report.html", "text/html",
        on_click="ignore", type="primary", icon=":material/download:", disabled=not answered, width="stretch",
    )  # fmt: skip


class _Thumbnails:
    """Pictures of a project as data addresses."""

    def __init__(self, store: Store, side: int) -> None:
        self._store, self._side = store, side

    def of(self, picture: Picture, is_off: bool = False) -> Thumbnail:
        image = Image.open(io.BytesIO(self._store.thumbnail(picture.id)))
        image.thumbnail((self._side, self._side))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=80)
        source = cached.data_url(stream.getvalue())
        return Thumbnail(called(picture.name), source, is_off)


def _current(project: Project, weights: str) -> Project:
    """The project with only the queries whose answer speaks of it as it is now."""
    return replace(project, queries=tuple(one for one in project.queries if project.is_current(one.id, weights)))


def _table(current: Project) -> Scores | None:
    """The answers, with names that can be shown; None = there are none."""
    if current.answer is None or not current.queries:
        return None
    table = answers.scores(current, current.answer)
    return replace(table, class_names=tuple(map(called, table.class_names)))


def _asked(project: Project, current: Project, thumbnails: _Thumbnails, reasons: Mapping[str, str]) -> Iterator[Asked]:
    """Every query of the project, in its order."""
    table, names = _table(current), {one.id: called(one.name) for one in project.classes}
    rows = {query.id: row for row, query in enumerate(current.queries)}
    for query in project.queries:
        true, guess = names.get(query.true_class or "", ""), names.get(project.guesses.get(query.id, ""), "")
        asked = Asked(thumbnails.of(query.picture), true=true, guess=guess)
        if table is not None and query.id in rows:
            row = rows[query.id]
            first, clarity = answers.in_words(table.class_names, table.probabilities[row])
            bars = Markup(answers.bars(table.class_names, table.probabilities[row]))  # it escapes the names
            label = table.labels[row]
            right = None if label < 0 else bool(label == table.predicted[row])
            asked = replace(
                asked, first=first, clarity=clarity, bars=bars, is_right=right, reason=reasons.get(query.id, "")
            )
        yield asked


def _results(current: Project) -> dict[str, Any]:
    """What the answers add up to; "accuracy" and "matrix" are there where true classes are known."""
    table, answer = _table(current), current.answer
    if table is None or answer is None:
        return {"quiz": None, "note": ""}
    found: dict[str, Any] = {"quiz": quiz.score(current, answer), "note": answer.note}
    if table.accuracy is not None:
        known, right = int(table.confusion.sum()), int(table.confusion.trace())
        found |= {"accuracy": f"{table.accuracy:.0%}".replace("%", " %"), "right": right, "known": known}
        found |= {"names": table.class_names, "matrix": table.confusion.tolist(), "wide": len(table.class_names) > WIDE}
    return found
