"""What the Influence page chooses and says: an example and a query, side by side."""

from typing import NamedTuple

import streamlit as st

from fsl_core import figures
from fsl_core.errors import FSLError
from fsl_core.records import Influence, Measure
from fsl_core.ui import cached, gallery, glossary, quiz, session, uploads
from fsl_core.ui.answers import percent
from fsl_core.ui.engine import Pair, rows_of
from fsl_core.ui.pieces import ImageClass, Picture
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain, shortened

MEASURE = "fsl_influence_measure"  # key of a widget
PAGE = {False: 40, True: 8}  # queries that are shown at a time, on wide and on narrow screens
ROWS = 60  # examples that are
INTRODUCTION = (
    "What does each example do to an answer? The classifier is asked again **without it**: influence = probability (or "
    "margin) of the answer with all examples − the same without this one, as one case is left out of a regression "
    "(Cook, Technometrics 1977). It is exact: a classifier that is fitted to the examples is fitted again. Influence "
    "functions (Koh, Liang, ICML 2017) estimate the same for whole networks."
)
BARS_SAID = (
    "Orange speaks for the answer, blue against it; an orange mark names the answer that would be given instead. Click "
    "a row to see it beside the query."
)


class Choice(NamedTuple):
    """Rows of the chosen example and the chosen query in the record."""

    image: int
    query: int


def examples_of(project: Project) -> list[tuple[ImageClass, Picture]]:
    """The examples in use with their classes, in the order of the record."""
    return [(one, picture) for one in project.classes for picture in one.pictures]


def measure() -> Measure:
    """In what the influence is measured."""
    chosen = st.segmented_control(
        "Measured by", ["probability", "margin"], default="probability", required=True, key=MEASURE,
        persist_state="session", help=f"The probability hardly moves where it is close to 1; the margin does, too.\n\n"
        f"{glossary.explain('margin')}",
    )  # fmt: skip
    return "margin" if chosen == "margin" else "probability"


def choose(record: Influence, project: Project, pair: Pair, measure: Measure) -> Choice:
    """The pair's example; of a class as a whole its most influential one."""
    rows = rows_of(project, pair)
    if rows.support is not None:
        return Choice(rows.support, rows.query)
    own = (int(image) for image in record.ranked(rows.query, measure) if record.support_labels[image] == rows.label)
    return Choice(next(own), rows.query)


def clicked(key: str, project: Project, query: int) -> None:
    """A clicked bar chooses its example, a clicked cell its example and its query."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        image, *asked = points[0]["customdata"]
        owner, picture = examples_of(project)[image]
        session.choose_pair(project.queries[asked[0] if asked else query].id, owner.id, picture.id)


def thumbnails(project: Project) -> list[str]:
    """Addresses of small pictures of all examples, for a figure."""
    return [cached.data_url(_thumbnail(project.id, picture.id)) for _, picture in examples_of(project)]


def _thumbnail(project_id: str, picture_id: str) -> bytes:
    try:
        return cached.thumbnail(project_id, picture_id)
    except FSLError:  # gone from the disk: an empty picture
        return b""


def shown(record: Influence, project: Project, narrow: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The examples and the queries that the matrix shows, in pages; in a quiz none that waits for a guess."""
    told = tuple(row for row, query in enumerate(project.queries) if not quiz.is_hidden(project, query))
    with st.container(horizontal=True, gap="medium"):
        images = gallery.page_of(tuple(range(len(record.support_names))), ROWS, "page_influence_examples")
        queries = gallery.page_of(told, PAGE[narrow], "page_influence_queries")
    return images, queries


def overview(record: Influence, project: Project) -> None:
    """How many answers hang on a single example, and what it means where a class has no other one."""
    used = project.in_use
    told = [row for row, query in enumerate(used.queries) if not quiz.is_hidden(project, query)]
    count = int(record.flips[:, told].any(axis=0).sum())
    from fsl_core.classifiers import CLASSIFIERS

    if CLASSIFIERS[project.settings.classifier].transductive:
        st.caption("The chosen classifier answers all queries together, so an example also acts through the others.")
    alone = [plain(used.classes[label].name) for label in sorted(set(record.support_labels[record.removes_class]))]
    if len(alone) == len(used.classes):
        st.caption("Every class has one example only, so leaving it out takes its class out of the choice. Add more to "
                   "see what each is worth among others of its class.")  # fmt: skip
        return
    hang = "hangs" if count == 1 else "hang"
    st.markdown(f"**{count} of {len(told)}** answers {hang} on a single example: without it they would be others.")
    if alone:
        st.caption(f"Of {', '.join(alone)} there is one example only; without it the class is out of the choice.")


def in_words(record: Influence, choice: Choice, measure: Measure) -> str:
    """The figure of the bars for those who do not see it."""
    first = int(record.ranked(choice.query, measure)[0])
    sign = "for" if record.on_answer(measure)[first, choice.query] >= 0 else "against"
    flips = int(record.flips[:, choice.query].sum())
    return (
        f"Bars of the influence of each example on the query {record.query_names[choice.query]}; the strongest is "
        f"{record.support_names[first]}, {sign} the answer; {flips} of them would change the answer if left out."
    )


def card(record: Influence, choice: Choice, project: Project) -> None:
    """The two pictures, what leaving the example out does, the formula, and the button that does it."""
    image, query = choice
    owner, picture = examples_of(project)[image]
    asked = project.queries[query].picture
    with st.container(border=True, key="fsl_influence_card"):
        with st.container(horizontal=True, gap="small", key="fsl_row_influence"):
            for role, one in (("Query", asked), (f"{_which(owner)} of {owner.name}", picture)):
                with st.container(width="stretch", gap="small"):
                    gallery.thumbnail(project.id, one, role)
                    st.caption(f"{plain(shortened(role))}  \n{plain(shortened(one.name, 22))}")
        st.markdown(_without(record, choice))
        st.markdown(figures.influence_formula(record, image, query))
        st.button(
            "Switch this example off", icon=":material/visibility_off:", key="fsl_switch_off",
            help="Then all answers come without it, on every page; nothing is deleted, and Undo brings it back.",
            on_click=session.try_edit,
            args=(uploads.CLASSES, lambda current: current.with_switched(owner.id, picture.id)),
        )  # fmt: skip


def _which(owner: ImageClass) -> str:
    """What the shown example is: of a class as a whole the strongest one was taken."""
    pair = session.pair()
    return "Strongest example" if pair and pair.picture_id is None and len(owner.pictures) > 1 else "Example"


def _without(record: Influence, choice: Choice) -> str:
    """The answer with the example and without it, with their probabilities."""
    image, query = choice
    before, after = record.answers[query], record.answers_without[image, query]
    every, less = record.probabilities
    chances = percent(every[query, before]), percent(less[image, query, after])
    names = [plain(record.class_names[row]) for row in (before, after)]
    with_it = f"With it: **{names[0]}** ({chances[0]})."
    if before == after:
        return f"{with_it} Without it still **{names[1]}** ({chances[1]})."
    gone = " Its class is gone then." if record.removes_class[image] else ""
    return f"{with_it} Without it the answer would be **{names[1]}** ({chances[1]}).{gone}"
