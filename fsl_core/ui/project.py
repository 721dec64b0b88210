"""The project: everything a person has put together, as one immutable value. An edit gives a new value."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fsl_core.errors import EpisodeError

MAX_CLASSES = 20
MAX_SHOTS = 20
MAX_QUERIES = 200
AUTO = "auto"


@dataclass(frozen=True)
class Picture:
    """A stored picture. The id is a digest of the file's bytes; the name is the file's own and may repeat."""

    id: str
    name: str


@dataclass(frozen=True)
class ImageClass:
    """A class with its support pictures."""

    id: str
    name: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Query:
    """A picture to classify; its id is that of the picture. `true_class` is the id of a class, None = not known."""

    picture: Picture
    true_class: str | None = None

    @property
    def id(self) -> str:
        """The picture's id."""
        return self.picture.id


@dataclass(frozen=True)
class Settings:
    """What answers a request.

    Attributes:
        backbone: name in the manifest; empty = its default.
        options: for each classifier that was touched, the options that differ from their declared defaults.
        device: "auto", "cpu" or "cuda".
        seed: of everything that is drawn at random.
    """

    backbone: str = ""
    classifier: str = "deepemd"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = AUTO
    seed: int = 0

    @property
    def chosen_options(self) -> dict[str, Any]:
        """Options of the chosen classifier that differ from their defaults."""
        return dict(self.options.get(self.classifier, {}))

    def with_option(self, classifier: str, name: str, value: Any) -> "Settings":
        """The settings with one option of one classifier changed."""
        return replace(self, options={**self.options, classifier: {**self.options.get(classifier, {}), name: value}})


@dataclass(frozen=True)
class Answer:
    """What a classifier said about the queries of a project, and of which state of the project it speaks.

    Attributes:
        key: `support_key` of the state that was classified.
        transductive: whether the answer to one query depends on the others.
        class_ids, class_names, query_ids: of that state, in the order of the columns and rows.
        logits, probabilities: one row for each query, one column for each class.
        feature_seconds, classifier_seconds: wall time; features that were known already cost nothing.
        computed_images: number of images whose features were not known yet.
    """

    key: str
    backbone: str
    classifier: str
    transductive: bool
    class_ids: tuple[str, ...]
    class_names: tuple[str, ...]
    query_ids: tuple[str, ...]
    logits: tuple[tuple[float, ...], ...]
    probabilities: tuple[tuple[float, ...], ...]
    feature_seconds: float
    classifier_seconds: float
    computed_images: int


