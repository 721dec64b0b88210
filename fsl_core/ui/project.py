"""The project: everything a person has put together, as one immutable value. An edit gives a new value."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fsl_core.errors import EpisodeError
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query, Removed, Settings

MAX_CLASSES = 20
MAX_SHOTS = 20
MAX_QUERIES = 200
MAX_TRASH = 100


@dataclass(frozen=True)
class Project:
    """One person's work.

    Attributes:
        answer: the latest one; `is_current` says of which queries it still speaks.
        is_sample: made by the app and not touched yet: nobody minds if it is replaced.
        name: for people; empty = it has none, and goes by its classes.
        trash: pictures that were taken out, the latest first, at most `MAX_TRASH`.
        guesses: query id -> class id that the person guessed in quiz mode.
        revision: number of times it was saved.
    """

    id: str
    classes: tuple[ImageClass, ...] = ()
    queries: tuple[Query, ...] = ()
    settings: Settings = field(default_factory=Settings)
    answer: Answer | None = None
    is_sample: bool = False
    name: str = ""
    trash: tuple[Removed, ...] = ()
    guesses: Mapping[str, str] = field(default_factory=dict)
    revision: int = 0

    @property
    def title(self) -> str:
        """The project's name, or its classes' names."""
        return self.name or ", ".join(image_class.name for image_class in self.classes) or "Empty project"

    def hides(self, query_id: str) -> bool:
        """Whether the quiz still asks for the answer to a query."""
        return self.settings.quiz and query_id not in self.guesses

    @property
    def in_use(self) -> "Project":
        """The project without what is switched off, and without classes of which nothing is left: what a model sees."""
        left = [one for one in self.classes if not one.is_off and (one.in_use or not one.pictures)]
        return replace(self, classes=tuple(replace(one, pictures=one.in_use, off=frozenset()) for one in left))

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
        """The project without a class; its pictures go to the trash, and queries of that true class have none."""
        gone = self.image_class(class_id)
        queries = (replace(query, true_class=None) if query.true_class == class_id else query for query in self.queries)
        classes = tuple(old for old in self.classes if old.id != class_id)
        return replace(self, classes=classes, queries=tuple(queries))._threw(gone.pictures, gone.name)

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
        """The project with one support picture less, which goes to the trash."""
        old = self.image_class(class_id)
        gone = tuple(picture for picture in old.pictures if picture.id == picture_id)
        left = tuple(picture for picture in old.pictures if picture.id != picture_id)
        return self.with_class(replace(old, pictures=left, off=old.off - {picture_id}))._threw(gone, old.name)

    def without_query(self, query_id: str) -> "Project":
        """The project with one query less, which goes to the trash."""
        gone = tuple(query.picture for query in self.queries if query.id == query_id)
        queries = tuple(query for query in self.queries if query.id != query_id)
        return replace(self, queries=queries)._threw(gone, None)

    def _threw(self, pictures: tuple[Picture, ...], class_name: str | None) -> "Project":
        new = tuple(Removed(picture, class_name) for picture in pictures)
        known = {(one.picture.id, one.class_name) for one in new}
        kept = tuple(one for one in self.trash if (one.picture.id, one.class_name) not in known)
        return replace(self, trash=(*new, *kept)[:MAX_TRASH], is_sample=False)

    def put_back(self, removed: Removed) -> "Project":
        """The project with a picture taken out of the trash again.

        Raises:
            EpisodeError: its class or the queries are full, or there is no room for its class.
        """
        project = replace(self, trash=tuple(one for one in self.trash if one != removed), is_sample=False)
        if removed.class_name is None:
            return project._with_query(removed.picture)
        owner = next((one for one in self.classes if one.name == removed.class_name), None)
        if owner is None:
            project = project.with_new_class()
            owner = replace(project.classes[-1], name=removed.class_name)
            project = project.with_class(owner)
        return project._with_picture(owner.id, removed.picture)

    def with_switched(self, class_id: str, picture_id: str | None = None) -> "Project":
        """The project with a class, or one of its pictures, switched off, or on again."""
        old = self.image_class(class_id)
        new = replace(old, is_off=not old.is_off) if picture_id is None else replace(old, off=old.off ^ {picture_id})
        return replace(self.with_class(new), is_sample=False)

    def moved(self, picture_id: str, source: str | None, target: str | None) -> "Project":
        """The project with a picture moved from one class to another; None stands for the queries.

        Raises:
            EpisodeError: there is no such picture, or its new place is full.
        """
        pictures = [query.picture for query in self.queries] if source is None else self.image_class(source).pictures
        picture = next((one for one in pictures if one.id == picture_id), None)
        if picture is None:
            raise EpisodeError("This picture was removed; choose another one.")
        if source == target:
            return self
        left = self.without_query(picture_id) if source is None else self.without_picture(source, picture_id)
        left = replace(left, trash=self.trash)
        return left._with_query(picture) if target is None else left._with_picture(target, picture)

    def _with_query(self, picture: Picture) -> "Project":
        if len(self.queries) >= MAX_QUERIES:
            raise EpisodeError(f"There are {MAX_QUERIES} pictures to ask about already; remove one first.")
        if any(query.id == picture.id for query in self.queries):
            return self
        return replace(self, queries=(*self.queries, Query(picture)))

    def _with_picture(self, class_id: str, picture: Picture) -> "Project":
        owner = self.image_class(class_id)
        if any(old.id == picture.id for old in owner.pictures):
            return self
        if len(owner.pictures) >= MAX_SHOTS:
            raise EpisodeError(f"{owner.name} has {MAX_SHOTS} pictures already; remove one first.")
        return self.with_class(replace(owner, pictures=(*owner.pictures, picture)))

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
        classes = self.in_use.classes
        if len(classes) < 2:
            off = " that are switched on" if len(self.classes) >= 2 else ""
            return f"There must be at least two classes{off}, each with at least one picture."
        empty = [image_class.name for image_class in classes if not image_class.pictures]
        if empty:
            others = " and others" if len(empty) > 2 else ""
            return f"{' and '.join(empty[:2])}{others} still {'needs' if len(empty) == 1 else 'need'} a picture."
        return None if self.queries else "Add at least one picture to ask about."

    def support_key(self, weights: str) -> str:
        """Digest of all that the answer to a query depends on except the queries.

        Args:
            weights: digest of the backbone's weights.
        """
        classes = [[one.id, [picture.id for picture in one.pictures]] for one in self.in_use.classes]
        settings = self.settings
        return digest(classes, weights, settings.classifier, settings.chosen_options, settings.device, settings.seen)

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
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, default=sorted)

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
                name=values.get("name", ""),
                trash=tuple(Removed(Picture(**row["picture"]), row["class_name"]) for row in values.get("trash", ())),
                guesses=values.get("guesses", {}),
                revision=values.get("revision", 0),
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
    pictures = tuple(Picture(**picture) for picture in row["pictures"])
    return ImageClass(row["id"], row["name"], pictures, row.get("is_off", False), frozenset(row.get("off", ())))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
