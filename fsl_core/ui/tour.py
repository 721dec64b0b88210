"""The guided tour: a card above the part of a page that it speaks of, which is outlined meanwhile."""

from typing import NamedTuple, NoReturn

import streamlit as st

from fsl_core.ui import browser, recents, session
from fsl_core.ui.tour_steps import STEPS


class Turn(NamedTuple):
    """Where the tour is.

    Attributes:
        step: its number in the table; None = the tour is not on.
        page: whose tour it is; None = that of all pages.
        moves: how often it went anywhere.
    """

    step: int | None = None
    page: str | None = None
    moves: int = 0


# Once for each move: the card comes into sight and takes the focus. It looks again until the page has been complete for
# three seconds, or the person does something. Without scripts the card stays at the edge of the window (style.css).
ARRIVE = """
if (window.fewShotLensTour !== MOVES) {
  window.fewShotLensTour = MOVES;
  let focused = false, calm = 0;
  const look = () => {
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    const grows = (state && state !== "notRunning") || document.querySelector('[data-testid="stProgress"]');
    calm = grows ? 0 : calm + 1;
    if (window.fewShotLensTour !== MOVES || calm > 12) return clearInterval(timer);
    const spot = document.querySelector(".fsl-tour-spot"), card = document.querySelector(".fsl-tour-said");
    if (!spot || !card) return;
    const top = spot.getBoundingClientRect().top;
    if (top < 56 || top > innerHeight / 3) spot.scrollIntoView();
    if (document.activeElement === document.body || !focused) card.focus({ preventScroll: true });
    focused ||= document.activeElement === card;
  };
  const timer = setInterval(look, 250);
  look();
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(kind, () => clearInterval(timer), { once: true, passive: true, capture: true });
}
"""


def walk(page: str | None) -> list[int]:
    """Numbers of the steps of a page's tour, or (None) of that of all pages."""
    return [number for number, step in enumerate(STEPS) if (step.page == page if page else not step.in_depth)]


def welcome() -> None:
    """Begin the tour where this is a first visit: there is no project yet, or none of this browser on a shared app."""
    if not recents.on_disk(browser.owner()):
        _move(0)


def button(page: str) -> None:
    """Begins the tour of the page, where it has none that of all pages."""
    if st.button("Tour", icon=":material/explore:", type="tertiary", key="fsl_tour_again"):
        own = walk(page)
        _go(own[0] if own else 0, page if own else None, page)


def follow(page: str) -> None:
    """Where the person went to a page by themselves, go on with the next step that belongs to it, if there is one.

    The tour of a page ends where the page is left.
    """
    turn = _turn()
    if turn.step is None or STEPS[turn.step].page == page:
        return
    there = [number for number in walk(None) if STEPS[number].page == page]
    if turn.page:
        _move(None)
    elif there:
        _move(next((number for number in there if number > turn.step), there[0]))


def here(*places: str) -> None:
    """The card, where the tour is at one of these places of the page; to be called right above what they show.

    Without a place it is for any, where the page has nothing to show.
    """
    turn = _turn()
    if turn.step is None or (places and STEPS[turn.step].place not in places):
        return
    step, stops = STEPS[turn.step], walk(turn.page)
    place, last = stops.index(turn.step), len(stops) - 1
    outlined = f"{', '.join(step.shown)} {{ outline: 3px solid var(--fsl-accent); outline-offset: 8px; }}"
    script = ARRIVE.replace("MOVES", str(turn.moves))
    st.html(
        f'<div class="fsl-tour-spot"></div><style>{outlined}</style><script>{script}</script>',
        unsafe_allow_javascript=True,
    )
    with st.container(border=True, gap="small", key="fsl_tour"):
        st.html(
            f'<div class="fsl-tour-said" role="region" tabindex="-1" aria-label="Tour, step {place + 1}">'
            f"<p><strong>{step.title}</strong> <span>{place + 1} of {last + 1}</span></p><p>{step.text}</p></div>"
        )
        with st.container(horizontal=True, gap="small", key="fsl_tour_ways"):
            if st.button("Back", key="fsl_tour_back", disabled=place == 0):
                _go(stops[place - 1], turn.page, step.page)
            if st.button("Done" if place == last else "Next", key="fsl_tour_next", type="primary"):
                _go(None if place == last else stops[place + 1], turn.page, step.page)
            if turn.page and st.button("All pages", key="fsl_tour_all"):
                _go(_beyond(turn.page), None, step.page)
            if place < last and st.button("Skip tour", key="fsl_tour_skip", type="tertiary"):
                _go(None, None, step.page)


def _beyond(page: str) -> int:
    """With which step the tour of all pages goes on after a page's own."""
    return next(number for number in walk(None) if number > walk(page)[0] and STEPS[number].page != page)


def _go(step: int | None, of: str | None, page: str) -> NoReturn:
    """Move, in the tour `of` a page or of all, and run `page` again; another page where the step belongs there."""
    _move(step, of)
    if step is None or STEPS[step].page == page:
        st.rerun()
    st.switch_page(f"pages/{STEPS[step].page}.py")


def _turn() -> Turn:
    turn: Turn = st.session_state.get(session.TOUR, Turn())
    return turn


def _move(step: int | None, of: str | None = None) -> None:
    st.session_state[session.TOUR] = Turn(step, of, _turn().moves + 1)
