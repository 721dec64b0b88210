"""The quiz: what explains a picture knows no class that is still to be guessed."""

from dataclasses import replace

from fsl_core.ui import quiz
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query, Settings
from fsl_core.ui.project import Project


def test_only_guessed_classes_are_known_while_the_quiz_is_on() -> None:
    queries = tuple(Query(Picture(name, f"{name}.png"), "cat") for name in ("a", "b"))
    project = Project("x", queries=queries, guesses={"a": "dog"}, settings=Settings(quiz=True))
    assert [one.true_class for one in quiz.without_secrets(project).queries] == ["cat", None]
    off = replace(project, settings=Settings(quiz=False))
    assert quiz.without_secrets(off) == off


def test_a_class_keeps_its_points_when_it_is_renamed() -> None:
    """With known classes and without them."""
    classes, rows = (ImageClass("x", "cat"), ImageClass("y", "dog")), ((0.9, 0.1),)
    answer = Answer("key", "net", "cosine", False, ("x", "y"), ("cat", "dog"), ("a",), rows, rows, 0.1, 0.1, 1)
    for true, said in (("x", "You have 1 of 1 right, the model 1."), (None, "You and the model agree on 1 of 1.")):
        query = Query(Picture("a", "a.png"), true)
        project = Project("id", classes, (query,), guesses={"a": "x"}, settings=Settings(quiz=True))
        assert quiz.score(project.renamed("x", "lion"), answer) == said
