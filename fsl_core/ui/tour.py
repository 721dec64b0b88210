"""The guided tour: a card above the part of a page that it speaks of, which is outlined meanwhile."""

from typing import NamedTuple, NoReturn

import streamlit as st

from fsl_core.ui import browser, recents, session


class Step(NamedTuple):
    """One stop of the tour.

    Attributes:
        page: address of the page, which is also the name of its file.
        place: name of the spot on the page, as the page gives it to `here`.
        text: HTML.
        shown: CSS selectors of what is outlined.
    """

    page: str
    place: str
    title: str
    text: str
    shown: tuple[str, ...]


class Turn(NamedTuple):
    """Where the tour is: `step` None = it is not on; `moves` counts how often it went anywhere."""

    step: int | None = None
    moves: int = 0


STEPS = (
    Step(
        "classify", "examples", "The examples",
        "These pictures are the <b>support set</b>, all that is known of the classes. The number of classes is the "
        "<b>way</b>, the number of pictures of each is the <b>shot</b>: 5 classes with 1 picture each are “5-way "
        "1-shot”.",
        ('[class*="st-key-fsl_classes_"]',),
    ),
    Step(
        "classify", "answers", "The answers",
        "Each picture here is a <b>query</b>: it is compared with the examples of every class. The answer names the "
        "nearest class in words, and the bars give the probability of each class.",
        ('[class*="st-key-fsl_queries_"]',),
    ),
    Step(
        "classify", "switch", "What one example is worth",
        "Press the eye on an example: all answers come again without it, and those that change are marked. “Undo” "
        "brings it back.",
        ('[class*="st-key-fsl_thumb_"] [class*="st-key-fsl_icon_switch_"] button', ".st-key-step_undo button"),
    ),
    Step(
        "why", "why", "Why?",
        "“Why?”, beside each answer, leads here: which regions match, where the classifier looks, and which examples "
        "are nearest. Below each of the three is the way to more of it.",
        (".st-key-fsl_why_matching", ".st-key-fsl_why_heat_map", ".st-key-fsl_why_nearest"),
    ),
    Step(
        "matching", "regions", "Which region goes where",
        "Each region has a <b>weight</b>, shown by its brightness. The bands are the <b>flow</b>: weight goes to where "
        "it costs least, and two regions cost the less the more alike they are. Click a region to see its flows alone.",
        ('[class*="st-key-fsl_bands_"]',),
    ),
    Step(
        "matching", "formula", "How it adds up",
        "Each flow counts as much as its two regions are alike; the sum times the <b>temperature</b> is the "
        "<b>logit</b>. The class with the highest logit is the answer.",
        (".st-key-fsl_formula",),
    ),
    Step(
        "transport", "transport", "How the flow is found",
        "Regions give and take as piles of earth fill holes: the <b>flow</b> is the cheapest way to do it. Change a "
        "pile or a hole in the tables, or click one to see its flows alone.",
        ('[class*="st-key-fsl_moves_"]',),
    ),
    Step(
        "weights", "weights", "What counts",
        "DeepEMD's weights come from the <b>other</b> picture: what looks like it counts more. Choose another class: "
        "the same query is weighed anew.",
        ('[class*="st-key-fsl_weight_pair_"]',),
    ),
    Step(
        "alignment", "attention", "Where a region looks",
        "Click a region: the other picture shows its <b>attention</b>, the shares in which it looks at the regions "
        "there. A backbone beside the first one shows what its training changed.",
        ('[class*="st-key-fsl_alignment_0_"]',),
    ),
    Step(
        "heat_maps", "heat", "What speaks for the answer",
        "A <b>heat map</b> marks the places of the query that speak for the class. Below it stands whether to believe "
        "it: it must do better than chance when the picture is taken away in its order.",
        ('[class*="st-key-fsl_heat_map_"]',),
    ),
    Step(
        "neighbours", "neighbours", "What is most alike",
        "These pictures have the features most like the query's: what a backbone takes to be the same. Click one to "
        "see it large, and a region of the query to ask about that alone.",
        ('[class*="st-key-fsl_rows_"]',),
    ),
    Step(
        "feature_space", "space", "Where the pictures lie",
        "Each picture is a point, and those with similar <b>features</b> lie close together: filled marks are "
        "examples, hollow ones queries. Point at one to see its picture.",
        (".st-key-fsl_space", ".st-key-fsl_map"),
    ),
    Step(
        "influence", "influence", "Who was asked",
        "The classifier is asked again without each example. A bar says what that example adds to the answer, or takes "
        "from it.",
        ('[class*="st-key-fsl_influence_bars_"]',),
    ),
    Step(
        "compare", "methods", "Other methods, more examples",
        "Several methods answer the same queries: the prototypical network, for one, compares each with the "
        "<b>prototype</b> of every class, the mean of its examples. Where classes have several examples, the curve at "
        "the end of the page shows what more shots bring.",
        (".st-key-classifiers", ".fsl-compare"),
    ),
    Step(
        "classify", "keep", "Keep it",
        "“Open or save” packs pictures, names and answers into one file. “Report”, below the answers, makes a page to "
        "hand in. “Tour” and “Words”, at the top, are always there.",
        (".st-key-open_or_save button", ".st-key-fsl_report button"),
    ),
)  # fmt: skip

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


