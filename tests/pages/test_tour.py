"""The guided tour: it begins by itself once, goes from page to page, is left and called back; the words."""

import itertools
import re
import time
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from fsl_core.ui import browser, glossary, session
from fsl_core.ui.store import Store
from fsl_core.ui.tour import Turn, walk
from fsl_core.ui.tour_steps import STEPS, Step
from fsl_core.ui.why import PAGES

ROOT = Path(__file__).parents[2]
ALL = [STEPS[number] for number in walk(None)]
TOURED = ("classify", "compare", "why", "transport", *PAGES)


def start() -> AppTest:
    """The Start page as a new session sees it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


def html(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def page_of(app: AppTest) -> str:
    """Address of the page, by its title."""
    return app.title[0].value.lower().replace(" ", "_").removesuffix("?")


def at(app: AppTest) -> Step | None:
    """The step whose card is on the page; None = no card."""
    cards = re.findall(r"<strong>(.+?)</strong> <span>(\d+) of (\d+)</span>", html(app))
    assert len(cards) <= 1
    if not cards:
        return None
    title, number, of = cards[0]
    stops = ALL if int(of) == len(ALL) else own(page_of(app))
    assert (len(stops), stops[int(number) - 1].title) == (int(of), title)
    return stops[int(number) - 1]


def own(page: str) -> list[Step]:
    """The stops of a page's own tour."""
    return [step for step in STEPS if step.page == page]


def keys(node: Any) -> list[str]:
    """Of all containers and widgets on a page, from its top to its end."""
    below = [keys(child) for child in getattr(node, "children", {}).values()]
    return [getattr(node, "key", None) or "", *itertools.chain(*below)]


def shown_below_its_card(app: AppTest, step: Step) -> bool:
    """Whether something that a step outlines is there, and its card above it."""
    found = keys(app.main)
    below = found[found.index("fsl_tour") :]
    return any(key in one for key in re.findall(r"st-key-(\w+)", " ".join(step.shown)) for one in below)


def complete(app: AppTest) -> AppTest:
    """The page once nothing on it is being computed any more."""
    end = time.monotonic() + 120
    while app.get("progress"):
        assert time.monotonic() < end
        app.run()
    assert not app.exception
    return app


