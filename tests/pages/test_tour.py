"""The guided tour: it begins by itself once, goes from page to page, is left and called back; the words."""

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from fsl_core.ui import browser, glossary, session
from fsl_core.ui.store import Store
from fsl_core.ui.tour import STEPS
from fsl_core.ui.why import PAGES

ROOT = Path(__file__).parents[2]


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


def at(app: AppTest) -> int | None:
    """The step whose card is on the page, from 1; None = no card."""
    cards = re.findall(rf"<span>(\d+) of {len(STEPS)}</span>", html(app))
    assert len(cards) <= 1
    return int(cards[0]) if cards else None


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
    assert (toured.title[0].value, at(toured)) == ("Classify", 1)
    assert toured.button(key="fsl_tour_back").disabled
    press(toured, "Skip tour")
    assert at(toured) is None
    assert "Skip tour" not in labels(toured)


@pytest.mark.parametrize("first", ["Try the sample episode", "Use my own pictures"])
def test_whoever_was_here_before_is_not_toured_unasked(first: str) -> None:
    press(start(), first)
    again = press(start(), "Try the sample episode")
    assert (again.title[0].value, at(again)) == ("Classify", None)
    assert at(press(again, "Tour")) == 1


def test_own_pictures_are_not_toured_unasked() -> None:
    assert at(press(start(), "Use my own pictures")) is None


def test_where_many_share_the_app_projects_of_others_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browser.SHARED_VARIABLE, "1")
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda self: {browser.COOKIE: "a" * 32}))
    Store.create(owner="f" * 64)
    assert at(press(start(), "Try the sample episode")) == 1
    assert at(press(start(), "Try the sample episode")) is None


def test_next_goes_through_all_pages_and_back_again(toured: AppTest) -> None:
    assert {step.page for step in STEPS} == {"classify", "compare", "why", "transport", *PAGES}
    for number, step in enumerate(STEPS, 1):
        assert (at(toured), page_of(toured)) == (number, step.page)
        assert step.title in html(toured)
        if number < len(STEPS):
            press(toured, "Next")
    assert "Skip tour" not in labels(toured)
    for number in range(len(STEPS) - 1, 0, -1):
        press(toured, "Back")
        assert (at(toured), page_of(toured)) == (number, STEPS[number - 1].page)
    for _ in STEPS[1:]:
        press(toured, "Next")
    assert at(press(toured, "Done")) is None


def test_the_tour_follows_to_another_page(toured: AppTest) -> None:
    toured.switch_page("pages/compare.py").run()
    assert STEPS[at(toured) - 1].place == "methods"
    toured.switch_page("pages/classify.py").run()
    assert STEPS[at(toured) - 1].place == "keep"
    toured.switch_page("pages/matching.py").run()
    assert STEPS[at(toured) - 1].place == "regions"
    toured.switch_page("pages/start.py").run()
    assert at(toured) is None


@pytest.mark.parametrize("page", ["why", "matching", "transport", "weights", "influence", "compare"])
def test_it_is_called_back_where_one_is(toured: AppTest, page: str) -> None:
    press(toured, "Skip tour")
    toured.switch_page(f"pages/{page}.py").run()
    assert at(toured) is None
    press(toured, "Tour")
    assert STEPS[at(toured) - 1] == next(step for step in STEPS if step.page == page)


def test_called_on_the_start_page_it_brings_the_sample_episode() -> None:
    app = press(start(), "Tour")
    assert (app.title[0].value, at(app)) == ("Classify", 1)
    assert app.session_state["project"].is_sample


@pytest.mark.parametrize("page", ["classify", "why", "matching", "transport", "weights", "influence", "compare"])
def test_pages_without_anything_to_show_have_the_card_too(page: str) -> None:
    app = press(start(), "Use my own pictures").switch_page(f"pages/{page}.py").run()
    press(app, "Tour")
    for number, step in enumerate(STEPS, 1):
        if step.page == page:
            app.session_state[session.TOUR] = app.session_state[session.TOUR]._replace(step=number - 1)
            assert at(app.run()) == number


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
