"""Feature space in a real browser: the picture at the pointer, a point and a cell that are clicked."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser


def middle(one: Locator) -> tuple[float, float]:
    box = one.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_point_shows_its_picture_and_a_click_chooses_it(page: Page, address: str) -> None:
    try_sample(page, address)
    follow(page, "Feature space")
    plot, card = page.locator(".st-key-fsl_map .js-plotly-plot"), page.locator(".st-key-fsl_on_map_card").first
    expect(plot.first).to_be_visible(timeout=240_000)
    settle(page)
    skip = page.get_by_role("button", name="Skip tour")
    if skip.count():
        skip.click()
        expect(page.locator(".st-key-fsl_tour")).to_have_count(0)
    expect(card).to_have_count(1)
    settle(page)
    expect(card).to_contain_text("query")
    plot.scroll_into_view_if_needed()
    x, y = middle(plot.locator(".points path").first)
    page.mouse.move(x - 60, y - 60)
    page.mouse.move(x, y, steps=5)
    expect(page.locator(".fsl-hover")).to_be_visible()
    assert (page.locator(".fsl-hover").get_attribute("src") or "").startswith("data:image/jpeg;base64,")
    page.mouse.click(x, y)
    expect(card).to_contain_text("support", timeout=60_000)
    settle(page)
    page.mouse.move(5, 5)
    expect(page.locator(".fsl-hover")).to_be_hidden()

    page.get_by_test_id("stButtonGroup").get_by_text("Component", exact=True).click()
    maps = page.locator(".js-plotly-plot", has=page.locator(".infolayer"))
    expect(maps).to_have_count(4, timeout=240_000)
    settle(page)
    said = page.get_by_text(re.compile(r"^Cell \(\d, \d\) has"))
    expect(said).to_have_count(0)
    target = maps.nth(2)
    target.scroll_into_view_if_needed()
    page.mouse.click(*middle(target.locator(".nsewdrag").first))
    expect(said.first).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.get_by_role("spinbutton", name="Row")).not_to_have_value("")
