"""Heat maps and how far to believe them: what the worker computes, and how the pages ask for it.

torch is imported late. All that a session asks for here has one role: a new map lets go of the tests that still run
for the former one. Tests are patient: they step aside for whatever else is asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fsl_core.errors import FSLError
from fsl_core.records import Belief, Saliency, Verdict
from fsl_core.ui import cached, requests
from fsl_core.ui.engine import Pair, rows_of
from fsl_core.ui.scene import Scene

if TYPE_CHECKING:
    from fsl_core.explain import Question
    from fsl_core.explain.belief import Bench

HEAT = "heat"  # role
KEPT_BENCHES = 4


class Asked(NamedTuple):
    """Which map of what.

    Attributes:
        against_id: the class whose logit is subtracted; None = none.
        method: name in `fsl_core.explain.ATTRIBUTIONS`.
        options: names and values of the method's options, where they are not the usual ones.
    """

    query_id: str
    class_id: str
    against_id: str | None
    method: str
    options: tuple[tuple[str, Any], ...] = ()


class Judgement(NamedTuple):
    """A map and what to think of it.

    Attributes:
        saliency: None where the method fails; the verdict then says why.
        belief: None where the map shows nothing that could be tested.
    """

    saliency: Saliency | None
    verdict: Verdict
    belief: Belief | None


def grids(query_id: str) -> tuple[tuple[int, int], ...] | None:
    """Rows and columns of the map of every stage of the network; None = see `requests.awaited`."""
    return requests.explained(HEAT, partial(grids_of, query_id=query_id), "grids")


def heat_map(asked: Asked) -> Saliency | None:
    """The map that is asked for; None = see `requests.awaited`."""
    return requests.explained(HEAT, partial(map_of, asked=asked), "map", *asked)


def judged(asked: Asked, known: Saliency | None = None) -> Judgement | None:
    """The map, put to the test; None = see `requests.awaited`.

    Args:
        known: the map, where it is known already.
    """
    if known is not None and known.fault:
        return Judgement(known, Verdict("no map", known.fault), None)
    return requests.explained(HEAT, partial(judge, asked=asked, known=known), "judge", *asked, patient=True)


def compared(each: Sequence[Asked]) -> list[Judgement]:
    """Maps put to the test one after another; as many as are done, below which the progress of the next one stands."""
    done: list[Judgement] = []
    for asked in each:
        found = judged(asked)
        if found is None:
            break
        done.append(found)
    return done


def usual_map(scene: Scene, pair: Pair) -> Saliency:
    """Why this logit of a class, by Grad-CAM or, where there is no gradient, by occlusion.

    Raises:
        FSLError: the query or the class was removed, or the classifier answers all queries together.
    """
    method = "grad_cam" if scene.classifier.differentiable else "occlusion"
    return map_of(scene, Asked(pair.query_id, pair.class_id, None, method))


def grids_of(scene: Scene, query_id: str) -> tuple[tuple[int, int], ...]:
    """Rows and columns of the map of every stage, found by looking at a picture."""
    from fsl_core.explain import stage_grids

    return stage_grids(_question(scene, Asked(query_id, scene.project.classes[0].id, None, "")))


def map_of(scene: Scene, asked: Asked) -> Saliency:
    """The map over the whole picture, also where the project looks at patches.

    Raises:
        FSLError: the query or the class was removed, or the method does not fit.
    """
    from fsl_core.data.transforms import square
    from fsl_core.explain import ATTRIBUTIONS, Options, attribute
    from fsl_core.ui.views import SQUARE_SIDE

    options = Options(**dict(asked.options))
    phase = ATTRIBUTIONS[asked.method].title
    question = _question(scene, asked)
    looks = _counted(scene, phase, effort(asked.method, options))
    saliency = attribute(replace(question, looks=looks), asked.method, options)
    seen = square(scene.store.working_copy(asked.query_id), SQUARE_SIDE, scene.project.settings.fit)
    return replace(saliency, image=seen)


def judge(scene: Scene, asked: Asked, known: Saliency | None = None) -> Judgement:
    """The map, put to the test; what cannot be made is told in the verdict."""
    from fsl_core.explain import ATTRIBUTIONS, Options, Trial, attribute, believe

    try:
        saliency = known or map_of(scene, asked)
        if saliency.fault:
            return Judgement(saliency, Verdict("no map", saliency.fault), None)
        options, orders = Options(**dict(asked.options)), 2 * Trial().pairs
        phase = f"Testing {ATTRIBUTIONS[asked.method].title}"
        looks = _counted(scene, phase, 10 * (orders + 2) + effort(asked.method, options))
        on = _bench(scene, replace(_question(scene, asked), looks=looks), asked)
        belief = believe(on, saliency, partial(attribute, method=asked.method, options=options))
    except FSLError as error:
        return Judgement(None, Verdict("no map", str(error)), None)
    return Judgement(saliency, belief.verdict, belief)


def effort(method: str, options: Any) -> int:
    """About how many pictures the network looks at for a map."""
    squares = round(100 / options.stride + 1) ** 2
    return {"integrated_gradients": options.path_steps, "occlusion": squares}.get(method, 2)


def _question(scene: Scene, asked: Asked) -> "Question":
    from fsl_core.explain import Question

    label = rows_of(scene.project, Pair(asked.query_id, asked.class_id)).label
    against = rows_of(scene.project, Pair(asked.query_id, asked.against_id)).label if asked.against_id else None
    image = scene.pixels(asked.query_id)
    return Question(scene.backbone, scene.classifier, scene.features(whole=True), image, label, against)


def _counted(scene: Scene, phase: str, expected: int) -> Callable[[int], None]:
    """Tells the ticket how far the work is, which stops it where nobody waits for it any more."""
    seen = 0

    def looks(pictures: int) -> None:
        nonlocal seen
        scene.ticket.report(min(seen / expected, 0.95), phase)
        seen += pictures

    return looks


def _bench(scene: Scene, question: "Question", asked: Asked) -> "Bench":
    """The random orders of a question, measured once for all methods, and the networks with random weights.

    These are made once for an episode, a backbone and a classifier.
    """
    from fsl_core.explain import asked as asked_of
    from fsl_core.explain import bench

    kept, backbone = cached.benches(), question.backbone
    support = tuple((one.id, *(picture.id for picture in one.pictures)) for one in scene.project.classes)
    episode = backbone.digest, str(backbone.device), backbone.spec.fit, repr(question.classifier), support
    key = (*episode, asked.query_id, asked.class_id, asked.against_id)
    kin = next((one for other, one in kept.items() if other[: len(episode)] == episode), None)
    if key in kept:
        found = replace(kept[key], question=question)
    elif kin:
        found = asked_of(kin, question)
    else:
        found = bench(question, [scene.pixels(one) for one in scene.support_ids])
    found = replace(found, rivals=tuple(replace(rival, looks=question.looks) for rival in found.rivals))
    kept[key] = found
    kept.move_to_end(key)
    while len(kept) > KEPT_BENCHES:
        kept.popitem(last=False)
    return found
