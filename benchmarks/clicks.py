"""Clicks on the pages that explain, until what they ask for is drawn and its numbers stand there."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from playwright.sync_api import Locator

from benchmarks.browser import settle
from benchmarks.person import Person, seconds, typical
from benchmarks.targets import Figure

CLICK, MAP = (0.3, 0.7), (2.5, 5.0)  # seconds: target and limit
MARKS = ".shapelayer, .imagelayer, .heatmaplayer"  # what only the app changes in a figure, not pointing at it
STATE = """([figure, said]) => {
    const seen = one => [...document.querySelectorAll(one)].find(found => found.checkVisibility());
    const plot = seen(`${figure} .js-plotly-plot`), told = seen(said);
    if (!plot || !told) return null;
    const marks = [...plot.querySelectorAll('MARKS')].map(layer => layer.innerHTML).join();
    return [marks, told.value ?? told.innerText];
}""".replace("MARKS", MARKS)
CHANGED = f"""([before, where]) => {{
    const now = ({STATE})(where);
    return now && (!before || (now[0] !== before[0] && now[1] !== before[1]));
}}"""
COMPLETE = "() => !document.querySelector('[data-testid=\"stProgress\"]')"


class Clickable(NamedTuple):
    """What is clicked on a page, and where it shows.

    Attributes:
        page: its name in the menu.
        measure: what is measured, in words.
        clicked: CSS selector of what holds the figure that is clicked.
        places: where, in [0, 1] of its plane; none = on its points, one after another.
        drawn: CSS selector of what holds the figure that changes.
        said: CSS selector of the numbers that change.
    """

    page: str
    measure: str
    clicked: str
    places: Sequence[tuple[float, float]]
    drawn: str
    said: str


def _row_of_regions(left: float, right: float) -> list[tuple[float, float]]:
    """The middle row of the query's five, where the query stands there in the figure's width."""
    return [(left + (right - left) * (column + 0.5) / 5, 0.5) for column in range(5)]


BANDS, PAIR = '[class*="st-key-fsl_bands_"]', '[class*="st-key-fsl_weight_pair_"]'
ALIGNED, BARS = '[class*="st-key-fsl_alignment_0_"]', '[class*="st-key-fsl_influence_bars_"]'
CLICKABLE = (
    Clickable(
        "Matching", "Click on a region until its flows and numbers stand there",
        BANDS, _row_of_regions(0, 0.4), BANDS, '[aria-label="Column"]',
    ),
    Clickable(
        "Weights", "Click on a region until its weight and formula stand there (Weights)",
        PAIR, _row_of_regions(0, 0.48), PAIR, ".st-key-fsl_weight_formula",
    ),
    Clickable(
        "Alignment", "Click on a region until its attention and formula stand there (Alignment)",
        ALIGNED, _row_of_regions(0.05, 0.47), ALIGNED, ".st-key-fsl_alignment_formula_0",
    ),
    Clickable(
        "Neighbours", "Click on a neighbour until it stands there large, with its formula",
        '[class*="st-key-fsl_rows_"]', [((place + 0.5) / 9, 0.5) for place in (2, 3, 4, 2, 3)],  # 0: the query
        ".st-key-fsl_chart_neighbour", ".st-key-fsl_neighbour_formula",
    ),
    Clickable(
        "Influence", "Click on an example until it stands beside the query, with its formula (Influence)",
        BARS, [(0.5, (row + 0.5) / 5) for row in (1, 2, 3, 4, 0)],
        BARS, ".st-key-fsl_influence_card",
    ),
    Clickable(
        "Feature space", "Click on a point until its picture and numbers stand there (Feature space)",
        ".st-key-fsl_map", (), ".st-key-fsl_map", ".st-key-fsl_on_map_card",
    ),
)  # fmt: skip
HEAT_MAP, HEAT_FORMULA = '[class*="st-key-fsl_heat_map_"]', ".st-key-fsl_heat_formula"


def measure(person: Person) -> Iterator[Figure]:
    """All pages, each once nothing on it is being computed any more; then Grad-CAM."""
    for row in CLICKABLE:
        yield Figure(row.measure, _clicks(person, row), *CLICK)
    yield Figure("Choice of a class or a layer until its Grad-CAM map stands there", _grad_cam(person), *MAP)


def _clicks(person: Person, row: Clickable) -> float:
    """Typical time of five clicks, after one that makes sure that each of them chooses something else."""
    page = person.page
    person.go_to(row.page)
    plane = page.locator(f"{row.clicked} .nsewdrag:visible").first
    plane.wait_for()
    page.wait_for_function(COMPLETE)
    settle(page)
    plane.scroll_into_view_if_needed()
    points = page.locator(f"{row.clicked} .points path")
    targets = [(plane, *place) for place in row.places] or [(points.nth(number), 0.5, 0.5) for number in range(5)]
    _point(person, *targets[-1])
    _press(person)
    page.wait_for_timeout(2000)
    settle(page)
    times = []
    for target in targets:
        _point(person, *target)
        times.append(_time(person, partial(_press, person), [row.drawn, row.said]))
    return typical(times)


def _point(person: Person, target: Locator, across: float, down: float) -> None:
    """Bring the pointer there, as a hand does before it clicks: plotly takes a click for what it saw pointed at."""
    box = target.bounding_box()
    assert box
    person.page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    person.page.wait_for_timeout(300)


def _press(person: Person) -> None:
    person.page.mouse.down()
    person.page.mouse.up()


def _time(person: Person, click: Callable[[], object], where: list[str]) -> float:
    """Seconds from a click until both the drawing and the numbers are others than before."""
    page = person.page
    before = page.evaluate(STATE, where)
    took = seconds(click, lambda: page.wait_for_function(CHANGED, arg=[before, where]))
    settle(page)
    return took


def _grad_cam(person: Person) -> float:
    """Typical time of other classes and other layers, while the map before may still be put to the test."""
    page, times = person.page, []
    person.go_to("Heat maps")
    page.locator(f"{HEAT_MAP} .nsewdrag:visible").first.wait_for()
    for box, number in (("Class", 0), ("Class", 1), ("Layer", 2), ("Class", 2), ("Layer", 1), ("Class", 3)):
        page.get_by_role("combobox", name=box, exact=True).click()
        option = page.get_by_role("option").nth(number)
        option.wait_for()
        if number:
            times.append(_time(person, option.click, [HEAT_MAP, HEAT_FORMULA]))
        else:  # whichever was chosen before, each of the others is another one
            option.click()
            page.wait_for_timeout(2000)
            page.locator(f"{HEAT_MAP} .nsewdrag:visible").first.wait_for()
            settle(page)
    return typical(times)
