"""What a project is made of: pictures, classes, queries, settings, answers. Values that are never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

AUTO = "auto"


@dataclass(frozen=True)
class Picture:
    """A stored picture. The id is a digest of the file's bytes; the name is the file's own and may repeat."""

    id: str
    name: str


@dataclass(frozen=True)
class ImageClass:
    """A class with its support pictures.

    Attributes:
        is_off: whether the class is left out without being deleted.
        off: ids of the pictures that are left out without being deleted.
    """

    id: str
    name: str
    pictures: tuple[Picture, ...] = ()
    is_off: bool = False
    off: frozenset[str] = frozenset()

    @property
    def in_use(self) -> tuple[Picture, ...]:
        """The pictures that are not left out."""
        return tuple(picture for picture in self.pictures if picture.id not in self.off)


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
class Removed:
    """A picture that was taken out and can be put back: into the class of that name, or (None) to the queries."""

    picture: Picture
    class_name: str | None = None


@dataclass(frozen=True)
class Settings:
    """What answers a request.

    Attributes:
        backbone: name in the manifest; empty = its default.
        options: for each classifier that was touched, the options that differ from their declared defaults.
        device: "auto", "cpu" or "cuda".
        seed: of everything that is drawn at random.
        fit: how pictures that are no squares are fitted, as in `fsl_core.data.transforms.InputSpec`.
        regions: what a picture is divided into, as `fsl_core.data.patches.parse_regions` reads it.
        live: whether an edit asks for a new answer at once.
        none_of_these: whether a query may belong to no class.
        quiz: whether answers are hidden until the person has guessed.
    """

    backbone: str = ""
    classifier: str = "deepemd"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = AUTO
    seed: int = 0
    fit: str = "crop"
    regions: str = "cells"
    live: bool = True
    none_of_these: bool = True
    quiz: bool = False

    @property
    def seen(self) -> str:
        """What a model sees of a picture: the whole as `fit` says or, where it does not apply, the patches."""
        return self.fit if self.regions == "cells" else self.regions

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
        was: query id -> the class that the answer before gave, where it was another one.
        note: a sentence about how it was computed, where that was not as asked for.
        fits: how well each query fits its best class, in [-1, 1] (`fsl_core.records.NoneOfThese`); empty = unknown.
        fit_threshold: a query whose fit is below it belongs to none of the classes.
        fit_calibrated: whether the threshold comes from images of the classes themselves.
        beforehand: whether it came with the app instead of being computed here; then no time was measured.
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
    was: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    fits: tuple[float, ...] = ()
    fit_threshold: float = -1.0
    fit_calibrated: bool = False
    beforehand: bool = False

    def said(self, query_id: str) -> str:
        """Name that the most likely class of a query had when it was classified."""
        return self.class_names[self.class_ids.index(self.chosen(query_id))]

    def chosen(self, query_id: str) -> str:
        """Id of the most likely class of a query that was classified."""
        row = self.probabilities[self.query_ids.index(query_id)]
        return self.class_ids[row.index(max(row))]
