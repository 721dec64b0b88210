"""The queries as cards with what is known about them, and the summary of an answer."""

import html

import streamlit as st

from fsl_core import figures
from fsl_core.records import Scores
from fsl_core.ui import answers, arrange, chart, gallery, order, quiz, session, uploads
from fsl_core.ui.pieces import Answer, Query
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain, shortened

PAGE = 24  # queries that are shown at a time
UNKNOWN = "True class: not known"


def query_cards(project: Project) -> None:
    """Every query with its answer, if there is one; answers to an earlier state are marked."""
    if not project.queries:
        then = "the answers come by themselves" if project.settings.live else "press Classify"
        st.info(f"Drop the pictures to ask about above; then {then}.", icon=":material/help:")
        return
    weights = session.weights()
    table = answers.scores(project, project.answer) if project.answer else None
    rows = (
        {query.id: row for row, query in enumerate(answers.answered(project, project.answer))} if project.answer else {}
    )
    guessing = any(quiz.is_hidden(project, query) for query in project.queries)  # then no order may give answers away
    order.controls(project, None if guessing else table)
    queries = gallery.page_of(order.shown(project, None if guessing else table, rows), PAGE, "page_queries")
    fit = "cut" if project.settings.seen == "crop" else "whole"
    with st.container(key=f"fsl_queries_{fit}"):
        for query in queries:
            with st.container(border=True, key=f"fsl_query_{query.id[:16]}"):
                row = rows.get(query.id)
                _query_card(project, query, table if row is not None else None, row or 0, weights)


def summary(project: Project, answer: Answer) -> None:
    """Accuracy, time and downloads."""
    table = answers.scores(project, answer)
    known = int((table.labels >= 0).sum())
    computed = answer.computed_images
    guessing = any(quiz.is_hidden(project, query) for query in answers.answered(project, answer))
    with st.container(horizontal=True, key="fsl_numbers", gap="large"):
        if table.accuracy is not None and not guessing:
            right = round(table.accuracy * known)
            _number("Accuracy", f"{table.accuracy:.0%}".replace("%", " %"), f"{right} of {known} right")
        if not answer.beforehand:
            seen = f"{computed} new {'picture' if computed == 1 else 'pictures'}"
            _number("Time for features", f"{answer.feature_seconds:.2f} s", seen)
            asked = len(answer.query_ids)
            pairs = f"{asked} {'query' if asked == 1 else 'queries'}, {len(answer.class_ids)} classes"
            _number("Time for matching", f"{answer.classifier_seconds:.2f} s", pairs)
    if answer.beforehand:
        st.caption("These answers came with the app, until they are computed on this computer too.")
    if answer.note:
        st.info(answer.note, icon=":material/memory:")
    if guessing:
        return
    with st.container(horizontal=True):
        _download("CSV", answers.to_csv(table), "text/csv")
        _download("JSON", answers.to_json(table, answer), "application/json")


def confusion(project: Project, answer: Answer) -> None:
    """The confusion matrix, where a true class is known; a click on a cell shows its pictures."""
    table = answers.scores(project, answer)
    if table.accuracy is None or any(quiz.is_hidden(project, query) for query in answers.answered(project, answer)):
        return

    def clicked(key: str) -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            order.show_cell(table, *points[0]["customdata"])

    chart.show_clickable(
        figures.confusion_matrix(table),
        f"fsl_confusion_{answer.key[:12]}",
        "confusion",
        "Confusion matrix: how often each true class (row) was answered with each class (column).",
        clicked,
    )
    st.caption(
        "Rows are true classes, columns are answers; everything on the diagonal is right. Click a cell, or choose it "
        "under Show above, to see its pictures."
    )


def _number(label: str, value: str, remark: str) -> None:
    st.metric(label, value, remark, delta_color="off", delta_arrow="off", width="content")


def _download(kind: str, data: str, mime: str) -> None:
    name = f"predictions.{kind.lower()}"
    st.download_button(f"Results as {kind}", data, name, mime, on_click="ignore", icon=":material/download:")


def _query_card(project: Project, query: Query, table: Scores | None, row: int, weights: str) -> None:
    with st.container(horizontal=True, gap="medium", key=f"fsl_row_{query.id[:16]}"):
        with st.container(width=132, key=f"fsl_picture_{query.id[:16]}"):
            gallery.thumbnail(project.id, query.picture, "Query")
            if arrange.is_on():
                arrange.tick(arrange.ASK, query.picture)
        with st.container(width="stretch", gap="small", key=f"fsl_said_{query.id[:16]}"):
            name = html.escape(query.picture.name)
            st.html(f'<p class="fsl-file" title="{name}">{html.escape(shortened(query.picture.name))}</p>')
            if table is None:
                st.caption("Not classified yet.")
            elif quiz.is_hidden(project, query):
                quiz.ask(project, query)
            else:
                _said(project, query, table, row, weights)
    _actions(project, query, None if quiz.is_hidden(project, query) else table, row)


def _said(project: Project, query: Query, table: Scores, row: int, weights: str) -> None:
    first, clarity = answers.in_words(table.class_names, table.probabilities[row])
    mark = ""
    if table.labels[row] >= 0:
        right = table.labels[row] == table.predicted[row]
        mark = f'<span class="fsl-mark fsl-{"right" if right else "wrong"}">{"✓ right" if right else "✗ wrong"}</span>'
    if not project.is_current(query.id, weights):
        mark += '<span class="fsl-mark fsl-old">outdated</span>'
    elif project.answer and query.id in project.answer.was:
        mark += f'<span class="fsl-mark fsl-old">was {html.escape(project.answer.was[query.id])}</span>'
    reason = answers.reasons(project, project.answer).get(query.id, "") if project.answer else ""
    if reason:
        mark += '<span class="fsl-mark fsl-old">perhaps none of these</span>'
    remark = " ".join(part for part in (f"{clarity}.", reason, quiz.verdict(project, query)) if part)
    words = f"Most like <strong>{html.escape(first)}</strong>{mark}<br><small>{html.escape(remark)}</small>"
    words = f'<p class="fsl-words">{words}</p>'
    st.html(words + answers.bars(table.class_names, table.probabilities[row]))


def _actions(project: Project, query: Query, table: Scores | None, row: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"fsl_actions_{query.id[:16]}"):
        if not quiz.is_hidden(project, query):
            _true_class(project, query)
        if table is not None:
            first = project.answer.class_ids[table.predicted[row]] if project.answer else ""
            there = first in {image_class.id for image_class in project.in_use.classes}
            if st.button("Why?", key=f"why_{query.id}", icon=":material/lightbulb:", disabled=not there):
                session.ask_why(query.id, first)
        st.button(
            f"Remove {plain(query.picture.name)}",
            key=f"fsl_icon_query_{query.id[:16]}",
            icon=":material/delete:",
            type="tertiary",
            on_click=session.try_edit,
            args=(uploads.QUERIES, lambda project: project.without_query(query.id)),
        )


def _true_class(project: Project, query: Query) -> None:
    key = f"true_{query.id}"
    names = {image_class.id: image_class.name for image_class in project.classes}
    st.session_state[key] = query.true_class  # in every run, so that a run that was cut short leaves no empty field

    def choose() -> None:
        chosen = st.session_state[key]
        session.try_edit(uploads.QUERIES, lambda project: project.with_true_class(query.id, chosen))

    st.selectbox(
        f"True class of {plain(query.picture.name)}",
        list(names),
        index=None,
        format_func=lambda class_id: f"True class: {names[class_id]}",
        placeholder=UNKNOWN,
        key=key,
        on_change=choose,
        label_visibility="collapsed",
        width=210,
    )
