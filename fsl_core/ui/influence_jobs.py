"""What the Influence page asks of the worker."""

from fsl_core.records import Influence
from fsl_core.ui.scene import Scene


def influence(scene: Scene) -> Influence:
    """The answers of the chosen classifier with all examples and with each of them left out; one call for each.

    Raises:
        FSLError: what the classifier or the features raise.
    """
    from fsl_core.explain import support_influence

    def advance(done: int, total: int) -> None:
        scene.ticket.report(done / total, f"Asking again without one example: {done} of {total} times")

    classes = scene.project.classes
    support = [f"{one.name} · {picture.name}" for one in classes for picture in one.pictures]
    queries = [query.picture.name for query in scene.project.queries]
    return support_influence(scene.classifier, scene.features(), (support, queries), advance=advance)
