"""The Weights page, headless; the weights are records of hand-made numbers."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.records import NodeWeights, Picture, Regions, cells
from fsl_core.ui import beforehand, match_controls, object_box, requests, session, weight_controls
from fsl_core.ui.engine import Pair
from fsl_core.ui.match_controls import COLUMN, ROW, SIDE
from fsl_core.ui.weight_controls import EACH, OTHER
from tests.pages.test_matching import html, words

PAGE = Path(__file__).parents[2] / "pages" / "weights.py"
PIXELS = np.full((40, 40, 3), 120, np.uint8)


def weigh(names: list[str], rule: str, regions: Regions | None = None) -> NodeWeights:
    """2x2 regions of 10, 20, 30 and 40 %, turned by one region from target to target; of other rules all the same."""
    raw = np.stack([np.roll([1.0, 2, 3, 4], row if rule == "cross_reference" else 0) for row in range(len(names))])
    picture = Picture("query", PIXELS, regions or Regions(cells(2, 2)))
    targets = tuple(replace(picture, name=name) for name in names)
    return NodeWeights(rule, picture, targets, raw, raw[:, ::-1].copy(), raw / 10, raw[:, ::-1] / 10)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[list[Pair], dict[str, Any]]]:
    """Everything that the page asks the queue for and cannot go on without; no model runs."""
    found: list[tuple[list[Pair], dict[str, Any]]] = []

    def explained(
        role: str, work: Any, targets: list[Pair], options: dict[str, Any], rule: str, patient: bool = False
    ) -> NodeWeights:
        assert role == "weights" and patient is (rule != options.get("weights", "cross_reference"))
        if not patient:
            found.append((targets, options))
        return weigh([f"target {row}" for row in range(len(targets))], rule)

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "explained", explained)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return found


def mark(page: AppTest, mask: np.ndarray) -> None:
    """Make this the mask of the first query."""
    store, query = page.session_state["store"], page.session_state["project"].queries[0]
    store.add(store.original(query.id), query.picture.name, mask)


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def test_the_query_is_weighed_for_every_class(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert asked[-1] == ([Pair(project.queries[0].id, one.id) for one in project.classes], {})
    assert len(figures_of(page)) == 8 and all(figure.proto.alt for figure in figures_of(page))
    assert "section 3.4, equation 8" in words(page)
    assert "**Query region (1, 1)**, place 1 of 4" in words(page)  # the heaviest, as nothing is selected
    assert "4 / 10 = **40.00%**" in words(page) and "residual of" in words(page)
    assert [metric.value for metric in page.metric][:2] == ["40.00 %", "1.60"]


def test_number_fields_select_a_region_of_either_picture(asked: list) -> None:
    page = open_page()
    page.number_input(key=ROW).set_value(0)
    page.number_input(key=COLUMN).set_value(1).run()
    assert "1 / Σ" not in words(page) and "2 / 10 = **20.00%**" in words(page) and "place 3 of 4" in words(page)
    assert page.dataframe[0].value["selected region (%)"].tolist() == pytest.approx([20, 20, 20, 20])
    page.button_group(key=SIDE).set_value("support").run()
    assert "**Support region (0, 1)**" in words(page) and "3 / 10 = **30.00%**" in words(page)
    assert any(one.value == "Each image, weighed for the query" for one in page.subheader)


def test_the_table_says_how_far_each_rule_spreads_and_moves_the_weight(asked: list) -> None:
    table = open_page().dataframe[0].value
    assert list(table["rule"]) == ["Cross-reference", "Equal", "k-means", "Mean shift"]
    np.testing.assert_allclose(table["regions that count"], 1 / 0.3)
    np.testing.assert_allclose(
        table["elsewhere for another image (%)"], [100 * weigh(list("abcde"), "cross_reference").moved, 0, 0, 0]
    )


def test_the_second_image_is_at_first_the_most_different_one(asked: list) -> None:
    page = open_page()
    record = weigh([f"target {row}" for row in range(5)], "cross_reference")
    box = page.selectbox(key=f"{OTHER}_0_4")
    assert record.apart[0, box.value] == record.apart[0].max() > 0
    least = int(record.apart[0, 1:].argmin()) + 1
    box.select(least).run()
    assert not page.exception and any(f"blue ones more for target {least}" in one.value for one in page.caption)


def test_another_class_moves_the_chosen_target(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.selectbox[1].select(project.classes[2].id).run()
    assert page.session_state[session.PAIR].class_id == project.classes[2].id
    assert "4 / 10 = **40.00%**" in words(page) and "**Query region (0, 1)**" in words(page)  # turned by two


def test_examples_are_compared_one_by_one(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert not any(one.key == EACH for one in page.button_group)  # one example a class: the class is its example
    first, second = project.classes[:2]
    both = replace(first, pictures=(*first.pictures, *second.pictures))
    page.session_state["project"] = project.with_class(both)
    page.run()
    page.button_group(key=EACH).set_value("every example").run()
    assert not page.exception
    query = project.queries[0].id
    every = [Pair(query, one.id, picture.id) for one in (both, *project.classes[1:]) for picture in one.pictures]
    assert asked[-1][0] == every
    page.selectbox[2].select(both.pictures[1].id).run()
    assert "**Query region (0, 0)**" in words(page)  # the second target: turned by one
    page.button_group(key=EACH).set_value("every class").run()
    assert page.session_state[session.PAIR] == Pair(query, both.id) and len(asked[-1][0]) == len(project.classes)


def test_the_weight_on_a_known_object_is_held_against_chance(asked: list) -> None:
    page = open_page()
    assert object_box.KNOWN in words(page) and not page.slider
    left = np.zeros((224, 224), bool)
    left[:, :112] = True  # regions of 10 and 30 %
    mark(page, left)
    page.run()
    assert "**40.0 %** of the weight lies on 50.0 % of the picture: **0.80 times** what" in words(page)
    assert [metric.value for metric in page.metric][2:] == ["40.0 %", "50.0 %"]
    page.selectbox(key="fsl_class").select(page.session_state["project"].classes[1].id).run()
    assert "**60.0 %** of the weight lies on 50.0 %" in words(page)  # turned by one: 40 and 20 %


def test_a_box_stands_in_for_the_object(asked: list) -> None:
    page = open_page()
    page.toggle(key=object_box.MARKING).set_value(True).run()
    assert "**25.0 %** of the weight lies on 25.0 % of the picture" in words(page)
    page.slider(key=object_box.ACROSS).set_range(50, 100).run()
    page.slider(key=object_box.DOWN).set_range(50, 100).run()
    assert "**40.0 %** of the weight" in words(page) and "**1.60 times** what chance gives" in words(page)
    page.slider(key=object_box.DOWN).set_range(100, 100).run()
    assert not page.exception and "lies on 0.5 % of the picture" in words(page)
    page.toggle(key=object_box.MARKING).set_value(False).run()
    assert page.session_state[object_box.BOXES] == {} and not page.slider


def test_where_nothing_is_known_of_the_object_nothing_is_said_before_it_is_marked(asked: list) -> None:
    page = open_page()
    shutil.rmtree(page.session_state["store"].folder / "masks")
    page.run()
    assert object_box.KNOWN not in words(page) and "times** what" not in words(page)
    assert len(figures_of(page)) == 6 and page.toggle(key=object_box.MARKING).label == "Mark the object with a box"
    page.toggle(key=object_box.MARKING).set_value(True).run()
    assert "times** what chance gives" in words(page) and len(figures_of(page)) == 8


def test_the_chosen_rule_is_shown_while_the_others_are_under_way(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    known = requests.explained
    monkeypatch.setattr(
        requests,
        "explained",
        lambda *parts, patient=False: None if parts[4] == "kmeans" else known(*parts, patient=patient),
    )
    page = open_page()
    assert len(figures_of(page)) == 8 and "**Query region (1, 1)**" in words(page)
    assert page.dataframe[0].value["rule"].tolist() == ["Cross-reference", "Equal"]  # mean shift waits for k-means


def test_patches_go_by_one_number_and_have_no_box(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    patches = Regions(cells(2, 2), tuple(f"random patch {number}" for number in range(4)))
    monkeypatch.setattr(
        requests, "explained",
        lambda role, work, targets, options, rule, patient=False: weigh(["a", "b", "c", "d", "e"], rule, patches),
    )  # fmt: skip
    page = open_page()
    assert weight_controls.NO_OBJECT in words(page)
    assert not page.toggle and len(figures_of(page)) == 6
    page.number_input(key=match_controls.REGION).set_value(1).run()
    assert "**Query random patch 1**, place 3 of 4" in words(page)


def test_other_rules_have_their_own_formula(asked: list) -> None:
    page = open_page()
    assert "sum_j" in words(page)
    page.selectbox(key="option_weights_deepemd_weights").select("kmeans").run()
    assert asked[-1][1] == {"weights": "kmeans"}
    assert "size of the region's cluster" in words(page) and "sum_j" not in words(page)


def test_a_click_on_another_picture_chooses_it(asked: list) -> None:
    chosen: list[Any] = []
    regions = match_controls.Sides(Regions(cells(2, 2)), Regions(cells(2, 2)))
    state: dict[str, Any] = {"wall": {"selection": {"points": [{"customdata": ["query", 3, 1]}]}}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fsl_core.ui.match_controls.st.session_state", state)
        patch.setattr(session, "choose_pair", lambda *pair: chosen.append(Pair(*pair)))
        weight_controls.clicked_picture("wall", regions, [Pair("q", "a"), Pair("q", "b", "picture")])
        assert (state[SIDE], state[ROW], state[COLUMN]) == ("query", 1, 1)
    assert chosen == [Pair("q", "b", "picture")]


def test_without_an_answer_nothing_is_drawn(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "explained", lambda role, work, *asked, patient=False: None)
    page = open_page()
    assert not figures_of(page) and not page.metric


def test_without_queries_the_page_sends_to_classify(asked: list) -> None:
    page = open_page()
    page.session_state["project"] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception and not figures_of(page)
    assert "There is nothing to weigh yet." in words(page)
    assert [button.label for button in page.button] == ["Go to Classify"]


def test_other_classifiers_are_told_from_deepemd(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, classifier="protonet"))
    page.run()
    assert any("gives its regions no weights" in one.value for one in page.info) and "<" not in html(page)
