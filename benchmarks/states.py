"""Every page in every state, three widths, both themes, to be looked at: `python -m benchmarks.states FOLDER`."""

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, FilePayload

from benchmarks.access import SCHEMES, SIZES
from benchmarks.browser import browser, running_app, settle
from benchmarks.person import INBOX, SAMPLE, Person
from benchmarks.story import scene
from benchmarks.training import RECIPES, train


class Camera:
    """Takes the whole length of a person's page under a name."""

    def __init__(self, person: Person, folder: Path, name: str) -> None:
        self._person, self._folder, self._name = person, folder, name

    def shoot(self, state: str) -> None:
        """One state."""
        page = self._person.page
        window = page.viewport_size or {"width": 0, "height": 0}
        content = page.locator('[data-testid="stMainBlockContainer"]').evaluate("element => element.scrollHeight")
        page.set_viewport_size(
            {"width": window["width"], "height": max(window["height"], min(int(content) + 80, 6000))}
        )
        page.wait_for_timeout(800)
        page.screenshot(path=self._folder / f"{state}-{self._name}.png")
        page.set_viewport_size(window)
        page.wait_for_timeout(200)


def walk(person: Person, camera: Camera) -> None:
    """A first visit to all pages."""
    page = person.page
    person.open()
    camera.shoot("start-first")
    person.button(SAMPLE).click()
    person.answers().first.wait_for()
    camera.shoot("classify-tour")
    person.button("Skip tour").click()
    page.get_by_text("Time for features").wait_for()
    person.refreshed()
    camera.shoot("classify-answers")
    quiz = page.get_by_text("Quiz", exact=True).first
    if page.evaluate("innerWidth") > 1000:  # the sidebar with the switch is open on wide windows
        quiz.click()
        page.get_by_text("Guess first").first.wait_for()
        camera.shoot("classify-quiz")
        quiz.click()
        person.answers().first.wait_for()
        settle(page)
    page.get_by_role("button", name="Why?").first.click()
    page.get_by_role("button", name="See the matching").click()
    page.locator(".js-plotly-plot").first.wait_for()
    settle(page)
    camera.shoot("matching")
    for field in ("Row", "Column"):
        page.get_by_role("spinbutton", name=field).fill("2")
        page.get_by_role("spinbutton", name=field).press("Enter")
        settle(page)
    page.get_by_role("button", name="Remove query region (2, 2)").click()
    page.get_by_text("What changed in the plan").first.wait_for()
    page.get_by_text("Solve this problem with two solvers").click()
    page.get_by_text("Largest difference of the plans").wait_for()
    settle(page)
    camera.shoot("matching-what-if")
    person.open(f"compare?{page.url.partition('?')[2]}")  # by its address, as narrow windows hide the menu
    page.get_by_text("methods agree").first.wait_for()
    settle(page)
    camera.shoot("compare")
    person.open(f"transport?{page.url.partition('?')[2]}")
    page.locator(".js-plotly-plot").first.wait_for()
    settle(page)
    camera.shoot("transport")
    person.open(f"training?{page.url.partition('?')[2]}")
    page.locator(".js-plotly-plot").nth(4).wait_for()
    settle(page)
    camera.shoot("training")


def begin_own(person: Person, camera: Camera) -> None:
    """Own pictures, of which there are none yet."""
    page = person.page
    person.open()
    person.button("Use my own pictures").click()
    page.get_by_role("heading", name="Classify", exact=True).wait_for()
    settle(page)
    camera.shoot("classify-empty")
    notes: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.locator(INBOX).last.set_input_files([notes, scene("cat", 1)])
    page.get_by_text("1 skipped").wait_for()
    settle(page)
    camera.shoot("classify-error")
    for name in ("matching", "compare", "training"):
        person.open(f"{name}?{page.url.partition('?')[2]}")
        camera.shoot(f"{name}-empty")
    person.open()
    camera.shoot("start-projects")


def report(person: Person, folder: Path, name: str) -> None:
    """The report as its reader sees it."""
    page = person.page
    person.open(f"classify?{page.url.partition('?')[2]}")
    person.answers().first.wait_for()
    settle(page)
    person.button("Report").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the report").click()
    path = folder / f"report-{name}.html"
    download.value.save_as(path)
    page.goto(path.as_uri())
    page.screenshot(path=folder / f"report-{name}.png", full_page=True)
    path.unlink()


def main() -> None:
    """All widths in both themes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.states", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the screenshots are written")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, browser() as opened:
        runs = Path(place) / "runs"
        for name in RECIPES:
            train(runs, name, 4).wait()
        for width, height in SIZES:
            for scheme in SCHEMES:
                shoot(opened, folder, (width, height), scheme, runs)


def shoot(opened: Browser, folder: Path, size: tuple[int, int], scheme: str, runs: Path) -> None:
    """One width in one theme, with a home of its own, so that every visit is the first; with these runs at first."""
    with tempfile.TemporaryDirectory() as home, running_app(Path(home)) as server:
        person = Person(opened, server.address, *size)
        person.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        name = f"{size[0]}-{scheme}"
        camera = Camera(person, folder, name)
        shutil.copytree(runs, Path(home) / "runs")
        walk(person, camera)
        report(person, folder, name)
        shutil.rmtree(Path(home) / "runs")
        begin_own(person, camera)
        person.leave()


if __name__ == "__main__":
    main()
