"""The guided tour and the words in a real browser: what AppTest cannot see."""

from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, Page, expect

from benchmarks.browser import SHOWN, settle, try_sample
from fsl_core.ui.tour import walk
from fsl_core.ui.tour_steps import STEPS, Step

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
FINE = "found.cardInWindow && found.focused === 'fsl-tour-said' && found.seen && !found.covered"


def arrived(page: Page, step: Step, number: int, of: int) -> None:
    """The card of a step, once its page is complete: in sight, with the focus, above what it shows."""
    expect(page.get_by_text(f"{number} of {of}", exact=True)).to_be_visible()
    if complete := SHOWN.get(step.page):
        page.locator(complete).first.wait_for()
    expect(page.locator('[data-testid="stProgress"]')).to_have_count(0, timeout=240_000)
    settle(page)
    with suppress(Error):  # what is wrong is said below
        page.wait_for_function(f"() => {{ const found = ({SIGHT})(); return {FINE}; }}", timeout=15_000)
    assert page.get_by_role("region", name=f"Tour, step {number}").is_visible()
    found = page.evaluate(SIGHT)
    assert found["cardInWindow"] and found["focused"] == "fsl-tour-said", (step.place, found)
    assert found["outlined"] and found["seen"] and not found["covered"], (step.place, found)
    assert found["wide"] <= 0, (step.place, found)


def walked(page: Page, stops: list[int], first: int, end: str) -> None:
    """Go from the stop at place `first` to the last one, and press a button there."""
    for place in range(first, len(stops)):
        arrived(page, STEPS[stops[place]], place + 1, len(stops))
        page.get_by_role("button", name="Next" if place + 1 < len(stops) else end, exact=True).click()


def test_each_step_is_in_sight_and_covers_nothing_of_what_it_shows(page: Page, address: str) -> None:
    """One project, so that the second walk finds its answers; the tour of Classify is the beginning of that of all."""
    try_sample(page, address)
    own, every = walk("classify"), walk(None)
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.reload()
        page.get_by_text("Most like").first.wait_for()
        settle(page)
        page.get_by_role("button", name="Tour", exact=True).click()
        walked(page, own, 0, "All pages")
        walked(page, every, len(own) - 1, "Done")
        expect(page.locator(".st-key-fsl_tour")).to_have_count(0)
    page.goto(f"{address}/weights?{urlsplit(page.url).query}")  # narrow screens have another menu
    page.get_by_role("heading", name="Weights", exact=True).wait_for()
    settle(page)
    page.get_by_role("button", name="Tour", exact=True).click()
    arrived(page, STEPS[walk("weights")[0]], 1, len(walk("weights")))
    for key in ("Tab", "Enter"):  # by keyboard alone
        page.keyboard.press(key)
    walked(page, walk("weights"), 1, "Done")
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
