"""Whether everybody can use it: axe, texts of images, the keyboard, sideways scrolling; all sizes, both themes."""

from collections.abc import Iterator
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from benchmarks.browser import SHOWN, settle
from benchmarks.person import Person
from benchmarks.targets import Figure

SIZES = ((1440, 900), (768, 1024), (390, 844))
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = ("Start", "Classify", *SHOWN, "Training")
SERIOUS = ("serious", "critical")
CONTROLS = "a[href], button:not([disabled]), input:not([type=file]):not([disabled]), textarea, [role=slider], summary"
UNREACHED = """selector => [...document.querySelectorAll(selector)].filter(control => {
    const visible = control.checkVisibility({visibilityProperty: true}) && control.getClientRects().length;
    const whole = control.closest('[data-testid="stElementContainer"]');  // the arrows of a number field belong to it
    const reached = whole && [...whole.querySelectorAll(selector)].some(part => part.tabIndex >= 0);
    return visible && control.tabIndex < 0 && !reached;
}).map(control => control.outerHTML.slice(0, 200))"""
UNNAMED = (
    "() => [...document.images].filter(image => !image.alt && !image.closest('[role=img], [aria-hidden=true]')).length"
)
SIDEWAYS = """() => document.querySelector('[data-testid="stMain"]').scrollWidth - window.innerWidth"""


def pages(person: Person) -> Iterator[str]:
    """Walk through all pages with an answered sample episode, and with a run."""
    person.open()
    yield "Start"
    person.start_sample()
    yield "Classify"
    person.page.get_by_role("button", name="Why?").first.click()
    for name, shown in SHOWN.items():
        person.open(f"{name}?{person.page.url.partition('?')[2]}")
        person.page.locator(shown).first.wait_for()
        settle(person.page)
        yield name
    person.open(f"training?{person.page.url.partition('?')[2]}")
    person.page.locator(".js-plotly-plot").nth(4).wait_for()
    settle(person.page)
    yield "Training"


def serious(page: Page) -> list[str]:
    """Serious and critical findings of axe, contrast among them, one line for each place."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]!r}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def measure(browser: Browser, address: str, tell: bool = False) -> list[Figure]:
    """All pages in all sizes and themes.

    Args:
        tell: whether to print every finding.
    """
    findings, unnamed, unreached, sideways = 0, 0, 0, 0
    for width, height in SIZES:
        for scheme in SCHEMES:
            person = Person(browser, address, width, height)
            person.page.emulate_media(color_scheme=scheme)
            for name in pages(person):
                found = serious(person.page)
                missed = person.page.evaluate(UNREACHED, CONTROLS)
                if tell:
                    for one in (*found, *missed):
                        print(f"{name} {width} {scheme}: {one}", flush=True)
                findings += len(found)
                unnamed += person.page.evaluate(UNNAMED)
                unreached += len(missed)
                sideways += person.page.evaluate(SIDEWAYS) > 0
            person.leave()
    where = f"{len(PAGES)} pages, {len(SIZES)} widths, {len(SCHEMES)} themes"
    return [
        Figure(f"Serious findings of axe, contrast among them ({where})", findings, 0, 0, ""),
        Figure("Images without a text", unnamed, 0, 0, ""),
        Figure("Controls that Tab does not reach", unreached, 0, 0, ""),
        Figure("Pages that scroll sideways", sideways, 0, 0, ""),
    ]
