"""A pile of the Transport page is carried about by the keyboard alone, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import settle

pytestmark = pytest.mark.browser

VALUE = '[data-testid="stMetric"]:has-text("Value")'


def test_a_pile_is_moved_by_keyboard_and_put_back(page: Page, address: str) -> None:
    page.goto(f"{address}/transport")
    expect(page.get_by_text("More and more blur")).to_be_visible(timeout=240_000)
    settle(page)
    value = page.locator(VALUE).inner_text()
    page.get_by_role("combobox", name="Pile").click()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="B").click()
    slider = page.get_by_role("slider", name="x of B")
    slider.focus()
    for place in ("0.26", "0.27"):
        page.keyboard.press("ArrowRight")  # the second one only if the first has left the focus where it was
        expect(slider).to_have_value(place)
        expect(page.locator(VALUE)).not_to_have_text(value)
        settle(page)
    page.get_by_role("button", name="Put it back").click()
    expect(slider).to_have_value("0.25")
    expect(page.locator(VALUE)).to_have_text(value, use_inner_text=True)
