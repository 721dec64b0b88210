"""Edits of the project give new values, and keys change with what matters only."""

import hashlib
import json
from dataclasses import replace

import pytest

from fsl_core.errors import EpisodeError
from fsl_core.ui.pieces import Answer, ImageClass, Picture, Query, Removed, Settings
from fsl_core.ui.project import MAX_CLASSES, MAX_SHOTS, Project

ONE, TWO, ASK = Picture("1" * 64, "one"), Picture("2" * 64, "two"), Picture("3" * 64, "ask")
PROJECT = Project("id", (ImageClass("a", "A", (ONE,)), ImageClass("b", "B", (TWO,))), (Query(ASK, "a"),))


def answer(project: Project, transductive: bool = False) -> Answer:
    ids = tuple(query.id for query in project.queries)
    rows = ((0.6, 0.4),) * len(ids)
    key = project.support_key("weights")
    return Answer(key, "net", "cosine", transductive, ("a", "b"), ("A", "B"), ids, rows, rows, 0.1, 0.1, 3)


def test_edits_leave_the_old_value_alone() -> None:
    before = PROJECT.to_json()
    assert PROJECT.renamed("a", "  fresh   name ").classes[0].name == "fresh name"
    assert PROJECT.without_picture("a", ONE.id).classes[0].pictures == ()
    assert PROJECT.without_query(ASK.id).queries == ()
    assert PROJECT.with_true_class(ASK.id, "b").queries[0].true_class == "b"
    assert [one.name for one in PROJECT.with_new_class().classes] == ["A", "B", "Class 1"]
    assert PROJECT.to_json() == before


def test_a_removed_class_is_nobodys_true_class() -> None:
    assert PROJECT.without_class("a").queries == (Query(ASK, None),)


@pytest.mark.parametrize(("name", "said"), [(" ", "needs a name"), ("B", "named B already")])
def test_impossible_names_are_refused(name: str, said: str) -> None:
    with pytest.raises(EpisodeError, match=said):
        PROJECT.renamed("a", name)


def test_there_are_at_most_20_classes() -> None:
    project = Project("id")
    for _ in range(MAX_CLASSES):
        project = project.with_new_class()
    with pytest.raises(EpisodeError, match="at most 20"):
        project.with_new_class()


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (Project("id"), "two classes"),
        (PROJECT.without_picture("a", ONE.id), "A still need"),
        (replace(PROJECT, queries=()), "to ask about"),
    ],
)
def test_what_is_missing_is_said(project: Project, said: str) -> None:
    assert said in (project.what_is_missing() or "")
    assert PROJECT.what_is_missing() is None


def test_keys_follow_the_inputs_and_not_the_labels() -> None:
    key = PROJECT.request_key("weights")
    assert PROJECT.renamed("a", "Z").request_key("weights") == key
    assert PROJECT.with_true_class(ASK.id, "b").request_key("weights") == key
    settings = [
        Settings(classifier="cosine"),
        Settings(device="cpu"),
        Settings(fit="letterbox"),
        Settings(regions="grid:2,3"),
        Settings(regions="sampling:9"),
        Settings(regions="sampling:9:1"),
        Settings().with_option("deepemd", "temperature", 2.0),
    ]
    changed = [
        PROJECT.request_key("other weights"),
        PROJECT.without_picture("a", ONE.id).request_key("weights"),
        PROJECT.without_query(ASK.id).request_key("weights"),
        *(replace(PROJECT, settings=one).request_key("weights") for one in settings),
    ]
    assert len({key, *changed}) == len(changed) + 1
    untouched = replace(PROJECT, settings=Settings().with_option("cosine", "temperature", 2.0))
    assert untouched.request_key("weights") == key
    grid = replace(PROJECT, settings=Settings(regions="grid:2,3"))
    framed = replace(PROJECT, settings=Settings(regions="grid:2,3", fit="letterbox"))
    assert grid.request_key("weights") == framed.request_key("weights"), "patches are cut out of the whole picture"


def test_a_project_of_before_there_were_patches_keeps_its_answer() -> None:
    """The key is that which earlier versions gave to these pictures and settings."""
    classes = [["a", [ONE.id]], ["b", [TWO.id]]]
    text = json.dumps([classes, "weights", "deepemd", {}, "auto", "crop"], sort_keys=True)
    assert PROJECT.support_key("weights") == hashlib.sha256(text.encode()).hexdigest()
    values = json.loads(PROJECT.to_json())
    del values["settings"]["regions"]
    assert Project.from_json(json.dumps(values)) == PROJECT


