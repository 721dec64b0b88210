"""The answers of several methods as a table, which becomes cards where the screen is narrow."""

import html
from collections.abc import Collection, Sequence

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.ui import cached, session
from fsl_core.ui.answers import percent
from fsl_core.ui.comparison import Row, disagreements_first, right_of
from fsl_core.ui.method_controls import Title, joined
from fsl_core.ui.pieces import Answer
from fsl_core.ui.project import Project
from fsl_core.ui.screen import mounted
from fsl_core.ui.text import shortened

PAGE = 20  # rows
SORTED, PLACE = "fsl_disagreements_first", "fsl_compare_page"  # keys of the widgets
WHY = "fsl_compare_why"

_TELL_WHY = """
let tell = null;
const ask = (event) => {
  const button = event.target.closest(".fsl-compare button[data-why]");
  if (button && tell) tell("asked", button.dataset.why);
};
export default function ({ setTriggerValue }) {
  tell = setTriggerValue;
  document.addEventListener("click", ask);
  return () => {
    document.removeEventListener("click", ask);
    tell = null;
  };
}
"""  # the table is one piece of HTML, whose buttons Streamlit knows nothing of


@st.fragment
def table(project: Project, titles: Sequence[Title], given: Sequence[Answer], rows: Sequence[Row]) -> None:
    """The table with the choice of its order, in pages; to sort and to turn the pages runs only this again.

    Beside each answer stands a way to the page Why?, where its class is still in use.
    """
    if len(titles) > 1:
        st.toggle("Disagreements first", True, key=SORTED, persist_state="session")
    ordered = disagreements_first(rows) if st.session_state.get(SORTED, True) else list(rows)
    pages = -(-len(ordered) // PAGE)
    place = min(int(st.session_state.get(PLACE) or 1), pages)
    shown = ordered[PAGE * (place - 1) : PAGE * place]
    in_use = {image_class.id for image_class in project.in_use.classes}
    body = [_summary(titles, given, rows), *(_row(project.id, titles, row, in_use) for row in shown)]
    head = "".join(f'<th scope="col">{_title(title)}</th>' for title in titles)
    st.html(
        '<div class="fsl-compare" role="region" tabindex="0" aria-label="Answers of each method">'
        f'<table><thead><tr><th scope="col">Picture</th>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'
    )
    if pages > 1:
        st.pagination(pages, key=PLACE)
    asked = mounted(WHY, _TELL_WHY)(key=WHY, on_asked_change=lambda: None).asked
    offered = {_pair(row, class_id): (row.query.id, class_id) for row in rows for class_id in row.class_ids}
    if asked in offered:
        session.ask_why(*offered[asked])


def _pair(row: Row, class_id: str) -> str:
    """What a button says that asks why a query belongs to a class."""
    return f"{row.query.id} {class_id}"


def _title(title: Title) -> str:
    classifier, backbone = map(html.escape, title)
    return f"{classifier}<small>{backbone}</small>" if backbone else classifier


def _cell(title: Title, inner: str, style: str = "") -> str:
    """A cell that knows the head of its column, for where there is no head."""
    label = html.escape(joined(title))
    return f'<td class="{style}" data-method="{label}"><div>{inner}</div></td>'


def _summary(titles: Sequence[Title], given: Sequence[Answer], rows: Sequence[Row]) -> str:
    """The row above: accuracy where it is known, and time."""
    cells = []
    for column, (title, answer) in enumerate(zip(titles, given, strict=True)):
        right, known = right_of(rows, column)
        words = f"<strong>{right / known:.0%}</strong> {right} of {known} right".replace("%", " %", 1) if known else ""
        cells.append(_cell(title, f"<p>{words}</p><p>{_time(answer)}</p>"))
    name = "Accuracy and time" if any(row.true for row in rows) else "Time"
    return f'<tr class="fsl-total"><th scope="row">{name}</th>{"".join(cells)}</tr>'


def _time(answer: Answer) -> str:
    matching = f"{1000 * answer.classifier_seconds:.0f} ms to compare"
    if not answer.computed_images:
        return matching
    pictures = "picture" if answer.computed_images == 1 else "pictures"
    return f"{matching}, {answer.feature_seconds:.1f} s to look at {answer.computed_images} new {pictures}"


def _row(project_id: str, titles: Sequence[Title], row: Row, in_use: Collection[str]) -> str:
    cells = []
    for title, said, probability, class_id in zip(titles, row.said, row.probabilities, row.class_ids, strict=True):
        mark = ""
        if row.true:
            right = said == row.true
            mark = (
                f'<span class="fsl-mark fsl-{"right" if right else "wrong"}">{"✓ right" if right else "✗ wrong"}</span>'
            )
        answer = f'<p><strong title="{html.escape(said)}">{html.escape(shortened(said, 22))}</strong>{mark}</p>'
        bar = f'<i aria-hidden="true"><b style="width:{100 * probability:.1f}%"></b></i><em>{percent(probability)}</em>'
        label = html.escape(f"Why {said} for {row.query.picture.name}, as {joined(title)} says?")
        why = f'<button type="button" data-why="{html.escape(_pair(row, class_id))}" aria-label="{label}">Why?</button>'
        odd = bool(row.usual) and said != row.usual
        inner = f'{answer}<p class="fsl-sure">{bar}{why if class_id in in_use else ""}</p>'
        cells.append(_cell(title, inner, "fsl-odd" if odd else ""))
    return f'<tr><th scope="row">{_head(project_id, row)}</th>{"".join(cells)}</tr>'


def _head(project_id: str, row: Row) -> str:
    """The picture, its name, its true class, and whether the methods agree."""
    name = html.escape(row.query.picture.name, quote=True)
    lines = [f'<span class="fsl-file" title="{name}">{html.escape(shortened(row.query.picture.name, 22))}</span>']
    if row.true:
        lines.append(f"<span>is {html.escape(shortened(row.true, 22))}</span>")
    if len(row.said) > 1:
        same = row.different == 1
        words = "all agree" if same else f"{row.different} different answers"
        lines.append(f'<span class="fsl-{"quiet" if same else "old"}">{words}</span>')
    return f'<div class="fsl-asked">{_thumbnail(project_id, row.query.id, name)}<div>{"".join(lines)}</div></div>'


def _thumbnail(project_id: str, picture_id: str, name: str) -> str:
    try:
        source = cached.data_url(cached.thumbnail(project_id, picture_id))
    except FSLError:
        return ""
    return f'<img src="{source}" alt="Query: {name}">'
