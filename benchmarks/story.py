"""The first session of a new user, step by step in a real browser, with what each step took."""

import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, expect

from benchmarks.browser import ROOT, Server, settle
from benchmarks.person import INBOX, SAMPLE, Person, seconds, typical
from benchmarks.targets import Figure
from fsl_core.data.synthetic import render_scene

UNDO_STEPS = 20
ANSWERED = "count => document.querySelectorAll('.fsl-words').length === count"
WATCH = """() => {  // milliseconds from the next click to the first change of the page outside what was clicked
    let clicked = null, start = 0;
    window.acknowledged = null;
    addEventListener('pointerdown', event => {
        clicked = event.target.closest('button');
        start = performance.now();
    }, {capture: true, once: true});
    const watch = new MutationObserver(changes => {
        if (!clicked || changes.every(change => clicked.contains(change.target))) return;
        window.acknowledged = performance.now() - start;
        watch.disconnect();
    });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


def scene(name: str, number: int, width: int = 224, height: int = 224) -> FilePayload:
    """A drawn picture as an uploaded JPEG file, different for every number."""
    image = Image.fromarray(render_scene(name, np.random.default_rng([99, number]), 224).image)
    stream = io.BytesIO()
    image.resize((width, height)).save(stream, "JPEG", quality=90)
    return {"name": f"{name} {number}.jpg", "mimeType": "image/jpeg", "buffer": stream.getvalue()}


def first_answers(browser: Browser, home: Path) -> list[Figure]:
    """A server that was just started, and a person who comes at once."""
    server = Server(home)
    started = seconds(server.start, lambda: None)
    try:
        person = Person(browser, server.address)
        opened = time.perf_counter()
        paint = seconds(lambda: person.page.goto(server.address), person.button(SAMPLE).wait_for)
        shown = seconds(person.button(SAMPLE).click, person.answers().first.wait_for)
        person.page.get_by_text("Time for features").wait_for()
        computed = time.perf_counter() - opened
        person.leave()
    finally:
        server.stop()
    return [
        Figure("Start of the server until it answers", started, 10, 20),
        Figure("First paint, opened just after the start", paint, 2, 5),
        Figure("Clicks to the first answer, sample", 1, 1, 2, ""),
        Figure("Time from that click to the first answer, cold", shown, 1, 3),
        Figure("First computed answer, 5-way 1-shot, from opening the page of a cold server", computed, 8, 15),
    ]


def play(browser: Browser, server: Server) -> Iterator[Figure]:
    """The story on a warm server."""
    person = Person(browser, server.address)
    paint = seconds(lambda: person.page.goto(server.address), person.button(SAMPLE).wait_for)
    person.start_sample()
    yield Figure("First paint, warm server", paint, 2, 5)
    yield _extra_query(person)
    yield from _switch_off(person)
    yield _undo(person)
    yield from _losses(person, server)
    yield _own_folder(browser, server)
    yield _same_numbers(person)
    foreign = {url for url in person.hosts if not url.startswith((server.address, "data:", "blob:", "ws:"))}
    yield Figure("Requests to other hosts", len(foreign), 0, 0, "")
    yield Figure("Errors in the browser's console", len(person.errors), 0, 0, "")
    person.leave()


def _extra_query(person: Person) -> Figure:
    times = []
    for number in range(3):
        wanted = person.page.locator(".fsl-words").count() + 1
        start = time.perf_counter()
        person.ask([scene("mug", number)])
        person.page.wait_for_function(ANSWERED, arg=wanted)
        times.append(time.perf_counter() - start)
        settle(person.page)
        person.refreshed()
    return Figure("One more query, from the file to its answer", typical(times), 1, 2)


def _switch_off(person: Person) -> list[Figure]:
    wanted = 20 - person.answers().count()
    person.ask([scene("boat", 100 + number) for number in range(wanted)])
    expect(person.answers()).to_have_count(20)
    person.refreshed()
    refreshed, acknowledged = [], []
    for name, old, new in (("boat", "off", "on"), ("chair", "off", "on"), ("boat", "on", "off"), ("mug", "off", "on")):
        button = person.page.get_by_role("button", name=f"Switch the class {name} {old}", exact=True)
        button.scroll_into_view_if_needed()
        person.page.evaluate(WATCH)
        start = time.perf_counter()
        button.click()
        acknowledged.append(person.page.wait_for_function("() => window.acknowledged").json_value() / 1000)
        person.page.get_by_role("button", name=f"Switch the class {name} {new}", exact=True).wait_for()
        person.refreshed()
        refreshed.append(time.perf_counter() - start)
        settle(person.page)
    for name in ("chair", "mug"):
        person.page.get_by_role("button", name=f"Switch the class {name} on", exact=True).click()
        person.page.get_by_role("button", name=f"Switch the class {name} off", exact=True).wait_for()
        person.refreshed()
    return [
        Figure("A class switched off or on until all 20 answers are refreshed", typical(refreshed), 1, 2),
        Figure("A click until the page shows that it works", typical(acknowledged), 0.1, 0.4),
    ]


def _undo(person: Person) -> Figure:
    for _ in range(UNDO_STEPS // 2 + 1):
        for state in ("off", "on"):
            person.page.get_by_role("button", name=f"Switch the class chair {state}", exact=True).click()
            other = "on" if state == "off" else "off"
            person.page.get_by_role("button", name=f"Switch the class chair {other}", exact=True).wait_for()
            settle(person.page)
    steps = 0
    undo = person.page.get_by_role("button", name="Undo")  # its name ends in its shortcut
    while undo.is_enabled() and steps < 2 * UNDO_STEPS:
        undo.click()
        steps += 1
        settle(person.page)
    person.refreshed()
    return Figure("Steps that can be undone", steps, 20, 10, "", more_is_better=True)


def _losses(person: Person, server: Server) -> list[Figure]:
    page, before = person.page, person.pictures()

    def lost() -> int:
        page.get_by_role("heading", name="Classify", exact=True).wait_for()
        person.answers().first.wait_for()
        with suppress(AssertionError):
            expect(person.every_picture()).to_have_count(before, timeout=10_000)
        return before - person.pictures()

    person.go_to("Matching")
    person.go_to("Classify")
    figures = [Figure("Pictures lost by a change of page", lost(), 0, 0, "")]
    page.reload()
    figures.append(Figure("Pictures lost by F5", lost(), 0, 0, ""))
    server.kill()
    server.start()
    page.reload()
    return [*figures, Figure("Pictures lost by a server that is killed and started again", lost(), 0, 0, "")]


def _own_folder(browser: Browser, server: Server) -> Figure:
    person, clicks = Person(browser, server.address), 0
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("support", "query"):
            for name in ("cat", "fish"):
                path = Path(folder) / "mine" / kind / name
                path.mkdir(parents=True)
                file = scene(name, 300 + len(kind))
                (path / file["name"]).write_bytes(file["buffer"])
        person.open()
        for click in (person.button("Use my own pictures"), person.button("Folder or zip")):
            click.click()
            clicks += 1
        inbox = person.page.locator(INBOX).and_(person.page.locator("[webkitdirectory]"))
        inbox.set_input_files(Path(folder) / "mine")
        person.answers().first.wait_for()
    person.leave()
    return Figure("Clicks to the first answer, own folder (and the file dialog)", clicks, 2, 4, "")


def _same_numbers(person: Person) -> Figure:
    """The largest difference of a probability between the page's file and the command line, for the same episode."""
    page = person.page
    with page.expect_download() as download:
        page.get_by_role("button", name="Results as JSON").click()
    shown = json.loads(Path(download.value.path()).read_text())
    person.button("Open or save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this episode (.zip)").click()
    with tempfile.TemporaryDirectory() as folder:
        episode = Path(folder) / "episode.zip"
        download.value.save_as(episode)
        command = [sys.executable, "-m", "fsl_core.classify", str(episode), "--classifier", "deepemd", "--json"]
        computed = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout)
    page.keyboard.press("Escape")
    ours, theirs = (
        {row["image"]: row["probabilities"] for row in answers["predictions"]} for answers in (shown, computed)
    )
    assert len(ours) == len(theirs)
    largest = max(abs(ours[image][name] - theirs[image][name]) for image in ours for name in ours[image])
    return Figure("Largest difference of a probability, page and command line", largest, 1e-5, 1e-4, "")


