"""The Heat maps page, headless; maps and judgements are records of hand-made numbers."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.classifiers import DeepEMD
from fsl_core.records import NodeWeights, Picture, Products, Regions, Saliency, Verdict, cells
from fsl_core.ui import beforehand, heat_badge, heat_controls, object_box, requests, session
from fsl_core.ui.engine import Pair
from fsl_core.ui.heat_jobs import Asked, Judgement
from fsl_core.ui.papers import POINTING
from tests.records.test_saliency import make_belief, make_saliency
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "heat_maps.py"
TITLES = {"grad_cam": "Grad-CAM", "occlusion": "Occlusion"}
LEFT, RIGHT = np.array([3.0, -1.0])[:, None, None], np.arange(18.0).reshape(2, 3, 3)


def map_by(asked: Asked) -> Saliency:
    products = Products(("mean gradient", "feature"), ("channel 0", "channel 1"), LEFT, RIGHT)
    values = (LEFT * RIGHT).sum(axis=0)
    return make_saliency(
        values, title=TITLES.get(asked.method, asked.method), method=asked.method,
        products=products if asked.method == "grad_cam" else None, image=np.full((32, 32, 3), 90, np.uint8),
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple]:
    """Everything that the page asks the queue for; no model runs."""
    asks: list[tuple] = []

    def explained(role: str, work: Any, kind: str, *parts: Any, patient: bool = False) -> Any:
        asks.append((kind, *parts))
        if kind == "grids":
            return ((42, 42), (10, 10), (3, 3))
        saliency = map_by(Asked(*parts))
        belief = make_belief([0.9, 0.1, 0.1], [0.1, 0.7, 0.9], title=saliency.title)
        return saliency if kind == "map" else Judgement(saliency, belief.verdict, belief)

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "explained", explained)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return asks


def open_page() -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60).run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info, *page.warning, *page.error])


def figures_of(page: AppTest) -> list:
    return page.get("plotly_chart")


def maps(asked: list[tuple]) -> list[Asked]:
    return [Asked(*one[1:]) for one in asked if one[0] == "map"]


def test_the_page_shows_the_map_of_the_first_query_with_its_verdict(asked: list[tuple]) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert maps(asked) == [Asked(project.queries[0].id, project.classes[0].id, None, "grad_cam", ())]
    assert [one[0] for one in asked] == ["grids", "map", "judge"]
    assert len(figures_of(page)) == 3 and all(figure.proto.alt for figure in figures_of(page))
    assert "logit of cat** = 1.0000" in words(page) and ":green-badge" in words(page)
    assert "believable" in words(page) and "equations 1 and 2" in words(page)
    assert "rule of its solver, Network simplex" in words(page)
    # the strongest place, with its factors
    assert "row 0, column 0" in words(page) and "(−1) · 9 *(channel 1)* + 3 · 0" in words(page)
    assert "= **-9**" in words(page) and "no residual" in words(page)
    assert "Agreement with random weights** = +0.10" in words(page)
    assert "0.600 − 0.300 = **+0.300**: more than 4 of 4 random orders" in words(page)


def test_number_fields_select_a_cell_and_a_coarser_map_forgets_it(asked: list[tuple]) -> None:
    page = open_page()
    page.number_input(key=heat_controls.ROW).set_value(1)
    page.number_input(key=heat_controls.COLUMN).set_value(0).run()
    assert "value** at row 1, column 0" in words(page) and "= **-3**" in words(page)
    asks = len(asked)
    page.button(key="fsl_heat_clear").click().run()
    assert "row 0, column 0" in words(page)
    assert len(asked) - asks <= 3
    page.session_state[heat_controls.ROW], page.session_state[heat_controls.COLUMN] = 40, 1
    page.run()
    assert not page.exception and page.number_input(key=heat_controls.ROW).value is None


def test_a_click_is_carried_over_to_the_number_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [{"customdata": [2, 1, 0.5]}]
    monkeypatch.setattr("fsl_core.ui.heat_controls.st.session_state", {"key": {"selection": {"points": points}}})
    heat_controls.clicked("key")
    state = heat_controls.st.session_state
    assert (state[heat_controls.ROW], state[heat_controls.COLUMN]) == (2, 1)
    points.clear()
    heat_controls.clicked("key")
    assert (state[heat_controls.ROW], state[heat_controls.COLUMN]) == (None, None)


def test_method_target_layer_and_sign_are_asked_for(asked: list[tuple]) -> None:
    page = open_page()
    classes = page.session_state["project"].classes
    page.selectbox(key=heat_controls.AGAINST).select(classes[2].id).run()
    page.selectbox(key=heat_controls.LAYER).select(2).run()
    page.selectbox(key="option_heat_maps_grad_cam_sign").select("all").run()
    assert maps(asked)[-1][2:] == (classes[2].id, "grad_cam", (("sign", "all"), ("stage", 2)))
    assert page.selectbox(key=heat_controls.LAYER).options == [
        "stage 1 of 3: 42 × 42 cells", "stage 2 of 3: 10 × 10 cells", "stage 3 of 3: 3 × 3 cells",
    ]  # fmt: skip
    page.selectbox(key=heat_controls.METHOD).select("occlusion").run()
    assert maps(asked)[-1][2:] == (classes[2].id, "occlusion", ())
    keys = {
        one.key for one in [*page.selectbox, *page.slider, *page.number_input] if "option_heat_maps" in str(one.key)
    }
    assert keys == {f"option_heat_maps_occlusion_{name}" for name in ("window", "stride", "sign")}
    page.selectbox(key=heat_controls.METHOD).select("grad_cam").run()
    assert maps(asked)[-1][2:] == (classes[2].id, "grad_cam", (("sign", "all"), ("stage", 2)))
    page.selectbox(key="fsl_class").select(classes[2].id).run()
    assert maps(asked)[-1].against_id is None  # no class is explained against itself


def test_a_value_that_cannot_be_is_told_and_the_old_one_kept(asked: list[tuple]) -> None:
    page = open_page()
    page.selectbox(key=heat_controls.METHOD).select("occlusion").run()
    page.slider(key="option_heat_maps_occlusion_stride").set_value(40.0).run()
    assert any("must not exceed its window" in error.value for error in page.error)
    assert maps(asked)[-1].options == ()
    page.slider(key="option_heat_maps_occlusion_stride").set_value(20.0).run()
    assert not page.error and maps(asked)[-1].options == (("stride", 20.0),)


def test_methods_that_do_not_fit_are_not_offered_and_it_is_said_why(asked: list[tuple]) -> None:
    page = open_page()
    assert "Not offered" not in words(page)
    page.selectbox(key=heat_controls.METHOD).select("weights").run()
    project = page.session_state["project"]
    page.session_state["project"] = replace(project, settings=replace(project.settings, classifier="protonet"))
    page.run()
    assert page.selectbox(key=heat_controls.METHOD).options == [
        "Grad-CAM", "Guided Grad-CAM", "Integrated gradients", "Occlusion",
    ]  # fmt: skip
    assert maps(asked)[-1].method == "grad_cam"
    assert "Not offered: Contributions of regions exists for DeepEMD" in words(page).replace("\\", "")
    assert "solver" not in words(page)


def test_a_transductive_classifier_is_refused_in_one_sentence(
    asked: list[tuple], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DeepEMD, "transductive", True)
    page = open_page()
    assert "answers all queries together" in words(page)
    assert not asked and not figures_of(page)


def test_a_blank_map_is_named_as_such_and_not_tested(asked: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    blank = make_saliency(-1 - np.random.default_rng(0).random((3, 3)), "positive", target="logit of *cat*")
    monkeypatch.setattr(
        requests, "explained", lambda role, work, kind, *parts, **others: ((3, 3),) if kind == "grids" else blank
    )
    page = open_page()
    assert any("nothing speaks for the target" in warning.value for warning in page.warning)
    assert "no map" in words(page) and "another sign" in words(page) and "logit of \\*cat\\*" in words(page)
    assert object_box.MARKING not in [toggle.key for toggle in page.toggle] and len(figures_of(page)) == 1


def test_the_marked_object_is_told_against_its_area(asked: list[tuple]) -> None:
    page = open_page()
    page.toggle(key=object_box.MARKING).set_value(True).run()
    query = page.session_state["project"].queries[0].id
    assert [metric.value for metric in page.metric][1:] == ["25.0 %", "miss"]
    page.slider(key=object_box.ACROSS).set_range(0, 100).run()
    page.slider(key=object_box.DOWN).set_range(30, 100).run()
    assert page.session_state[object_box.BOXES] == {query: (0.3, 0.0, 1.0, 1.0)}
    assert [metric.value for metric in page.metric] == ["100.0 %", "70.0 %", "hit"]
    assert "**1.43 times** what chance" in words(page)
    page.selectbox(key="fsl_query").select(page.session_state["project"].queries[1].id).run()
    assert not page.toggle(key=object_box.MARKING).value and not page.slider  # another picture has another object
    weights = AppTest.from_file(str(PAGE.with_name("weights.py")), default_timeout=60)
    for key in (session.PROJECT, session.STORE, object_box.BOXES):
        weights.session_state[key] = page.session_state[key]
    even = NodeWeights(
        "equal", Picture("query", np.zeros((8, 8, 3), np.uint8), Regions(cells(2, 2))),
        (Picture("target", np.zeros((8, 8, 3), np.uint8), Regions(cells(2, 2))),) * 5,
        *[np.full((5, 4), 0.25)] * 4,
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requests, "explained", lambda *parts, patient=False: replace(even, rule=parts[4]))
        weights.run()
    assert not weights.exception and weights.toggle(key=object_box.MARKING).value
    assert weights.slider(key=object_box.DOWN).value == (30, 100)  # the box counts on the other page
    assert "**70.0 %** of the weight lies on 70.0 %" in words(weights)


def test_the_object_of_a_drawn_scene_is_known(asked: list[tuple]) -> None:
    page = open_page()
    store, query = page.session_state["store"], page.session_state["project"].queries[0]
    assert object_box.KNOWN in words(page) and len(page.metric) == 3 and len(figures_of(page)) == 3
    made, told = cited(page, "Heat maps", "object").split("; ")
    assert made.startswith("Selvaraju") and told == POINTING
    cases = ((slice(0, 56), ["0.0 %", "25.0 %", "miss"]), (slice(56, 224), ["100.0 %", "75.0 %", "hit"]))
    for rows, numbers in cases:  # nothing in the upper quarter speaks for the class
        part = np.zeros((224, 224), bool)
        part[rows] = True
        store.add(store.original(query.id), query.picture.name, part)
        page.run()
        assert [metric.value for metric in page.metric] == numbers
    shutil.rmtree(store.folder / "masks")
    page.run()
    assert object_box.KNOWN not in words(page) and not page.metric and len(figures_of(page)) == 2


def test_what_is_explained_is_a_class_and_no_example(asked: list[tuple]) -> None:
    page = open_page()
    assert not [box for box in page.selectbox if box.label == "Example"]
    project = page.session_state["project"]
    first, second = project.classes[:2]
    page.session_state["project"] = project.with_class(replace(first, pictures=(*first.pictures, *second.pictures)))
    page.session_state[session.PAIR] = Pair(project.queries[0].id, first.id, first.pictures[0].id)
    page.selectbox(key="fsl_query").select(project.queries[1].id).run()
    assert page.session_state[session.PAIR] == Pair(project.queries[1].id, first.id, first.pictures[0].id)
    page.selectbox(key="fsl_class").select(second.id).run()
    assert page.session_state[session.PAIR].picture_id is None


def test_a_drawn_box_becomes_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = {"selection": {"box": [{"x": [0.8, 0.2], "y": [-0.1, 0.5]}], "points": []}}
    monkeypatch.setattr(
        "fsl_core.ui.object_box.st.session_state", {"figure": drawn, object_box.BOXES: {"other": object_box.START}}
    )
    object_box._drawn("figure", "query")
    boxes = object_box.st.session_state[object_box.BOXES]
    assert boxes == {"other": object_box.START, "query": (0.0, 0.2, 0.5, 0.8)}


@pytest.mark.parametrize(("box", "count"), [((0.0, 0.0, 1.0, 1.0), 10_000), ((1.0, 0.5, 1.0, 0.5), 1)])
def test_no_mark_is_empty(box: tuple, count: int) -> None:
    assert object_box.mask_of(box).sum() == count


def test_all_methods_are_compared_on_request_for_this_question_only(asked: list[tuple]) -> None:
    page = open_page()
    before = len(asked)
    page.button(key="fsl_heat_compare").click().run()
    judged = [one[4] for one in asked[before:] if one[0] == "judge"][1:]
    assert judged == [
        "grad_cam", "guided_grad_cam", "integrated_gradients", "occlusion", "contributions", "weights",
    ]  # fmt: skip
    assert len(figures_of(page)) == 4
    table = page.dataframe[0].value
    assert list(table["verdict"]) == ["believable"] * 6 and table["gain"][0] == pytest.approx(0.3)
    page.selectbox(key="fsl_query").select(page.session_state["project"].queries[1].id).run()
    assert len(figures_of(page)) == 3 and page.button(key="fsl_heat_compare").label == "Compare all 6 methods"


def test_a_method_that_fails_in_the_comparison_says_so(asked: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    known = requests.explained

    def explained(role: str, work: Any, kind: str, *parts: Any, patient: bool = False) -> Any:
        if kind == "judge" and parts[3] == "guided_grad_cam":
            return Judgement(None, Verdict("no map", "It has no *rectifiers*."), None)
        return known(role, work, kind, *parts)

    monkeypatch.setattr(requests, "explained", explained)
    page = open_page()
    page.button(key="fsl_heat_compare").click().run()
    assert not page.exception and "Guided Grad-CAM: It has no \\*rectifiers\\*" in words(page)
    assert list(page.dataframe[0].value["verdict"]).count("no map") == 1


def test_a_small_map_that_is_clicked_becomes_the_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [{"customdata": [1]}]
    monkeypatch.setattr("fsl_core.ui.heat_controls.st.session_state", {"key": {"selection": {"points": points}}})
    heat_controls.pick_method("key", ("grad_cam", "occlusion"))
    assert heat_controls.choice().method == "occlusion"


def test_every_verdict_has_a_badge() -> None:
    words = {"believable", "no better than chance", "worse than chance", "does not depend on the weights",
             "cannot be told", "no map"}  # fmt: skip
    assert set(heat_badge.LOOKS) == words
    assert heat_badge.marked("believable") == "✓ believable"


def test_while_the_map_is_made_nothing_stands_below(asked: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        requests, "explained", lambda role, work, kind, *parts, **others: ((3, 3),) if kind == "grids" else None
    )
    page = open_page()
    assert not figures_of(page) and not page.header
    monkeypatch.setattr(requests, "explained", lambda role, work, kind, *parts, **others: None)
    assert not figures_of(page.run()) and not page.exception


def test_without_queries_the_page_sends_to_classify(asked: list[tuple]) -> None:
    page = open_page()
    page.session_state[session.PROJECT] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception and not figures_of(page)
    assert [button.label for button in page.button] == ["Go to Classify"]
