"""One person at the app in a real browser, with a stopwatch."""

import re
import statistics
import time
from collections.abc import Callable, Sequence

from playwright.sync_api import Browser, FilePayload, Locator, Page

from benchmarks.browser import follow, settle

SAMPLE = "Try the sample episode"
INBOX = '[data-testid="stFileUploader"] input[type=file]'
REFRESHED = """() => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
    && document.querySelector('.fsl-words')
    && !document.querySelector('[data-testid="stProgress"], [data-stale="true"]')
    && ![...document.querySelectorAll('.fsl-old')].some(mark => mark.textContent === 'outdated')"""


class Person:
    """A browser window of its own on the app; every wait is at most two minutes."""

    def __init__(self, browser: Browser, address: str, width: int = 1440, height: int = 900) -> None:
        self._context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(120_000)
        self.address = address
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(request.url))

    def leave(self) -> None:
        """Close the window."""
        self._context.close()

    def button(self, name: str, place: int = 0) -> Locator:
        """A button by its whole name."""
        return self.page.get_by_role("button", name=name, exact=True).nth(place)

    def start_sample(self, name: str = SAMPLE) -> None:
        """Open a sample set without the tour, and wait until its answers were computed here."""
        self.open()
        self.button(name).click()
        self.answers().first.wait_for()
        settle(self.page)
        if self.button("Skip tour").is_visible():  # on a first visit
            self.button("Skip tour").click()
        self.page.get_by_text("Time for features").wait_for()
        settle(self.page)
        self.refreshed()

    def open(self, path: str = "") -> None:
        """Go to a page by its address."""
        self.page.goto(f"{self.address}/{path}")
        settle(self.page)

    def go_to(self, name: str) -> None:
        """Go to a page by the menu."""
        follow(self.page, name)
        self.page.get_by_role("heading", name=name, exact=True).wait_for()
        settle(self.page)

    def answers(self) -> Locator:
        """The answers in words."""
        return self.page.get_by_text("Most like")

    def refreshed(self) -> None:
        """Wait until every answer speaks of the project as it is."""
        self.page.wait_for_function(REFRESHED)

    def ask(self, files: Sequence[FilePayload]) -> None:
        """Drop pictures to ask about."""
        self.page.locator(INBOX).last.set_input_files(files)

    def every_picture(self) -> Locator:
        """The pictures that the page shows, examples and queries."""
        return self.page.get_by_alt_text(re.compile("^(Example of|Query)"))

    def pictures(self) -> int:
        """Their number."""
        return self.every_picture().count()


def seconds(action: Callable[[], object], until: Callable[[], object]) -> float:
    """Wall time from before an action until `until` returns."""
    start = time.perf_counter()
    action()
    until()
    return time.perf_counter() - start


def typical(times: Sequence[float]) -> float:
    """Median."""
    return statistics.median(times)
