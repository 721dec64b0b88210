"""What if a region did not count: plan, score and ranking change at once, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import settle, try_sample

pytestmark = pytest.mark.browser

LOGIT = '[data-testid="stMetric"]:has-text("Logit")'


def open_matching(page: Page, address: str) -> None:
    try_sample(page, address)
    page.get_by_role("button", name="Why?").first.click()
    page.get_by_role("button", name="See the matching").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=240_000)
    settle(page)


def test_a_clicked_region_is_removed_and_put_back(page: Page, address: str) -> None:
    open_matching(page, address)
    plot = page.locator(".js-plotly-plot").first
    logit = page.locator(LOGIT).inner_text()
    ranking = page.locator(".fsl-ranking").inner_text()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.5)
    remove = page.get_by_role("button", name="Remove query region (2, 2)")
    expect(remove).to_be_visible()
    settle(page)
    remove.click()
    expect(page.get_by_text("Changed: query (2, 2) removed.")).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.locator(LOGIT)).not_to_have_text(logit)
    expect(page.locator(".fsl-ranking small").filter(has_text=re.compile(r"^was \d")).first).to_be_visible()
    expect(page.get_by_text("What changed in the plan").first).to_be_visible()
    expect(page.get_by_text(re.compile("^(Still|Now) ")).first).to_be_visible()

    page.get_by_role("button", name="Reset all", exact=True).click()
    expect(page.get_by_text("Changed: query (2, 2) removed.")).to_have_count(0, timeout=60_000)
    settle(page)
    assert page.locator(LOGIT).inner_text() == logit
    assert page.locator(".fsl-ranking").inner_text() == ranking


def test_a_weight_is_changed_by_keyboard_alone(page: Page, address: str) -> None:
    open_matching(page, address)
    for field in ("Row", "Column"):
        page.get_by_role("spinbutton", name=field).fill("1")
        page.get_by_role("spinbutton", name=field).press("Enter")
        settle(page)
    slider = page.get_by_role("slider", name="Its weight")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Changed: query (1, 1) × 1.25.")).to_be_visible(timeout=60_000)
    settle(page)
    expect(page.get_by_role("slider", name="Its weight")).to_have_value("1.25")