@dataclass(frozen=True)
class Project:
    """One person's work. `is_sample` = made by the app and not touched yet: nobody minds if it is replaced."""

    id: str
    classes: tuple[ImageClass, ...] = ()
    queries: tuple[Query, ...] = ()
    settings: Settings = Settings()
    answer: Answer | None = None
    is_sample: bool = False

    def image_class(self, class_id: str) -> ImageClass:
        """The class with this id.

        Raises:
            EpisodeError: there is none (it was removed).
        """
        for image_class in self.classes:
            if image_class.id == class_id:
                return image_class
        raise EpisodeError("This class was removed; choose another one.")

    def query(self, query_id: str) -> Query:
        """The query with this id.

        Raises:
            EpisodeError: there is none (it was removed).
        """
        for query in self.queries:
            if query.id == query_id:
                return query
        raise EpisodeError("This query picture was removed; choose another one.")

    def with_class(self, image_class: ImageClass) -> "Project":
        """The project with the class of the same id replaced; a project without such a class stays as it is."""
        return replace(self, classes=tuple(image_class if old.id == image_class.id else old for old in self.classes))

    def without_class(self, class_id: str) -> "Project":
        """The project without a class; queries that carried it as their true class keep none."""
        queries = (replace(query, true_class=None) if query.true_class == class_id else query for query in self.queries)
        classes = (old for old in self.classes if old.id != class_id)
        return replace(self, classes=tuple(classes), queries=tuple(queries), is_sample=False)

    def renamed(self, class_id: str, name: str) -> "Project":
        """The project with a class renamed.

        Raises:
            EpisodeError: the name is empty or another class has it.
        """
        name = " ".join(name.split())
        if not name:
            raise EpisodeError("A class needs a name; the old one was kept.")
        if any(other.name == name and other.id != class_id for other in self.classes):
            raise EpisodeError(f"Another class is named {name} already; the old name was kept.")
        return replace(self.with_class(replace(self.image_class(class_id), name=name)), is_sample=False)

    def without_picture(self, class_id: str, picture_id: str) -> "Project":
        """The project with one support picture less."""
        old = self.image_class(class_id)
        left = tuple(picture for picture in old.pictures if picture.id != picture_id)
        return replace(self.with_class(replace(old, pictures=left)), is_sample=False)

    def without_query(self, query_id: str) -> "Project":
        """The project with one query less."""
        return replace(self, queries=tuple(query for query in self.queries if query.id != query_id), is_sample=False)

    def with_true_class(self, query_id: str, class_id: str | None) -> "Project":
        """The project with the true class of a query set."""
        queries = (replace(old, true_class=class_id) if old.id == query_id else old for old in self.queries)
        return replace(self, queries=tuple(queries))

    def with_new_class(self) -> "Project":
        """The project with one more class, empty, under the first free name.

        Raises:
            EpisodeError: there are `MAX_CLASSES` classes already.
        """
        if len(self.classes) >= MAX_CLASSES:
            raise EpisodeError(f"An episode has at most {MAX_CLASSES} classes; remove one first.")
        names = {image_class.name for image_class in self.classes}
        name = next(name for number in range(1, MAX_CLASSES + 2) if (name := f"Class {number}") not in names)
        return replace(self, classes=(*self.classes, ImageClass(new_class_id(), name)), is_sample=False)

    def what_is_missing(self) -> str | None:
        """One sentence that says why this cannot be classified yet; None where it can."""
        if len(self.classes) < 2:
            return "Add at least two classes, each with at least one picture."
        empty = [image_class.name for image_class in self.classes if not image_class.pictures]
        if empty:
            return f"{' and '.join(empty[:2])}{' and others' if len(empty) > 2 else ''} still need a picture."
        return None if self.queries else "Add at least one picture to ask about."

    def support_key(self, weights: str) -> str:
        """Digest of all that the answer to a query depends on except the queries.

        Args:
            weights: digest of the backbone's weights.
        """
        classes = [[image_class.id, [picture.id for picture in image_class.pictures]] for image_class in self.classes]
        settings = self.settings
        return digest(classes, weights, settings.classifier, settings.chosen_options, settings.device)

    def request_key(self, weights: str) -> str:
        """Digest of a whole classification: the same request is the same job."""
        return digest("classify", self.support_key(weights), [query.id for query in self.queries])

    def is_current(self, query_id: str, weights: str) -> bool:
        """Whether the answer still speaks of this query as it would be classified now."""
        answer = self.answer
        if answer is None or query_id not in answer.query_ids or answer.key != self.support_key(weights):
            return False
        return not answer.transductive or set(answer.query_ids) == {query.id for query in self.queries}

    def to_json(self) -> str:
        """The text of project.json."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Project":
        """The project that `to_json` wrote.

        Raises:
            EpisodeError: the text is not that of a project.
        """
        try:
            values = json.loads(text)
            answer = values["answer"]
            return cls(
                id=values["id"],
                classes=tuple(_image_class(row) for row in values["classes"]),
                queries=tuple(Query(Picture(**row["picture"]), row["true_class"]) for row in values["queries"]),
                settings=Settings(**values["settings"]),
                answer=None if answer is None else Answer(**{name: _frozen(value) for name, value in answer.items()}),
                is_sample=values["is_sample"],
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise EpisodeError("This project's file is damaged and cannot be opened; start a new project.") from error


def new_class_id() -> str:
    """An id for a class, unique within a project."""
    return secrets.token_hex(6)


def digest(*parts: Any) -> str:
    """SHA-256, in hex, of values that JSON can write."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _image_class(row: dict[str, Any]) -> ImageClass:
    return ImageClass(row["id"], row["name"], tuple(Picture(**picture) for picture in row["pictures"]))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
