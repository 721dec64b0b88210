"""A click on a neighbour and on a region of the query, and an index that is built once, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser

FORMULA = ".st-key-fsl_neighbour_formula"


def click(page: Page, number: int, x: float, y: float) -> None:
    """On a figure, at shares of its width and height."""
    plot = page.locator(".js-plotly-plot .nsewdrag").nth(number)
    plot.scroll_into_view_if_needed()
    settle(page)
    box = plot.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_neighbours_and_regions_are_clicked_and_a_data_set_is_opened(page: Page, address: str) -> None:
    try_sample(page, address)
    follow(page, "Neighbours")
    formula = page.locator(FORMULA).first
    expect(formula).to_contain_text("pooled features of the two pictures", timeout=240_000)
    settle(page)
    first = formula.inner_text()
    click(page, 0, 0.37, 0.5)
    expect(formula).not_to_have_text(first)
    expect(page.get_by_role("combobox", name="Shown large").first).to_have_value(re.compile("^3. "))
    click(page, 1, 0.25, 0.55)
    expect(formula).to_contain_text("features of the two regions", timeout=60_000)
    expect(page.get_by_role("combobox", name="Asked about").first).to_have_value("region (2, 2)")

    settle(page)
    a_data_set_is_looked_up_with_a_bar_that_counts(page)


def a_data_set_is_looked_up_with_a_bar_that_counts(page: Page) -> None:
    page.get_by_text("A data set", exact=True).click()
    settle(page)
    page.get_by_role("spinbutton", name="Images of each class").fill("8")
    page.get_by_role("spinbutton", name="Images of each class").press("Enter")
    settle(page)
    page.get_by_role("button", name="Open the data set").click()
    expect(page.get_by_text(re.compile(r"Looking at Synthetic scenes: image \d+ of 216"))).to_be_visible(
        timeout=240_000
    )
    page.get_by_role("button", name="Stop", exact=True).last.click()
    expect(page.get_by_text("This was stopped before it was done.")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Compute it").click()
    expect(page.get_by_text("216 pictures were compared").first).to_be_visible(timeout=240_000)
    expect(page.locator(FORMULA).first).to_contain_text("/ 216 =")
