"""From an answer to why, and on to the pages in depth, in a real browser; the figures on the way are kept."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import follow, settle, try_sample

pytestmark = pytest.mark.browser


def test_from_an_answer_to_why_and_into_the_report(page: Page, address: str, tmp_path: Path) -> None:
    try_sample(page, address)
    page.get_by_role("button", name="Why?").first.click()
    expect(page.get_by_role("heading", name="Why?", exact=True)).to_be_visible()
    expect(page.locator(".js-plotly-plot:visible")).to_have_count(3, timeout=240_000)
    expect(page.get_by_text(re.compile(r"a gain of [+-]\d"))).to_be_visible(timeout=240_000)
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
