"""The Feature space page, headless; the worker's answers are records of hand-made numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.records import Component, ComponentMap, Embedding, Spectrum, cells
from fsl_core.ui import beforehand, indexes, requests, session, space_component, space_map, space_spectrum
from fsl_core.ui.indexes import CHOSEN, Chosen
from fsl_core.ui.space_jobs import Placed, Seen, spots
from fsl_core.ui.space_spectrum import COMPONENT, VIEW
from tests.ui.test_kept import cited

PAGE = Path(__file__).parents[2] / "pages" / "feature_space.py"
SOURCE = indexes.SOURCE
PIXELS = np.full((8, 8, 3), 120, np.uint8)


def placed(project: Any, method: str) -> Placed:
    """The pictures of the sample in a row; each is the nearest of the next by the features, too."""
    known = spots(project)
    count, ids = len(known), tuple(known)
    rows = {one.id: row for row, one in enumerate(project.classes)}
    labels = np.array([rows.get(spot.class_id or "", -1) for spot in known.values()])
    near = np.array([[row - 1 if row else 1] for row in range(count)])
    return Placed(
        Embedding(
            method, np.stack([np.arange(count) + 0.01 * np.arange(count) ** 2, np.zeros(count)], axis=1), labels,
            tuple(spot.role for spot in known.values()), ids, tuple(spot.picture.name for spot in known.values()),
            tuple(one.name for one in project.classes), (0.5, 0.25) if method == "pca" else None,
            None if method == "pca" else 0, "" if method == "pca" else "perplexity 3", 0.8, 1, near,
            np.full(count, 400.0) if method == "pca" else None,
        ),
        {},
    )  # fmt: skip


def a_spectrum(name: str) -> Spectrum:
    values = np.array([3.0, 2, 1])
    return Spectrum(name, 20, 8, True, True, values, 1.5, 0.5, 1.0, float(np.linalg.norm(values)))


def seen(number: int, query: str | None) -> Seen:
    """Two images; the map on the first sums to 1 over 4 cells."""
    maps = [ComponentMap(number, 0.5, PIXELS, cells(2, 2), np.array(values), float(np.mean(values)))
            for values in ([0.25, 0.75, 0.0, 0.0], [-1.0, 0, 0, 0])]  # fmt: skip
    ends = Component(number, 0.5, ("cat",), np.array([7, 9]), ("low.png", "high.png"), np.stack([PIXELS] * 2),
                     np.array([0, -1]), np.array([-0.25, 0.25]), 1)  # fmt: skip
    return Seen(ends, (maps[1], maps[0]), maps[0] if query else None, np.array([0.5, 0.3, 0.2]))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, tuple[Any, ...]]]:
    """Role and question of everything that the page asks the queue for; no model runs."""
    questions: list[tuple[str, tuple[Any, ...]]] = []

    def explained(
        role: str, work: Callable[..., Any], *question: Any, backbone: str | None = None, patient: bool = False
    ) -> Any:
        questions.append((role, question))
        if role == "map":
            return placed(session.project().in_use, question[0])
        return a_spectrum(role) if role.startswith("spectrum") else seen(question[0], question[-1])

    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    monkeypatch.setattr(requests, "explained", explained)
    monkeypatch.setattr(beforehand, "answered", lambda theme, project, card: project)
    return questions


def open_page(view: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    if view:
        page.session_state[VIEW] = view
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(one.value for one in [*page.markdown, *page.caption, *page.info])


def spec(page: AppTest, number: int = 0) -> str:
    return page.get("plotly_chart")[number].proto.spec


def test_only_what_is_looked_at_is_computed(asked: list) -> None:
    page = open_page()
    assert [role for role, _ in asked] == ["map"] and len(page.get("plotly_chart")) == 1
    assert page.get("plotly_chart")[0].proto.alt
    page.button_group(key=VIEW).set_value("Spectrum").run()
    page.button_group(key=VIEW).set_value("Component").run()
    assert not page.exception and [role.split()[0] for role, _ in asked] == ["map", "spectrum", "component"]
    assert all(figure.proto.alt for figure in page.get("plotly_chart"))


def test_the_map_says_what_it_keeps_and_of_which_picture(asked: list) -> None:
    page = open_page()
    said = words(page)
    assert "50.0% + 25.0% = **75.0%**" in said and "residual" in said and "Trustworthiness **0.80**" in said
    first = page.session_state["project"].queries[0]
    assert page.selectbox(key=space_map.CHOSEN).value == f"query {first.id}"
    assert "400.0000 from the mean of all" in said
    page.button_group(key=space_map.METHOD).set_value("tsne").run()
    assert "t-SNE keeps who is near whom" in words(page) and "Perplexity 3, seed 0." in words(page)
    assert "much is chance" in words(page) and asked[-1][1][0] == "tsne"
    assert "Σ p ln (p / q)" in words(page) and "Visualizing Data using t-SNE" in words(page)
    assert "Venna, Kaski" in words(page)
    assert cited(page, "Feature space", "map") == "van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 2008"
    page.button_group(key=space_map.METHOD).set_value("pca").run()
    assert cited(page, "Feature space", "map").startswith("Pearson")


def test_a_chosen_picture_leads_to_its_page(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    owner = project.classes[1]
    page.selectbox(key=space_map.CHOSEN).select(f"{owner.id} {owner.pictures[0].id}").run()
    assert not page.exception
    assert "Show on Classify" in [button.label for button in page.button]
    assert f"**{owner.name}** · support" in words(page)
    page.selectbox(key=space_map.CHOSEN).select(f"query {project.queries[1].id}").run()
    assert "Why?" in [button.label for button in page.button]
    assert " ✓" in " ".join(one.proto.body for one in page.get("html"))


def test_a_click_is_carried_over_and_what_is_gone_is_forgotten(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.session_state[space_map.CHOSEN] = "query of another project"
    page.run()
    first = page.session_state["project"].queries[0]
    assert page.selectbox(key=space_map.CHOSEN).value == f"query {first.id}"
    state: dict[str, Any] = {"figure": {"selection": {"points": [{"customdata": ["an id"]}]}}}
    monkeypatch.setattr("fsl_core.ui.space_map.st.session_state", state)
    space_map.clicked("figure")
    assert state[space_map.CHOSEN] == "an id"
    state["figure"] = {"selection": {"points": []}}
    space_map.clicked("figure")
    space_spectrum.clicked("figure")
    assert state[space_map.CHOSEN] == "an id" and COMPONENT not in state


def test_a_quiz_gives_no_class_away(asked: list) -> None:
    page = open_page()
    project = page.session_state["project"]
    assert '"boat, query"' in spec(page)
    page.session_state["project"] = replace(project, settings=replace(project.settings, quiz=True))
    page.run()
    assert not page.exception and "class unknown, query" in spec(page) and ", support" in spec(page)
    assert '"boat, query"' not in spec(page) and "guess its class" in spec(page)


def test_the_first_components_in_numbers(asked: list) -> None:
    page = open_page("Spectrum")
    assert "the first component explains singular value² / total = 3² / 14 = 64.3%" in words(page)
    assert "all 3 sum to 1, residual" in words(page)
    assert "EUSIPCO 2007, definition 1" in words(page) and "Davies, Bouldin, IEEE TPAMI 1979" in words(page)
    page.number_input(key=space_spectrum.FIELD).set_value(2).run()
    assert "13 / 14 = 92.9%" in words(page) and page.session_state[COMPONENT] == 2
    row = page.dataframe[0].value.iloc[0]
    assert row["effective_rank"] == pytest.approx(np.exp(-sum(p * np.log(p) for p in (0.5, 1 / 3, 1 / 6))))
    assert row["davies_bouldin"] == 1.5 and row["intra_inter"] == 0.5 and abs(row["residual"]) < 1e-12
    assert space_spectrum.to_csv([a_spectrum("one, two").to_dict()]).splitlines()[1].startswith('"one, two",20,8,')
    next(button for button in page.button if button.label == "See what this component sees").click().run()
    assert not page.exception and asked[-1][0] == "component" and asked[-1][1][0] == 1


def test_switches_are_part_of_the_question(asked: list) -> None:
    page = open_page("Spectrum")
    assert asked[-1][1][:2] == (True, True)
    page.toggle(key="fsl_space_centred").set_value(False).run()
    page.toggle(key="fsl_space_normalised").set_value(False).run()
    assert asked[-1][1][:2] == (False, False)
    page.button_group(key="backbones").set_value([]).run()
    assert not page.exception and "Choose at least one backbone." in words(page)


def test_a_component_with_its_ends_and_maps(asked: list) -> None:
    page = open_page("Component")
    project = page.session_state["project"]
    assert asked[-1][1] == (0, True, True, None, project.queries[0].id)
    assert len(page.get("plotly_chart")) == 4 and "Pearson, Philosophical Magazine 1901" in words(page)
    assert words(page).count("Σ cells / 4 = 1.0000 / 4 = 0.2500; the image's is 0.2500, residual 0e+00") == 2
    page.number_input(key=space_component.ROW).set_value(0)
    page.number_input(key=space_component.COLUMN).set_value(1).run()
    assert "Cell (0, 1) has +0.7500 and adds +0.7500 / 4 = +0.1875" in words(page)
    assert cited(page, "Feature space", "component_0").startswith("Pearson")
    page.selectbox(key=f"{space_component.IMAGE}_place").select(0).run()
    assert "= -1.0000 / 4 = -0.2500" in words(page)
    page.selectbox(key=space_component.QUERY).select(project.queries[2].id).run()
    assert asked[-1][1][-1] == project.queries[2].id == page.session_state[session.PAIR].query_id


def test_a_cell_of_a_larger_grid_is_forgotten(asked: list) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.session_state[VIEW] = "Component"
    page.session_state[space_component.ROW] = page.session_state[space_component.COLUMN] = 4
    page.run()
    assert not page.exception and page.number_input(key=space_component.ROW).value is None


def test_clicks_on_bars_pictures_and_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"figure": {"selection": {"points": [{"customdata": [3]}]}}}
    monkeypatch.setattr("fsl_core.ui.space_component.st.session_state", state)
    space_component.chosen_by_click("figure")
    space_component._clicked_image("figure")
    assert (state[COMPONENT], state[space_component.IMAGE]) == (3, 3)
    state["figure"] = {"selection": {"points": [{"customdata": ["query", 5]}]}}
    space_component._clicked_cell("figure", (2, 3))
    assert (state[space_component.ROW], state[space_component.COLUMN]) == (1, 2)
    state["figure"] = {"selection": {"points": []}}
    space_component._clicked_cell("figure", (2, 3))
    assert state[space_component.ROW] is None


def test_a_data_set_is_chosen_opened_and_left(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "opened", lambda chosen: None)
    page = open_page()
    page.button_group(key=SOURCE).set_value("A data set").run()
    assert not page.exception and "Choose a data set and open it." in words(page) and len(asked) == 1
    page.selectbox(key="space_set").select("A folder or zip on this computer").run()
    opening = page.button(key="space_open")
    assert opening.disabled
    page.selectbox(key="space_set").select("tiny_imagenet").run()
    page.selectbox(key="space_split").select("val")
    page.number_input(key="space_images").set_value(7).run()
    page.button(key="space_open").click().run()
    found = page.session_state[CHOSEN]
    assert isinstance(found, Chosen) and found[:5] == ("tiny_imagenet", "", "val", 7, 0)
    assert not page.exception and len(asked) == 1


def test_without_examples_the_page_sends_to_classify(asked: list) -> None:
    page = open_page()
    page.session_state["project"] = replace(page.session_state["project"], classes=())
    page.run()
    assert not page.exception and not page.get("plotly_chart")
    assert "Go to Classify" in [button.label for button in page.button]


def test_without_queries_there_is_a_map_and_a_component(asked: list) -> None:
    page = open_page()
    page.session_state["project"] = replace(page.session_state["project"], queries=())
    page.run()
    assert not page.exception and len(page.get("plotly_chart")) == 1
    page.button_group(key=VIEW).set_value("Component").run()
    assert not page.exception and asked[-1][1][-1] is None and len(page.get("plotly_chart")) == 3


def test_a_failure_is_one_sentence(asked: list, monkeypatch: pytest.MonkeyPatch) -> None:
    def failed(*args: Any, **kwargs: Any) -> None:
        space_map.st.error("All 2 images have the same features.")

    monkeypatch.setattr(requests, "explained", failed)
    for view in ("Map", "Spectrum", "Component"):
        page = open_page(view)
        assert [error.value for error in page.error] == ["All 2 images have the same features."]
        assert not page.get("plotly_chart")
