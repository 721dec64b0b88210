"""A clicked region of either picture fills in its own numbers, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser


def click(page: Page, x: float, y: float, number: int = 0) -> None:
    """On a figure, at shares of its width and height."""
    plot = page.locator(".js-plotly-plot .nsewdrag").nth(number)
    plot.scroll_into_view_if_needed()
    settle(page)
    box = plot.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_a_clicked_region_fills_in_its_numbers_in_both_directions(page: Page, address: str) -> None:
    try_sample(page, address)
    follow(page, "Alignment")
    formula = page.get_by_test_id("stMarkdown").filter(has_text=re.compile(r"cosine of the features \("))
    expect(formula).to_contain_text(
        re.compile(r"\(query \(\d, \d\), support \(\d, \d\)\) = [+-]0\.\d{4}"), timeout=240_000
    )
    settle(page)
    click(page, 0.23, 0.55)
    expect(formula).to_contain_text("(query (2, 2), support")
    expect(page.get_by_role("spinbutton", name="Row")).to_have_value("2")
    before = formula.inner_text()
    click(page, 0.77, 0.55)
    expect(formula).to_contain_text("(support (2, 2), query")
    assert formula.inner_text() != before
    expect(page.get_by_role("heading", name="The support rebuilt from the other picture")).to_be_visible()

    settle(page)
    page.get_by_role("heading", name="Alignment", exact=True).scroll_into_view_if_needed()  # a list closes on scrolling
    page.get_by_role("combobox", name="Beside").first.click()
    page.get_by_role("option", name="ResNet-12 narrow with CE+SC, 84 px").click()
    attention = page.get_by_test_id("stMarkdown").filter(has_text=re.compile(r"attention \("))
    expect(attention).to_contain_text("(support (2, 2), query", timeout=240_000)
    settle(page)
    before = attention.inner_text()
    click(page, 0.23, 0.75, number=1)
    expect(attention).to_contain_text("(query (3, 2), support")
    expect(attention).to_contain_text(re.compile(r"exp\(q · k / √d\) / Σ exp = .+ = 0\.\d{4}"))
    expect(attention).to_contain_text(re.compile(r"the training objective says \d\.\d{4}, residual"))
    expect(formula).to_contain_text("(query (3, 2), support")
    assert attention.inner_text() != before