@pytest.fixture(autouse=True)
def frame(small_backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages run inside app.py, as in a server that was asked for it before; see `session.require_frame`."""
    begin = PagesManager.__init__

    def inside(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        PagesManager.uses_pages_directory = False
        begin(self, *args, **kwargs)

    monkeypatch.setattr(PagesManager, "__init__", inside)


@pytest.fixture
def toured() -> AppTest:
    """The sample episode in a first visit."""
    return press(start(), "Try the sample episode")


def test_a_first_visit_begins_with_the_tour_and_it_can_be_left(toured: AppTest) -> None:
    assert (toured.title[0].value, at(toured)) == ("Classify", ALL[0])
    assert toured.button(key="fsl_tour_back").disabled and "All pages" not in labels(toured)
    press(toured, "Skip tour")
    assert at(toured) is None
    assert "Skip tour" not in labels(toured)


@pytest.mark.parametrize("first", ["Try the sample episode", "Use my own pictures"])
def test_whoever_was_here_before_is_not_toured_unasked(first: str) -> None:
    press(start(), first)
    again = press(start(), "Try the sample episode")
    assert (again.title[0].value, at(again)) == ("Classify", None)
    assert at(press(again, "Tour")) == own("classify")[0]


def test_own_pictures_are_not_toured_unasked() -> None:
    assert at(press(start(), "Use my own pictures")) is None


def test_where_many_share_the_app_projects_of_others_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.SHARED_VARIABLE, "1")
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda self: {browser.COOKIE: "a" * 32}))
    Store.create(owner="f" * 64)
    assert at(press(start(), "Try the sample episode")) == ALL[0]
    assert at(press(start(), "Try the sample episode")) is None


def test_next_goes_through_all_pages_and_back_leads_back(toured: AppTest) -> None:
    assert {step.page for step in ALL} == set(TOURED)
    for step in ALL:
        assert (at(toured), page_of(toured)) == (step, step.page)
        if step != ALL[-1]:
            press(toured, "Next")
    assert "Skip tour" not in labels(toured)
    for step in ALL[-2:-4:-1]:
        press(toured, "Back")
        assert (at(toured), page_of(toured)) == (step, step.page)
    press(press(toured, "Next"), "Next")
    assert at(press(toured, "Done")) is None


def test_the_tour_of_all_pages_follows_to_another_one_and_that_of_a_page_ends_there(toured: AppTest) -> None:
    for page, place in (("compare", "methods"), ("classify", "keep"), ("weights", "weights")):
        toured.switch_page(f"pages/{page}.py").run()
        assert at(toured).place == place
    press(press(toured, "Tour"), "Next")
    assert at(toured).place == "rules"
    toured.switch_page("pages/start.py").run()
    toured.switch_page("pages/weights.py").run()
    assert at(toured) is None


def test_the_tour_of_a_page_stops_above_what_it_shows(toured: AppTest) -> None:
    for page in dict.fromkeys(step.page for step in STEPS if step.in_depth):
        toured.session_state[session.TOUR] = Turn(walk(page)[0], page)
        toured.switch_page(f"pages/{page}.py").run()
        for number, step in enumerate(own(page)):
            if number:
                press(toured, "Next")
            assert at(complete(toured)) == step
            assert toured.button(key="fsl_tour_back").disabled == (number == 0)
            assert shown_below_its_card(toured, step), step.place
        assert "Skip tour" not in labels(toured)


@pytest.mark.parametrize(("page", "next_place"), [("classify", "why"), ("compare", "keep")])
def test_from_a_page_one_goes_on_to_all(toured: AppTest, page: str, next_place: str) -> None:
    toured.session_state[session.TOUR] = Turn(walk(page)[-1], page)
    press(toured.switch_page(f"pages/{page}.py").run(), "All pages")
    assert at(toured).place == next_place
    assert f"<span>{ALL.index(at(toured)) + 1} of {len(ALL)}</span>" in html(toured)


def test_called_on_the_start_page_it_brings_the_sample_episode() -> None:
    app = press(start(), "Tour")
    assert (app.title[0].value, at(app)) == ("Classify", ALL[0])
    assert app.session_state["project"].is_sample


def test_pages_without_anything_to_show_have_the_card_too() -> None:
    app = press(start(), "Use my own pictures")
    for page in TOURED:
        press(app.switch_page(f"pages/{page}.py").run(), "Tour")
        for number, step in enumerate(own(page), 1):
            assert at(app) == step
            press(app, "Next" if number < len(own(page)) else "Done")


def test_every_move_brings_the_card_into_sight_once(toured: AppTest) -> None:
    first = html(toured)
    assert first.count("window.fewShotLensTour = 1;") == 1
    toured.run()
    assert html(toured).count("window.fewShotLensTour = 1;") == 1
    press(toured, "Next")
    assert html(toured).count("window.fewShotLensTour = 2;") == 1
    press(press(toured, "Skip tour"), "Tour")
    assert html(toured).count("window.fewShotLensTour = 4;") == 1


def test_every_word_is_listed_and_labels_explain_them(toured: AppTest) -> None:
    listed = html(toured)
    for title, meaning in glossary.WORDS.values():
        assert f"<dt>{title}</dt>" in listed
        assert meaning.replace("'", "&#x27;") in listed
    helps = {one.value: one.help for one in toured.header}
    assert helps["1 · Examples"] == glossary.explain("support", "way", "shot")
    assert helps["2 · Pictures to ask about"] == glossary.explain("query")
    assert toured.number_input(key="sample_way").help == glossary.explain("way")
    assert toured.number_input(key="option_settings_deepemd_temperature").help.endswith(glossary.explain("temperature"))
