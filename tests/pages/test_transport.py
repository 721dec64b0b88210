"""The Transport page: what its numbers say follows from hand-made problems; the solvers are the real ones."""

import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.ui import lessons

PAGE = Path(__file__).parents[2] / "pages" / "transport.py"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))


def opened(**state: object) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    for key, value in state.items():
        page.session_state[key] = value
    return finished(page.run())


def finished(page: AppTest) -> AppTest:
    """The page once the solvers have answered."""
    for _ in range(240):
        assert not page.exception and not page.error
        if page.subheader:
            return page
        time.sleep(0.25)
        page.run()
    raise AssertionError("the solvers did not answer")


def text(page: AppTest) -> str:
    return " ".join(element.value for element in page.markdown)


def table(page: AppTest) -> pd.DataFrame:
    return page.dataframe[-1].value.set_index("solver")


def test_all_solvers_agree_and_prove_it() -> None:
    page = opened()
    assert len(page.get("plotly_chart")) == 6
    assert all(chart.proto.alt for chart in page.get("plotly_chart"))
    rows = table(page)
    assert list(rows["status"]) == ["solved"] * 4
    np.testing.assert_allclose(rows["above the optimum"].iloc[:3], 0, atol=1e-5)
    np.testing.assert_allclose(rows["duality gap"].iloc[:3], 0, atol=1e-5)
    assert rows["above the optimum"].iloc[3] > 1e-4
    values = re.findall(r"= \*\*([\d.]+)\*\*", text(page))
    assert len(values) == 2 and values[0] == values[1] == f"{rows['value'].iloc[0]:.4f}"


def test_the_sum_is_written_with_its_numbers() -> None:
    page = opened(**{lessons.PRESET: "tie"})
    assert "Σ flow · cost = 0.5·0.8 + 0.5·0.8 = **0.8000**" in text(page)


def test_the_cost_can_be_the_squared_distance() -> None:
    page = opened(**{lessons.PRESET: "chain"})
    assert page.metric[0].value == "0.2500"
    page.segmented_control(key=lessons.COST).set_value("Squared distance")
    assert finished(page.run()).metric[0].value == "0.0625"


def test_a_pair_says_whether_its_prices_meet_its_cost() -> None:
    page = opened(**{lessons.PRESET: "well"})
    page.selectbox(key=lessons.PILE).select("A")
    page.selectbox(key=lessons.HOLE).select("2").run()
    assert "**A → 2**: cost 0.5000" in text(page)
    assert "equal, so mass may flow. Here 40.00 % of the mass flows" in text(page)
    next(button for button in page.button if button.label == "Clear").click().run()
    assert "A → 2" not in text(page)


def test_more_blur_costs_more_and_the_solver_shows_it() -> None:
    page = opened()
    page.segmented_control(key=lessons.SOLVER).set_value("sinkhorn").run()
    values = []
    for epsilon in (lessons.EPSILONS[0], lessons.EPSILONS[8], lessons.EPSILONS[-1]):
        page.select_slider(key=lessons.BLUR).set_value(epsilon).run()
        values.append(float(page.metric[0].value))
        assert table(page)["value"].iloc[3] == pytest.approx(values[-1], abs=1e-4)
    assert values[0] < values[1] < values[2]
    assert values[0] == pytest.approx(table(page)["value"].iloc[0], abs=1e-3)


def test_tables_without_mass_are_said_to_be() -> None:
    empty = lessons.Tables(*(frame.assign(mass=0.0) for frame in lessons._tables(lessons.EXAMPLES["tie"])))
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state[lessons.PRESET] = "tie"
    page.session_state[lessons.TABLES] = {"tie": empty}
    page.run()
    assert "some mass" in page.info[0].value
    next(button for button in page.button if button.label == "Put it back").click()
    assert finished(page.run()).metric[0].value == "0.8000"


def test_sliders_move_what_is_selected_and_the_tables_follow() -> None:
    page = opened(**{lessons.PRESET: "tie"})
    assert not page.slider
    page.selectbox(key=lessons.PILE).select("A").run()
    page.slider(key="fsl_lesson_piles_y").set_value(0.9)
    assert finished(page.run()).metric[0].value == "0.4000"  # A lies on hole 1 now, B still goes 0.8 to hole 2
    page.selectbox(key=lessons.HOLE).select("2").run()
    page.slider(key="fsl_lesson_holes_mass").set_value(0.0)
    assert finished(page.run()).metric[0].value == "0.4000"  # all of B goes to hole 1 instead
    assert [slider.value for slider in page.slider] == [0.1, 0.9, 50, 0.9, 0.1, 0]
    moved = page.session_state[lessons.TABLES]["tie"]
    assert list(moved.piles["y"]) == [0.9, 0.9] and list(moved.holes["mass"]) == [50, 0]
    next(button for button in page.button if button.label == "Put it back").click()
    assert finished(page.run()).metric[0].value == "0.8000"
    assert page.slider(key="fsl_lesson_piles_y").value == 0.1


def test_the_last_mass_of_a_side_can_not_be_taken_away_by_its_slider() -> None:
    page = opened(**{lessons.PRESET: "well"})
    page.selectbox(key=lessons.PILE).select("A").run()
    assert page.slider(key="fsl_lesson_piles_mass").min == 1.0
    page.selectbox(key=lessons.HOLE).select("2").run()
    assert page.slider(key="fsl_lesson_holes_mass").min == 0.0
