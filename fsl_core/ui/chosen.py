"""The query and the class that the pages explain, kept in the project's folder, so that a reload shows the same."""

from contextlib import suppress

from fsl_core.errors import FSLError
from fsl_core.ui.engine import Pair
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

CHOSEN = "chosen"  # in the folder of a project: ids, with spaces between them


def remember(store: Store, pair: Pair) -> None:
    """Write a pair down; where that fails, only a reload forgets it."""
    with suppress(FSLError):
        store.write(CHOSEN, " ".join(filter(None, pair)).encode())


def recall(store: Store, project: Project) -> Pair | None:
    """The pair that was written down last, in whichever window.

    None = there is none, it is not in use any more, or the quiz still asks for its query: which class was looked at
    would be a hint.
    """
    try:
        pair = Pair(*(store.folder / CHOSEN).read_text("ascii").split())
    except (OSError, ValueError, TypeError):
        return None
    return None if project.hides(pair.query_id) else in_use(project, pair)


def in_use(project: Project, pair: Pair) -> Pair | None:
    """The pair without its picture, if that was removed or left out; None = so was its query or its class."""
    current = project.in_use
    classes = {image_class.id: image_class for image_class in current.classes}
    if pair.query_id not in {query.id for query in current.queries} or pair.class_id not in classes:
        return None
    pictures = {picture.id for picture in classes[pair.class_id].pictures}
    return pair if pair.picture_id in pictures else pair._replace(picture_id=None)