def welcome() -> None:
    """Begin the tour where this is a first visit: there is no project yet, or none of this browser on a shared app."""
    if not recents.on_disk(browser.owner()):
        _move(0)


def button(page: str) -> None:
    """Begins the tour with the first step that belongs to the page, on other pages with the first of all."""
    if st.button("Tour", icon=":material/explore:", type="tertiary", key="fsl_tour_again"):
        _go(next((number for number, step in enumerate(STEPS) if step.page == page), 0), page)


def follow(page: str) -> None:
    """Where the person went to a page by themselves, go on with the next step that belongs to it."""
    now = _turn().step
    there = [number for number, step in enumerate(STEPS) if step.page == page]
    if now is not None and there and now not in there:
        _move(next((number for number in there if number > now), there[0]))


def here(*places: str) -> None:
    """The card, where the tour is at one of these places; to be called right above what they show."""
    turn = _turn()
    if turn.step is None or STEPS[turn.step].place not in places:
        return
    step, last = STEPS[turn.step], len(STEPS) - 1
    outlined = f"{', '.join(step.shown)} {{ outline: 3px solid var(--fsl-accent); outline-offset: 8px; }}"
    script = ARRIVE.replace("MOVES", str(turn.moves))
    st.html(
        f'<div class="fsl-tour-spot"></div><style>{outlined}</style><script>{script}</script>',
        unsafe_allow_javascript=True,
    )
    with st.container(border=True, gap="small", key="fsl_tour"):
        st.html(
            f'<div class="fsl-tour-said" role="region" tabindex="-1" aria-label="Tour, step {turn.step + 1}">'
            f"<p><strong>{step.title}</strong> <span>{turn.step + 1} of {len(STEPS)}</span></p><p>{step.text}</p></div>"
        )
        with st.container(horizontal=True, gap="small", key="fsl_tour_ways"):
            if st.button("Back", key="fsl_tour_back", disabled=turn.step == 0):
                _go(turn.step - 1, step.page)
            if st.button("Done" if turn.step == last else "Next", key="fsl_tour_next", type="primary"):
                _go(None if turn.step == last else turn.step + 1, step.page)
            if turn.step < last and st.button("Skip tour", key="fsl_tour_skip", type="tertiary"):
                _go(None, step.page)


def _go(step: int | None, page: str) -> NoReturn:
    """Move, and run the page again; another page where the step belongs there."""
    _move(step)
    if step is None or STEPS[step].page == page:
        st.rerun()
    st.switch_page(f"pages/{STEPS[step].page}.py")


def _turn() -> Turn:
    turn: Turn = st.session_state.get(session.TOUR, Turn())
    return turn


def _move(step: int | None) -> None:
    st.session_state[session.TOUR] = Turn(step, _turn().moves + 1)
