"""What the worker does: features of new pictures, then the classifier. torch is imported here, at first use."""

import importlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, UInt8

from fsl_core.errors import FSLError
from fsl_core.manifest import read_cards
from fsl_core.records import Emphasis, Flow, WhatIf
from fsl_core.ui.collector import passed_over_by_the_collector
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.pieces import AUTO, Answer
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

if TYPE_CHECKING:
    from torch import Tensor

    from fsl_core.backbones import Backbone
    from fsl_core.classifiers import DeepEMD
    from fsl_core.classifiers.deepemd import Targets
    from fsl_core.data.patches import Patches
    from fsl_core.features import EpisodeFeatures

BATCH = 8  # images, or about as many patches, between two looks at whether anybody still waits
KEPT_MAPS = 4000
KEPT_BACKBONES, KEPT_TARGETS = 2, 8
LOADING = "Loading the backbone"
UNCHANGED = Emphasis()
SLOW_TO_IMPORT = (
    "torch",
    "fsl_core.explain",
    "fsl_core.openset",
    "fsl_core.transport.network_simplex",
    "fsl_core.transport.predictor_corrector",
    "sklearn.cluster",  # of two of DeepEMD's rules
)


@dataclass(frozen=True, eq=False)
class Match:
    """What the Matching page shows of one query and one class or support picture.

    Attributes:
        what_if: the match as it is and with the changed weights, and what that does to all classes.
        reconstruction: the query rebuilt from the support picture's patches (DeepEMD, figure 5).
        solver: which solver found the plan.
        seconds: that weights, similarities and plans of all classes took together; the features are not counted.
    """

    what_if: WhatIf
    reconstruction: UInt8[np.ndarray, "query_height query_width 3"]
    solver: str
    seconds: float

    @property
    def flow(self) -> Flow:
        """The match with the changed weights."""
        return self.what_if.after


class MemoryFullError(FSLError):
    """Not even one image fits into the memory of the device."""


class Pair(NamedTuple):
    """A query and what it is matched to: a whole class (its mean map), or one of its support pictures."""

    query_id: str
    class_id: str
    picture_id: str | None = None


class Rows(NamedTuple):
    """Where a pair stands in the features of a project; `support` is None for the whole class."""

    query: int
    label: int
    support: int | None


def rows_of(project: Project, pair: Pair) -> Rows:
    """Where a pair stands in the features of a project.

    Raises:
        EpisodeError: the query or the class was removed.
    """
    project.query(pair.query_id)
    pictures = [picture.id for picture in project.image_class(pair.class_id).pictures]
    query = [query.id for query in project.queries].index(pair.query_id)
    label = [image_class.id for image_class in project.classes].index(pair.class_id)
    if pair.picture_id not in pictures:
        return Rows(query, label, None)
    before = sum(len(image_class.pictures) for image_class in project.classes[:label])
    return Rows(query, label, before + pictures.index(pair.picture_id))


