"""Heat maps in a real browser: a click shows another place's numbers, a drawn box is the object, keys do the same."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser


def open_heat_maps(page: Page, address: str) -> Locator:
    """Open the first query's heat map by the menu; returns the formula on its page."""
    try_sample(page, address)
    follow(page, "Heat maps")
    found = page.locator(".st-key-fsl_heat_formula").first  # while it is drawn anew, the old one may stand below it
    expect(found).to_contain_text("Σ mean gradient · feature", timeout=240_000)
    expect(page.get_by_text("What the verdict rests on")).to_be_visible(timeout=240_000)
    settle(page)
    return found


def at(page: Page, plot: int, across: float, down: float) -> tuple[float, float]:
    """A point of a figure's drawing area on the screen."""
    area = page.locator(".js-plotly-plot").nth(plot)
    area.scroll_into_view_if_needed()
    box = area.locator(".nsewdrag").first.bounding_box()
    assert box
    return box["x"] + box["width"] * across, box["y"] + box["height"] * down


def test_places_object_and_method_are_chosen_by_mouse_and_by_keys(page: Page, address: str) -> None:
    """One walk, as each opening of the page costs half a minute."""
    formula = open_heat_maps(page, address)
    a_clicked_place_shows_its_numbers(page, formula)
    a_box_around_the_object_is_drawn_or_set_by_keys(page)
    another_method_has_another_formula_and_a_verdict_of_its_own(page, formula)


def a_clicked_place_shows_its_numbers(page: Page, formula: Locator) -> None:
    strongest = formula.inner_text()
    page.mouse.click(*at(page, 0, 0.05, 0.9))  # in the lowest row of the picture
    expect(formula).to_contain_text("value at row 4, column 0")
    first = formula.inner_text()
    page.mouse.click(*at(page, 0, 0.95, 0.9))  # and of the map
    expect(formula).to_contain_text("value at row 4, column 4")
    assert len({strongest, first, formula.inner_text()}) == 3
    page.get_by_role("spinbutton", name="Row").fill("1")
    page.get_by_role("spinbutton", name="Row").press("Enter")
    expect(formula).to_contain_text("value at row 1, column 4")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(formula).to_have_text(strongest, use_inner_text=True)


def another_method_has_another_formula_and_a_verdict_of_its_own(page: Page, formula: Locator) -> None:
    settle(page)
    page.get_by_role("heading", name="Heat maps", exact=True).scroll_into_view_if_needed()  # a list closes on scrolling
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="Contributions of regions").click()
    expect(formula).to_contain_text(re.compile(r"score = \d+\.\d+, residual"), timeout=60_000)
    expect(formula).to_contain_text("12.5 · flow · similarity")
    expect(page.get_by_text("What the verdict rests on")).to_be_visible(timeout=120_000)


def a_box_around_the_object_is_drawn_or_set_by_keys(page: Page) -> None:
    page.get_by_text("Mark it with a box instead").click()
    area = page.locator('[data-testid="stMetric"]:has-text("Its area")')
    expect(area).to_contain_text("25.0 %")
    settle(page)
    marking = page.locator(".js-plotly-plot").count() - 1
    page.mouse.move(*at(page, marking, 0.1, 0.2))
    page.mouse.down()
    page.mouse.move(*at(page, marking, 0.5, 0.5), steps=5)
    page.mouse.move(*at(page, marking, 0.9, 0.9), steps=5)
    page.mouse.up()
    expect(area).not_to_contain_text("25.0 %")
    settle(page)
    slider = page.get_by_role("slider").nth(0)
    left = int(slider.input_value())
    slider.focus()
    for moved in (1, 2):
        page.keyboard.press("ArrowRight")  # the second one only if the first has left the focus where it was
        expect(slider).to_have_value(str(left + moved))
        settle(page)
    expect(page.get_by_text("This says whether the model looks at the object")).to_be_visible()
