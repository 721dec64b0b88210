"""The Influence page in a real browser: a clicked bar, a clicked cell, an example switched off and brought back."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import follow, settle, try_sample
from tests.e2e.test_weights import click

pytestmark = pytest.mark.browser


def test_bars_and_cells_are_clicked_and_an_example_is_switched_off(page: Page, address: str) -> None:
    try_sample(page, address)
    follow(page, "Influence")
    card = page.locator(".st-key-fsl_influence_card").first
    expect(card).to_be_visible(timeout=240_000)
    settle(page)
    before = card.inner_text()

    click(page, page.locator('[class*="st-key-fsl_influence_bars_"] .js-plotly-plot'), 0.95, 0.3)  # the second row
    expect(card).not_to_have_text(before, use_inner_text=True)
    settle(page)
    assert "Without it still" in card.inner_text()

    query = page.get_by_role("combobox", name="Query", exact=True)
    asked = query.input_value()
    click(page, page.locator('[class*="st-key-fsl_influence_matrix_"] .js-plotly-plot'), 0.41, 0.9)  # the fifth column
    expect(query).not_to_have_value(asked, timeout=60_000)
    settle(page)
    expect(card).to_contain_text(query.input_value())

    owner = page.get_by_role("combobox", name="Class", exact=True).input_value()
    assert f"Example of {owner}" in card.inner_text()
    page.get_by_role("button", name="Switch this example off").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_enabled(timeout=60_000)
    expect(card).not_to_contain_text(f"Example of {owner}", timeout=240_000)
    settle(page)
    undo.click()
    expect(undo).to_be_disabled(timeout=60_000)
    settle(page)
    page.get_by_role("combobox", name="Class", exact=True).click()
    expect(page.get_by_role("option", name=owner, exact=True)).to_be_visible()