def photos_in_a_zip(browser: Browser, server: Server, home: Path, count: int = 100) -> Figure:
    """A zip of photos of 12 megapixels, from the file to the gallery."""
    classes, path = ("bird", "cat", "fish", "snail", "turtle"), home / "photos.zip"
    large = [scene(name, row, 4000, 3000)["buffer"] for row, name in enumerate(classes)]
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            row = number % len(classes)
            archive.writestr(f"photos/{classes[row]}/{number}.jpg", large[row] + bytes([number]))
    person = Person(browser, server.address)
    person.open()
    person.button("Use my own pictures").click()
    person.page.get_by_role("heading", name="Classify", exact=True).wait_for()
    settle(person.page)
    person.button("Folder or zip").click()
    inbox = person.page.locator(INBOX).and_(person.page.locator('[accept*="zip"]')).first

    def arrived() -> None:
        person.page.get_by_alt_text("Example of turtle").first.wait_for()
        settle(person.page)

    took = seconds(lambda: inbox.set_input_files(path), arrived)
    person.leave()
    return Figure(f"{count} photos of 12 megapixels as a zip until the gallery stands there", took, 10, 20)


def growth_of_memory(browser: Browser, server: Server, cycles: int = 200, settled_after: int = 20) -> Figure:
    """Switch one example after the other off or on, so that every support set is a new one and has to be answered."""
    person = Person(browser, server.address)
    person.start_sample("Animals")
    examples, before = person.page.locator('[class*="st-key-fsl_thumb_"]'), 0.0
    for cycle in range(cycles + settled_after):
        if cycle == settled_after:  # caches are filled by now
            before = server.memory()
        bit = ((cycle + 1) & -(cycle + 1)).bit_length() - 1  # Gray code: which of the first two examples of each class
        switch = examples.nth(3 * (bit // 2) + bit % 2).get_by_role("button", name="Switch")
        said = switch.get_attribute("aria-label") or switch.inner_text()
        switch.click()
        expect(switch).not_to_have_accessible_name(said)
        person.refreshed()
    grown = server.memory() - before
    person.leave()
    return Figure(f"Growth of memory over {cycles} predictions", round(grown, 1), 50, 150, "MB")
