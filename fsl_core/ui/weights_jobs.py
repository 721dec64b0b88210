"""What the Weights page asks of the worker, and what it compares a query to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fsl_core.records import NodeWeights
from fsl_core.ui import requests
from fsl_core.ui.engine import Pair, rows_of
from fsl_core.ui.options import choice_title
from fsl_core.ui.project import Project
from fsl_core.ui.scene import Scene

WEIGHTS = "weights"  # role
MOST = 25  # examples that are shown together


def targets_of(project: Project, chosen: Pair, each_example: bool) -> tuple[list[Pair], int]:
    """What the query is compared to, every class or every example, and the place of the chosen one.

    Of more than `MOST` examples only those of the chosen class are taken.

    Args:
        project: what is in use of it.
    """
    if not each_example:
        found = [Pair(chosen.query_id, one.id) for one in project.classes]
        return found, next(row for row, pair in enumerate(found) if pair.class_id == chosen.class_id)
    every = [Pair(chosen.query_id, one.id, picture.id) for one in project.classes for picture in one.pictures]
    own = [pair for pair in every if pair.class_id == chosen.class_id]
    found = every if len(every) <= MOST else own
    return found, found.index(chosen if chosen in own else own[0])


def by_rule(targets: Sequence[Pair], rule: str, options: Mapping[str, Any]) -> NodeWeights | None:
    """What `weigh` finds; None = see `requests.awaited`.

    Args:
        options: of DeepEMD in the project.
    """
    return requests.explained(WEIGHTS, partial(weigh, pairs=targets, rule=rule), targets, dict(options), rule)


def by_other_rules(targets: Sequence[Pair], first: NodeWeights, options: Mapping[str, Any]) -> dict[str, NodeWeights]:
    """The weights by every rule, as many as are done, below which the progress of the next one stands.

    Args:
        first: by the chosen rule.
        options: of DeepEMD in the project.
    """
    from fsl_core.explain import RULES

    found = {first.rule: first}
    for rule in RULES:
        if rule not in found:
            work = partial(weigh, pairs=targets, rule=rule)
            record = requests.explained(WEIGHTS, work, targets, dict(options), rule, patient=True)
            if record is None:
                break
            found[rule] = record
    return {rule: found[rule] for rule in RULES if rule in found}


def weigh(scene: Scene, pairs: Sequence[Pair], rule: str) -> NodeWeights:
    """The weights of one query's regions, and of those of all that it is compared to, by a rule of DeepEMD.

    Raises:
        FSLError: a picture was removed, or the features or DeepEMD's prototypes cannot be computed.
    """
    import torch

    from fsl_core.classifiers import DeepEMD
    from fsl_core.explain import node_weights
    from fsl_core.ui.views import view

    project, store = scene.project, scene.store
    classifier = DeepEMD(**project.settings.options.get("deepemd", {}))
    rows, features = [rows_of(project, pair) for pair in pairs], scene.features()
    scene.ticket.report(0.9, "Weighing the regions")
    learnt = classifier.shots == "structured" and any(row.support is None for row in rows)
    prototypes = scene.engine.targets_of(classifier, features)[0] if learnt else features.prototypes
    maps = [prototypes[row.label] if row.support is None else features.support[row.support] for row in rows]
    names, shown = zip(*(_named(project, pair) for pair in pairs), strict=True)
    own = project.query(pairs[0].query_id).picture
    pictures = (
        (own.name, view(store, [own.id], project.settings)),
        [(name, view(store, ids, project.settings)) for name, ids in zip(names, shown, strict=True)],
    )
    scene.ticket.report(0.95, f"Weighing the regions: {choice_title(rule)}")
    return node_weights(replace(classifier, weights=rule), features.query[rows[0].query], torch.stack(maps), pictures)


def _named(project: Project, pair: Pair) -> tuple[str, list[str]]:
    """What people call a target, and the pictures that are shown of it."""
    owner = project.image_class(pair.class_id)
    if pair.picture_id is None:
        return owner.name, [picture.id for picture in owner.pictures]
    name = next(picture.name for picture in owner.pictures if picture.id == pair.picture_id)
    return f"{owner.name} · {name}", [pair.picture_id]
