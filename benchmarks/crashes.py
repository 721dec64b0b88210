"""The server is killed at random moments of a session; afterwards nothing but the last action may be missing."""

from collections.abc import Callable

import numpy as np
from playwright.sync_api import Browser

from benchmarks.browser import Server, settle
from benchmarks.person import Person
from benchmarks.story import scene
from benchmarks.targets import Figure

MOMENTS = 20
LONGEST = 1.5  # seconds between the beginning of an action and the end of the server

State = tuple[int, tuple[str, ...], int]  # pictures shown, class names, classes and pictures switched off


def state(person: Person) -> State:
    """What a person sees of the project."""
    page = person.page
    page.get_by_role("heading", name="Classify", exact=True).wait_for()
    page.get_by_role("button", name="Add a class").wait_for()
    settle(page)
    names = page.get_by_role("textbox", name="Name of the class").evaluate_all("found => found.map(one => one.value)")
    off = page.locator(".fsl-off").count()
    return person.pictures(), tuple(names), off


def actions(person: Person, number: int) -> list[Callable[[], object]]:
    """What people do; each is one action."""
    page = person.page

    def rename() -> None:
        field = page.get_by_role("textbox", name="Name of the class").nth(number % 5)
        field.fill(f"kind {number}")
        field.press("Enter")

    return [
        rename,
        lambda: person.ask([scene("mug", 500 + number)]),
        lambda: page.get_by_role("button", name="Switch").nth(number % 3).click(),
        lambda: page.get_by_role("button", name="Remove picture").first.click(),
        lambda: page.get_by_role("button", name="Undo").click(),
    ]


def measure(browser: Browser, server: Server, seed: int = 0) -> list[Figure]:
    """Act, kill, start again, look: is what was there before the action there, or what is there after it?"""
    generator = np.random.default_rng(seed)
    person = Person(browser, server.address)
    person.start_sample()
    lost, damaged = 0, 0
    for number in range(MOMENTS):
        person.refreshed()
        before = state(person)
        actions(person, number)[number % 5]()
        person.page.wait_for_timeout(1000 * generator.uniform(0, LONGEST))
        server.kill()
        server.start()
        person.page.reload()
        after = state(person)
        lost += max(0, before[0] - after[0] - 1)  # an action takes at most one picture away
        differing = sum(old != new for old, new in zip(before[1], after[1], strict=False))
        damaged += differing > 1 or abs(after[2] - before[2]) > 1 or len(before[1]) != len(after[1])
        person.answers().first.wait_for()
    person.leave()
    return [
        Figure(
            f"Pictures lost beyond the last action when the server is killed at {MOMENTS} random moments",
            lost,
            0,
            0,
            "",
        ),
        Figure("Of these moments: names or switches that changed beyond the last action", damaged, 0, 0, ""),
    ]
