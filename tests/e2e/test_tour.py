"""The guided tour and the words in a real browser: what AppTest cannot see."""

import pytest
from playwright.sync_api import Page, expect

from benchmarks.browser import SHOWN, settle, try_sample
from fsl_core.ui.tour import STEPS

pytestmark = pytest.mark.browser

SIGHT = """() => {
  const card = document.querySelector(".st-key-fsl_tour").getBoundingClientRect();
  const shown = [...document.querySelectorAll("[class*='st-key-'] , [class*='st-key-'] button, .fsl-compare")].filter(
    (one) => one.checkVisibility() && getComputedStyle(one).outlineStyle === "solid" &&
      getComputedStyle(one).outlineWidth === "3px" && getComputedStyle(one).outlineOffset === "8px"
  ).map((one) => one.getBoundingClientRect());
  const inWindow = shown.filter((one) => one.top < innerHeight - 60 && one.bottom > 60 && one.height > 0);
  return {
    cardInWindow: card.top >= 56 && card.bottom <= innerHeight,
    focused: document.activeElement.className,
    outlined: shown.length,
    seen: inWindow.length,
    covered: inWindow.filter((one) => one.top < card.bottom - 1 && one.bottom > card.top + 1).length,
    wide: document.scrollingElement.scrollWidth - innerWidth,
  };
}"""


def arrived(page: Page, step: int) -> None:
    """Wait until the card of a step has come to rest."""
    expect(page.get_by_text(f"{step} of {len(STEPS)}", exact=True)).to_be_visible()
    if complete := SHOWN.get(STEPS[step - 1].page):
        page.locator(complete).first.wait_for()
    page.wait_for_function(f"({SIGHT})().seen")
    expect(page.locator('[data-testid="stProgress"]')).to_have_count(0, timeout=240_000)
    settle(page)
    page.wait_for_timeout(1000)


@pytest.mark.parametrize("width", [1440, 390])
def test_each_step_is_in_sight_and_covers_nothing_of_what_it_shows(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    try_sample(page, address)
    page.get_by_role("button", name="Tour", exact=True).click()
    for step in range(1, len(STEPS) + 1):
        arrived(page, step)
        assert page.get_by_role("region", name=f"Tour, step {step}").is_visible()
        found = page.evaluate(SIGHT)
        assert found["cardInWindow"] and found["focused"] == "fsl-tour-said", (step, found)
        assert found["outlined"] and found["seen"] and not found["covered"], (step, found)
        assert found["wide"] <= 0, (step, found)
        if step == 1:  # by keyboard alone
            for key in ("Tab", "Enter"):
                page.keyboard.press(key)
        else:
            page.get_by_role("button", name="Done" if step == len(STEPS) else "Next", exact=True).click()
    expect(page.locator(".st-key-fsl_tour")).to_have_count(0)


def test_words_open_by_hover_and_by_keyboard(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("button", name="Use my own pictures").click()
    expect(page.get_by_role("heading", name="1 · Examples")).to_be_visible()
    settle(page)
    sign = page.locator(".stHeading", has_text="1 · Examples").get_by_test_id("stTooltipIcon").locator("button")
    meaning = page.get_by_role("tooltip").filter(has_text="The number of classes in an episode.")
    sign.hover()
    expect(meaning).to_be_visible()
    page.mouse.move(5, 400)
    expect(meaning).to_have_count(0)
    page.get_by_label("Arrange", exact=True).focus()
    while page.evaluate("document.activeElement.closest('.stHeading') === null"):
        page.keyboard.press("Tab")
    expect(meaning).to_be_visible()
    page.get_by_role("button", name="Words").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".fsl-glossary")).to_contain_text("Prototype")