def test_answers_grow_old_with_the_support_set_but_not_with_other_queries() -> None:
    project = replace(PROJECT, answer=answer(PROJECT))
    more = replace(project, queries=(*project.queries, Query(TWO)))
    assert project.is_current(ASK.id, "weights")
    assert more.is_current(ASK.id, "weights")
    assert not more.is_current(TWO.id, "weights")
    assert not project.is_current(ASK.id, "other weights")
    assert not project.without_picture("b", TWO.id).is_current(ASK.id, "weights")
    assert not replace(more, answer=answer(PROJECT, transductive=True)).is_current(ASK.id, "weights")


def test_what_is_switched_off_is_not_seen_but_stays() -> None:
    three = Picture("4" * 64, "three")
    project = PROJECT.with_class(ImageClass("a", "A", (ONE, three)))
    without = project.with_switched("a", three.id)
    assert [one.pictures for one in without.in_use.classes] == [(ONE,), (TWO,)]
    assert without.support_key("w") == PROJECT.support_key("w") != project.support_key("w")
    assert without.with_switched("a", three.id) == project
    assert without.classes[0].pictures == (ONE, three)
    off = project.with_switched("b")
    assert [one.name for one in off.in_use.classes] == ["A"]
    assert "switched on" in (off.what_is_missing() or "")


def test_removed_pictures_can_be_put_back() -> None:
    gone = PROJECT.without_class("a").without_query(ASK.id)
    assert [removed.class_name for removed in gone.trash] == [None, "A"]
    back = gone.put_back(gone.trash[0]).put_back(gone.trash[1])
    assert back.trash == ()
    assert {one.name: one.pictures for one in back.classes} == {"A": (ONE,), "B": (TWO,)}
    assert [query.id for query in back.queries] == [ASK.id]
    assert gone.without_picture("b", TWO.id).put_back(Removed(TWO, "B")).classes[-1].pictures == (TWO,)


def test_the_trash_holds_a_picture_once_for_each_place() -> None:
    """The same bytes under two names are one picture."""
    again = replace(ONE, name="copy of one")
    project = PROJECT.without_picture("a", ONE.id)
    project = project.with_class(replace(project.image_class("a"), pictures=(again,))).without_picture("a", again.id)
    assert project.trash == (Removed(again, "A"),)


def test_pictures_move_between_classes_and_queries() -> None:
    moved = PROJECT.moved(ONE.id, "a", "b")
    assert [one.pictures for one in moved.classes] == [(), (TWO, ONE)]
    assert moved.trash == ()
    assert PROJECT.moved(ASK.id, None, "a").classes[0].pictures == (ONE, ASK)
    assert PROJECT.moved(ASK.id, None, "a").queries == ()
    assert [query.id for query in PROJECT.moved(ONE.id, "a", None).queries] == [ASK.id, ONE.id]
    with pytest.raises(EpisodeError, match="was removed"):
        PROJECT.moved("f" * 64, "a", "b")


def test_a_full_class_takes_no_more() -> None:
    full = ImageClass("b", "B", tuple(Picture(f"{number:064}", "x") for number in range(MAX_SHOTS)))
    with pytest.raises(EpisodeError, match="20 pictures already"):
        PROJECT.with_class(full).moved(ONE.id, "a", "b")


def test_the_file_of_a_project_holds_all_of_it() -> None:
    project = replace(
        PROJECT.with_switched("a", ONE.id).without_query(ASK.id),
        answer=replace(answer(PROJECT), was={ASK.id: "B"}, note="remark"),
        guesses={ASK.id: "a"},
        name="Leaves",
        revision=7,
    )
    assert Project.from_json(project.to_json()) == project


def test_a_class_whose_examples_are_all_off_is_left_out_and_an_empty_one_still_needs_a_picture() -> None:
    picture, query = Picture("a" * 64, "a.png"), Query(Picture("b" * 64, "b.png"))
    classes = tuple(ImageClass(name, name, (picture,)) for name in ("x", "y", "z"))
    project = Project("0", classes=classes, queries=(query,)).with_switched("x", picture.id)
    assert [one.name for one in project.in_use.classes] == ["y", "z"]
    assert project.what_is_missing() is None
    empty = replace(project, classes=(*project.classes, ImageClass("e", "e")))
    assert empty.what_is_missing() == "e still needs a picture."
