"""What explains a picture knows no class that is still to be guessed."""

from dataclasses import replace

from fsl_core.ui import quiz
from fsl_core.ui.pieces import Picture, Query, Settings
from fsl_core.ui.project import Project


def test_only_guessed_classes_are_known_while_the_quiz_is_on() -> None:
    queries = tuple(Query(Picture(name, f"{name}.png"), "cat") for name in ("a", "b"))
    project = Project("x", queries=queries, guesses={"a": "dog"}, settings=Settings(quiz=True))
    assert [one.true_class for one in quiz.without_secrets(project).queries] == ["cat", None]
    off = replace(project, settings=Settings(quiz=False))
    assert quiz.without_secrets(off) == off
