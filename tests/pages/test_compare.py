"""The Compare page: several methods on one project, and accuracy by number of examples."""

import re
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.classifiers import CLASSIFIERS
from fsl_core.ui import cached, comparison_table, session
from fsl_core.ui.engine import Pair
from fsl_core.ui.method_controls import BACKBONES_FIELD, CLASSIFIERS_FIELD, COMPARED
from fsl_core.ui.pieces import Settings
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store

ROOT = Path(__file__).parents[2]


def opened(size: tuple[int, int, int], change=lambda project: project) -> AppTest:
    """The frame with the Compare page of a project of (way, shot, queries per class)."""
    store, empty = Store.create()
    filled = change(store.adopt(cached.draw("synthetic", None, size, 3), empty))
    store.save(filled)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["project"] = filled.id
    app.run()
    return finish(app.switch_page("pages/compare.py").run())


def finish(app: AppTest) -> AppTest:
    """Run the page again until none of its jobs is under way."""
    until = time.monotonic() + 60
    while any((one.key or "").startswith("fsl_stop_") for one in app.button) and time.monotonic() < until:
        time.sleep(0.05)
        app.run()
    assert not app.exception
    return app


def button(app: AppTest, label: str):
    return next(one for one in app.button if one.label == label)


def html(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def pressed(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    """A press on a button of the table, as its script in the browser tells it."""

    def component(**settings: object) -> SimpleNamespace:
        return SimpleNamespace(asked=why)

    monkeypatch.setattr(comparison_table, "mounted", lambda name, script: component)


def words(app: AppTest) -> str:
    return " ".join(one.value for one in [*app.markdown, *app.caption, *app.info, *app.error, *app.warning])


@pytest.fixture(autouse=True)
def _backbone(small_backbone: str) -> None:
    """All pages here use the small backbone."""


def test_the_usual_classifiers_answer_at_once_with_marks_and_accuracy() -> None:
    app = opened((2, 1, 2))
    assert not app.warning
    assert all((classifier.title in html(app)) == (name in COMPARED) for name, classifier in CLASSIFIERS.items())
    assert html(app).count("✓ right") + html(app).count("✗ wrong") == 4 * 4
    assert html(app).count("of 4 right") == 4
    assert "All 4 methods agree on" in words(app)
    assert html(app).count('alt="Query: ') == 4


def test_every_classifier_can_be_asked() -> None:
    app = opened((2, 3, 1))
    app.button_group(key=CLASSIFIERS_FIELD).set_value(list(CLASSIFIERS)).run()
    finish(app)
    assert all(classifier.title in html(app) for classifier in CLASSIFIERS.values())
    assert f"All {len(CLASSIFIERS)} methods agree on" in words(app)
    button(app, "Measure").click().run()
    finish(app)
    assert len(app.get("plotly_chart")) == 1


def test_only_the_chosen_methods_are_asked() -> None:
    app = opened((2, 1, 1))
    app.button_group(key=CLASSIFIERS_FIELD).set_value(["protonet", "cosine"]).run()
    finish(app)
    assert "DeepEMD" not in html(app).split("<tbody>")[0]
    assert "Both methods agree on" in words(app)


def test_the_backbone_of_the_project_is_compared_first_and_others_beside_it(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.toml"
    first = manifest.read_text()
    second = first.replace("[tiny]", "[other]").replace("tiny title", "other title").replace("default = true", "")
    manifest.write_text(f"{first}\n{second}")
    cached.cards.clear()
    app = opened((2, 1, 1), lambda project: replace(project, settings=Settings(backbone="other")))
    assert app.button_group(key=BACKBONES_FIELD).value == ["other"]
    assert not app.warning
    app.button_group(key=BACKBONES_FIELD).set_value(["tiny", "other"]).run()
    finish(app)
    assert "All 8 methods agree" in words(app)
    assert html(app).count("<small>other title</small>") == 4


def test_nothing_chosen_is_said() -> None:
    app = opened((2, 1, 1))
    app.button_group(key=BACKBONES_FIELD).set_value([]).run()
    assert not app.exception
    assert "Choose at least one classifier and one backbone." in words(app)


def test_a_curve_is_measured_drawn_and_drawn_anew() -> None:
    app = opened((2, 3, 2))
    assert not app.get("plotly_chart")
    button(app, "Measure").click().run()
    finish(app)
    assert len(app.get("plotly_chart")) == 1
    assert app.slider[0].max == 3
    said = next(one.value for one in app.markdown if "with 3 examples" in one.value)
    assert said.count("With 1 example") == 4
    app.slider[0].set_value(2).run()
    assert "with 2 examples" in words(app) and "with 3 examples" not in words(app)
    assert "(seed 0)" in words(app)
    button(app, "Draw anew").click().run()
    finish(app)
    assert "(seed 1)" in words(app)
    assert app.slider[0].value == 2


def test_one_example_each_gives_no_curve_and_says_so() -> None:
    app = opened((2, 1, 1))
    assert "only one example" in words(app)
    assert "Measure" not in [one.label for one in app.button]


def unlabelled(project: Project) -> Project:
    for query in project.queries:
        project = project.with_true_class(query.id, None)
    return project


def test_without_true_classes_the_left_out_examples_are_asked_about() -> None:
    app = opened((2, 3, 1), unlabelled)
    assert "right" not in html(app).replace("of right", "").split("<tbody>")[1]
    button(app, "Measure").click().run()
    finish(app)
    assert app.slider[0].max == 2
    assert "the examples left out" in words(app)


def test_without_anything_known_the_page_says_what_to_do() -> None:
    app = opened((2, 1, 1), unlabelled)
    assert "true classes must be known" in words(app)


def test_without_examples_the_page_sends_to_classify() -> None:
    app = opened((2, 1, 1), lambda project: project.with_switched(project.classes[0].id))
    assert "There is nothing to compare yet." in words(app)
    assert "Go to Classify" in [one.label for one in app.button]


def test_without_queries_there_is_still_a_curve() -> None:
    app = opened((2, 3, 0))
    assert "Add at least one picture to ask about" in words(app).replace("\\", "")
    button(app, "Measure").click().run()
    finish(app)
    assert len(app.get("plotly_chart")) == 1


def test_a_failing_method_is_one_sentence_and_can_be_tried_again(tmp_path: Path) -> None:
    weights = tmp_path / "tiny.safetensors"
    held = weights.read_bytes()
    weights.unlink()
    app = opened((2, 1, 1))
    assert "gave no answer" in words(app) and "tiny.safetensors is missing" in words(app).replace("\\", "")
    weights.write_bytes(held)
    button(app, "Try again").click().run()
    finish(app)
    assert "All 4 methods agree" in words(app)


def test_beside_each_answer_stands_a_way_to_why(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened((2, 1, 2))
    project, asked = app.session_state["project"], re.findall(r'data-why="(\S+) (\S+)"', html(app))
    assert len(asked) == 4 * len(COMPARED) and {query for query, _ in asked} == {one.id for one in project.queries}
    assert {class_id for _, class_id in asked} <= {one.id for one in project.classes}
    query, class_id = asked[-1]
    pressed(monkeypatch, f"{query} {class_id}")
    app.run()
    assert not app.exception
    assert app.title[0].value == "Why?" and app.session_state[session.PAIR] == Pair(query, class_id)


def test_a_quiz_tells_nothing_by_the_way_to_why(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened((2, 1, 2), lambda project: replace(project, settings=Settings(quiz=True)))
    project = app.session_state["project"]
    assert "data-why" not in html(app)
    app.session_state["project"] = replace(project, guesses={project.queries[1].id: project.classes[0].id})
    finish(app.run())
    asked = re.findall(r'data-why="(\S+) \S+"', html(app))
    assert set(asked) == {project.queries[1].id} and len(asked) == len(COMPARED)
    for image_class in project.classes:
        pressed(monkeypatch, f"{project.queries[0].id} {image_class.id}")
        assert app.run().title[0].value == "Compare"
    assert app.session_state[session.PAIR] is None


def test_a_class_that_is_left_out_meanwhile_is_not_asked_about() -> None:
    app = opened((3, 1, 1), lambda project: replace(project, settings=Settings(live=False)))
    finish(button(app, "Compare").click().run())
    before = re.findall(r'data-why="\S+ (\S+)"', html(app))
    app.session_state["project"] = app.session_state["project"].with_switched(before[0])
    app.run()
    left = re.findall(r'data-why="\S+ (\S+)"', html(app))
    assert "Outdated" in " ".join(one.value for one in app.markdown)
    assert left == [one for one in before if one != before[0]]


def test_deepemd_has_the_name_of_the_regions_that_it_compared() -> None:
    app = opened((2, 2, 1), lambda project: replace(project, settings=Settings(live=False, regions="grid:1")))
    finish(button(app, "Compare").click().run())
    assert "DeepEMD-Grid" in html(app).split("<tbody>")[0] and "DeepEMD (FCN) is DeepEMD-Grid." in words(app)
    finish(button(app, "Measure").click().run())
    assert "**DeepEMD-Grid**" in words(app)
    project = app.session_state["project"]
    app.session_state["project"] = replace(project, settings=Settings(live=False))
    app.run()
    assert "DeepEMD-Grid" in html(app).split("<tbody>")[0] and "**DeepEMD-Grid**" in words(app)
    finish(button(app, "Compare").click().run())
    assert "DeepEMD-Grid" not in html(app) and "is DeepEMD-Grid" not in words(app)
