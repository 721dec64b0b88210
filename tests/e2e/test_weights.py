"""The Weights page in a real browser: clicks on regions and on other pictures, and a box by keyboard."""

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser

FORMULA = ".st-key-fsl_weight_formula"


def click(page: Page, plot: Locator, across: float, down: float) -> None:
    """Click at a place of a figure, in [0, 1] of its plane."""
    plot.scroll_into_view_if_needed()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def test_a_clicked_region_fills_the_formula_and_another_picture_is_chosen(page: Page, address: str) -> None:
    try_sample(page, address)
    follow(page, "Weights")
    formula = page.locator(FORMULA).first
    expect(formula).to_be_visible(timeout=240_000)
    settle(page)
    before = formula.inner_text()

    pair = page.locator('[class*="st-key-fsl_weight_pair_"] .js-plotly-plot')
    click(page, pair, 0.24, 0.55)  # the middle of the query
    expect(formula).to_contain_text("Query region (2, 2)")
    settle(page)
    assert formula.inner_text() != before
    expect(page.get_by_role("spinbutton", name="Row")).to_have_value("2")

    chosen = page.get_by_role("combobox", name="Class", exact=True)
    was = chosen.input_value()
    weight = formula.locator('[data-testid="stMetric"]').first.inner_text()
    wall = page.locator('[class*="st-key-fsl_weight_wall_"] .js-plotly-plot')
    click(page, wall, 0.5 if was != "clock" else 0.1, 0.55)  # the middle of another class's picture
    expect(chosen).not_to_have_value(was, timeout=60_000)
    settle(page)
    expect(formula).to_contain_text("Query region (2, 2)")
    assert formula.locator('[data-testid="stMetric"]').first.inner_text() != weight

    share = page.get_by_text("of the weight lies on").first
    expect(page.get_by_text("known to the pixel")).to_be_visible()  # a drawn scene
    known = share.inner_text()
    page.get_by_text("Mark it with a box instead").click()
    expect(share).not_to_have_text(known)
    settle(page)
    told = share.inner_text()
    handle = page.get_by_role("slider", name="From left to right (%)").first
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(share).not_to_have_text(told)