class Engine:
    """Backbones and feature maps that all sessions share; only the worker calls it, one job at a time."""

    def __init__(self) -> None:
        self._backbones: OrderedDict[tuple[str, str], Backbone] = OrderedDict()
        self._maps: OrderedDict[tuple[str, str, str, str], Tensor] = OrderedDict()
        self._targets: OrderedDict[tuple[DeepEMD, str], Targets] = OrderedDict()

    def warm_up(self, ticket: Ticket, backbone: str) -> None:
        """Import what is needed and load a backbone, so that the first answer comes sooner."""
        with passed_over_by_the_collector():
            for module in SLOW_TO_IMPORT:
                importlib.import_module(module)
            self.backbone(ticket, backbone, AUTO).maps([np.zeros((84, 84, 3), np.uint8)])

    def classify(self, ticket: Ticket, store: Store, project: Project, backbone: str, key: str) -> Answer:
        """Classify all queries of a project.

        Args:
            backbone: name in the manifest.
            key: the project's `support_key`, kept in the answer.

        Raises:
            FSLError: the project is no episode yet, a picture or the weights are gone, or the classifier gave up.
        """
        import torch

        from fsl_core.classifiers import CLASSIFIERS
        from fsl_core.data.patches import parse_regions
        from fsl_core.openset import none_of_these

        settings = project.settings
        classifier = CLASSIFIERS[settings.classifier](**settings.chosen_options)
        start = time.perf_counter()
        features, computed, note = self.features(ticket, store, project, backbone)
        middle = time.perf_counter()
        ticket.report(0.95, f"Comparing with {classifier.title_on(parse_regions(settings.regions))}")
        with torch.inference_mode():
            prediction = classifier(features)
            logits, probabilities = prediction.logits.tolist(), prediction.probabilities.tolist()
            strangers = none_of_these(features)
        return Answer(
            key=key,
            backbone=backbone,
            classifier=settings.classifier,
            transductive=classifier.transductive,
            class_ids=tuple(image_class.id for image_class in project.classes),
            class_names=tuple(image_class.name for image_class in project.classes),
            query_ids=tuple(query.id for query in project.queries),
            logits=tuple(map(tuple, logits)),
            probabilities=tuple(map(tuple, probabilities)),
            feature_seconds=middle - start,
            classifier_seconds=time.perf_counter() - middle,
            computed_images=computed,
            note=note,
            fits=tuple(strangers.fit.tolist()),
            fit_threshold=strangers.threshold,
            fit_calibrated=strangers.calibrated,
        )

    def match(
        self, ticket: Ticket, store: Store, project: Project, backbone: str, pair: Pair, emphasis: Emphasis = UNCHANGED
    ) -> Match:
        """How DeepEMD, with its options in the project's settings, matches a query to a class or to one picture.

        A class is shown as the mean of its pictures' pixels, also where its map is a learnt one.

        Raises:
            FSLError: the query, the class or the picture was removed, no region has weight, or the solver gave up.
        """
        from fsl_core.classifiers import DeepEMD
        from fsl_core.explain import Pairing, reconstruct, what_if
        from fsl_core.ui.views import view

        rows = rows_of(project, pair)
        pictures = [picture.id for picture in project.image_class(pair.class_id).pictures]
        features, _, _ = self.features(ticket, store, project, backbone)
        ticket.report(0.9, "Matching the regions")
        shown = [pair.picture_id] if pair.picture_id and rows.support is not None else pictures
        images = view(store, [pair.query_id], project.settings), view(store, shown, project.settings)
        classifier = DeepEMD(**project.settings.options.get("deepemd", {}))
        start = time.perf_counter()
        found = what_if(classifier, features, Pairing(*rows), images, emphasis, self.targets_of(classifier, features))
        seconds = time.perf_counter() - start
        solver = classifier.solver if classifier.flow == "optimal" else "none"
        return Match(found, reconstruct(found.after), solver, seconds)

    def targets_of(self, classifier: "DeepEMD", features: "EpisodeFeatures") -> "Targets":
        """What the queries are matched to; learnt once for a support set, whatever is asked about it."""
        support = sha256(features.support.cpu().numpy().tobytes()).hexdigest()
        key = classifier, f"{support} {features.support_labels.tolist()}"
        if key not in self._targets:
            self._targets[key] = classifier.targets(features)
            while len(self._targets) > KEPT_TARGETS:
                self._targets.popitem(last=False)
        self._targets.move_to_end(key)
        return self._targets[key]

    def backbone(self, ticket: Ticket, name: str, device: str) -> "Backbone":
        """The backbone of this name in the manifest, on a device ("auto" = the fastest one), loaded once."""
        ticket.report(0.0, LOADING)
        from fsl_core.backbones import load_backbone

        card = read_cards().get(name)
        key = card.sha256 if card else "", device  # a file of the user's own may be replaced under its name
        if key not in self._backbones:
            self._backbones[key] = load_backbone(name, None if device == AUTO else device)
            while len(self._backbones) > KEPT_BACKBONES:
                self._backbones.popitem(last=False)
        self._backbones.move_to_end(key)
        return self._backbones[key]

    def features(self, ticket: Ticket, store: Store, project: Project, name: str) -> "tuple[EpisodeFeatures, int, str]":
        """Features of the project's pictures, how many images had to be computed for them, and a remark or ""."""
        backbone, note = self.backbone(ticket, name, project.settings.device).fitted(project.settings.fit), ""
        try:
            features, computed = self._features_on(ticket, store, project, backbone)
        except MemoryFullError:
            if backbone.device.type == "cpu":
                raise
            note = "The GPU's memory was full, so this was computed on the CPU."
            backbone = self.backbone(ticket, name, "cpu").fitted(project.settings.fit)
            features, computed = self._features_on(ticket, store, project, backbone)
        while len(self._maps) > KEPT_MAPS:
            self._maps.popitem(last=False)
        return features, computed, note

    def _features_on(
        self, ticket: Ticket, store: Store, project: Project, backbone: "Backbone"
    ) -> "tuple[EpisodeFeatures, int]":
        import torch

        from fsl_core.data.patches import parse_regions
        from fsl_core.features import EpisodeFeatures

        patches = parse_regions(project.settings.regions)
        support = [picture.id for image_class in project.classes for picture in image_class.pictures]
        rows = [row for row, image_class in enumerate(project.classes) for _ in image_class.pictures]
        images = [*support, *(query.id for query in project.queries)]
        computed = self._compute_maps(ticket, store, images, backbone, patches)
        maps = torch.stack([self._maps[_key(image, backbone, patches)] for image in images])
        features = EpisodeFeatures(
            support=maps[: len(support)],
            support_labels=torch.tensor(rows, device=maps.device),
            query=maps[len(support) :],
            class_names=tuple(image_class.name for image_class in project.classes),
        )
        return features, computed

    def _compute_maps(
        self, ticket: Ticket, store: Store, images: Sequence[str], backbone: "Backbone", patches: "Patches | None"
    ) -> int:
        """Fill in the maps that are missing, a few at a time; the number of them."""
        keys = {image: _key(image, backbone, patches) for image in images}
        missing = [image for image, key in keys.items() if key not in self._maps]
        for key in keys.values():
            if key in self._maps:
                self._maps.move_to_end(key)
        step = max(1, BATCH // patches.count) if patches else BATCH
        for start in range(0, len(missing), step):
            ticket.report(0.9 * start / len(missing), f"Looking at picture {start + 1} of {len(missing)}")
            batch = missing[start : start + step]
            maps = maps_within_memory(backbone, [store.pixels(image) for image in batch], patches)
            self._maps.update({keys[image]: one for image, one in zip(batch, maps, strict=True)})
        return len(missing)


def _key(image: str, backbone: "Backbone", patches: "Patches | None") -> tuple[str, str, str, str]:
    """Everything that the map of a stored picture depends on."""
    return image, backbone.digest, str(backbone.device), str(patches or backbone.spec.fit)


def maps_within_memory(
    backbone: "Backbone", images: list[UInt8[np.ndarray, "_ _ 3"]], patches: "Patches | None"
) -> "Float[Tensor, 'batch channels height width']":
    """`maps_of` a few images; where the memory does not suffice for all at once, of half as many at a time.

    Raises:
        MemoryFullError: it does not suffice for one.
    """
    import torch

    from fsl_core.features import maps_of

    try:
        return maps_of(backbone, images, patches)
    except (RuntimeError, MemoryError) as error:  # torch has an error of its own for the GPU's memory alone
        full = isinstance(error, torch.OutOfMemoryError | MemoryError) or "allocate memory" in str(error)
        if not full:
            raise
    if len(images) == 1:
        raise MemoryFullError(
            "The computer's memory is full; close other programs, or choose a smaller backbone, and try again."
        )
    half = len(images) // 2
    return torch.cat([maps_within_memory(backbone, part, patches) for part in (images[:half], images[half:])])
