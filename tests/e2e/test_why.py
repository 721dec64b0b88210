"""From an answer to why, and on to the pages in depth, in a real browser: clicks fill in numbers, figures are kept."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser


def click(page: Page, name: str, x: float, y: float) -> None:
    """On a figure, at shares of its width and height."""
    plot = page.locator(f".st-key-fsl_chart_{name} .nsewdrag").first
    settle(page)
    box = plot.bounding_box()
    assert box
    plot.click(position={"x": box["width"] * x, "y": box["height"] * y})  # scrolls until this point is in view


def clicks_fill_in_their_numbers(page: Page) -> None:
    place = page.locator(".st-key-fsl_heat_formula").first
    expect(place).to_contain_text("The strongest place, as none is selected")
    click(page, "why_heat_map", 0.05, 0.9)
    expect(place).to_contain_text("value at row 4, column 0 = ")
    expect(place).not_to_contain_text("none is selected")
    region = page.locator(".st-key-fsl_why_formula").first
    expect(region).to_have_count(0)
    click(page, "why_matching", 0.2, 0.54)
    expect(region).to_contain_text(re.compile(r"query region \(2, 2\) adds 12\.5 · \(.+\) = [+-]\d"))
    first = page.locator(".st-key-fsl_why_similarity").first.inner_text()
    click(page, "why_nearest", 0.58, 0.47)
    expect(page.get_by_role("combobox", name="Nearest example").first).to_have_value(re.compile("^3. "))
    expect(page.locator(".st-key-fsl_why_similarity").first).not_to_have_text(first)


def test_from_an_answer_to_why_and_into_the_report(page: Page, address: str, tmp_path: Path) -> None:
    try_sample(page, address)
    page.get_by_role("button", name="Why?").first.click()
    expect(page.get_by_role("heading", name="Why?", exact=True)).to_be_visible()
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(3, timeout=240_000)
    expect(page.get_by_text(re.compile(r"a gain of [+-]\d"))).to_be_visible(timeout=240_000)
    settle(page)
    clicks_fill_in_their_numbers(page)
    settle(page)

    page.locator(".st-key-fsl_downloads_why_heat_map button").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG", exact=True).click()
    assert saved.value.suggested_filename == "why_heat_map.svg"
    saved.value.save_as(tmp_path / "map.svg")
    assert (tmp_path / "map.svg").read_text().startswith("<svg")

    page.locator(".st-key-fsl_chart_why_matching").get_by_role("button", name="Add to report").click()
    expect(page.get_by_text("Added to the report")).to_be_visible()
    settle(page)
    page.get_by_role("button", name="See the matching").click()
    expect(page.get_by_role("heading", name="Matching", exact=True)).to_be_visible()
    settle(page)
    follow(page, "Classify")
    settle(page)
    page.locator(".st-key-fsl_report button").first.click()
    with page.expect_download() as report:
        page.get_by_role("button", name="Download the report").click()
    report.value.save_as(tmp_path / "report.html")
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator(".drawn .plot .main-svg").first).to_be_visible()
    expect(page.get_by_text("Zhang, Cai, Lin, Shen")).to_have_count(1)
    with page.expect_download() as figure:
        page.locator(".drawn").get_by_role("button", name="PNG", exact=True).click()
    assert figure.value.suggested_filename == "why_matching.png"
