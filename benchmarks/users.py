"""Ten people at once, each in a browser window of their own: how long answers take, and that nobody sees another's."""

import asyncio
import re
import time
from collections.abc import Sequence

import numpy as np
from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks.browser import FLAGS, chromium
from benchmarks.person import REFRESHED
from benchmarks.story import scene
from benchmarks.targets import Figure

PEOPLE, TURNS = 10, 5
PAUSE = (4.0, 12.0)  # seconds between two actions of a person: looking at the answers
THEMES = ("A bit of everything", "Animals", "Things that move", "At home", "Food and drink")


async def person(browser: Browser, address: str, number: int) -> tuple[list[float], int]:
    """Open a sample set, then ask about one more picture again and again.

    Returns:
        Seconds from each file to its answer, and how many pictures of other people were seen.
    """
    generator = np.random.default_rng(number)
    context = await browser.new_context(viewport={"width": 1200, "height": 800})
    page = await context.new_page()
    page.set_default_timeout(180_000)
    await page.goto(address)
    await page.get_by_role("button", name=THEMES[number % len(THEMES)], exact=True).click()
    await page.get_by_text("Most like").first.wait_for()
    await page.wait_for_function(REFRESHED)
    times = []
    for turn in range(TURNS):
        await asyncio.sleep(generator.uniform(*PAUSE))
        before = await page.get_by_text("Most like").count()
        file = scene("mug", 1000 * number + turn) | {"name": f"person {number} turn {turn}.jpg"}
        start = time.perf_counter()
        await page.locator('[data-testid="stFileUploader"] input[type=file]').last.set_input_files([file])
        await expect(page.get_by_text("Most like")).to_have_count(before + 1, timeout=180_000)
        await page.wait_for_function(REFRESHED)
        times.append(time.perf_counter() - start)
    foreign = await _foreign(page, number)
    await context.close()
    return times, foreign


async def _foreign(page: Page, number: int) -> int:
    names = await page.get_by_alt_text(re.compile("person")).evaluate_all("found => found.map(image => image.alt)")
    mine = [name for name in names if f"person {number} " in name]
    assert len(mine) == TURNS
    return len(names) - len(mine)


async def all_at_once(address: str) -> list[tuple[list[float], int]]:
    """Every person in one browser, which takes its share of the two cores."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        found = await asyncio.gather(*(person(browser, address, number) for number in range(PEOPLE)))
        await browser.close()
    return list(found)


def measure(address: str) -> Sequence[Figure]:
    """The 95th percentile of an answer's time, and how much of other people's work was to be seen."""
    found = asyncio.run(all_at_once(address))
    times = [one for person_times, _ in found for one in person_times]
    seen = sum(foreign for _, foreign in found)
    return [
        Figure(
            f"{PEOPLE} people at once: 95th percentile from a file to its answer", float(np.quantile(times, 0.95)), 2, 5
        ),
        Figure(f"{PEOPLE} people at once: median", float(np.median(times)), 2, 5),
        Figure("Pictures of other people that somebody saw", seen, 0, 0, ""),
    ]
