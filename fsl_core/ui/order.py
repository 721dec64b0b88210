"""Which answers are shown, and in which order."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fsl_core.records import Scores
from fsl_core.ui.pieces import Query
from fsl_core.ui.project import Project

ORDER, FILTER = "answers_order", "answers_filter"
AS_ADDED, UNCERTAIN, SURPRISING = "As added", "Most uncertain first", "Most surprising first"
ALL, RIGHT, WRONG, CHANGED = "All", "Right", "Wrong", "Changed"


def controls(project: Project, table: Scores | None) -> None:
    """The fields that say what is shown; they are there once there are answers to choose from."""
    if table is None or len(table.query_names) < 2:
        return
    known = bool((table.labels >= 0).any())
    orders = [AS_ADDED, UNCERTAIN, *([SURPRISING] if known else [])]
    filters = [ALL, *([RIGHT, WRONG, *confusions(table)] if known else [])]
    filters += [CHANGED] if project.answer and project.answer.was else []
    with st.container(horizontal=True, gap="small", key="fsl_order"):
        _box("Order", ORDER, orders)
        if len(filters) > 1:
            _box("Show", FILTER, filters)


def _box(label: str, key: str, choices: list[str]) -> None:
    if st.session_state.get(key) not in choices:
        st.session_state[key] = choices[0]
    st.selectbox(label, choices, key=key, persist_state="session", width=260)


def confusions(table: Scores) -> list[str]:
    """What was taken for what, the most frequent first."""
    counts = table.confusion
    cells = [(int(counts[true, said]), true, said) for true, said in np.argwhere(counts > 0) if true != said]
    return [confusion(table, true, said) for _, true, said in sorted(cells, key=lambda cell: -cell[0])]


def confusion(table: Scores, true: int, said: int) -> str:
    """The name of one cell of the confusion matrix."""
    return f"{table.class_names[true]} taken for {table.class_names[said]}"


def show_cell(table: Scores, true: int, said: int) -> None:
    """From now on show the queries of one cell of the confusion matrix."""
    st.session_state[FILTER] = RIGHT if true == said else confusion(table, true, said)


def shown(project: Project, table: Scores | None, rows: dict[str, int]) -> tuple[Query, ...]:
    """The queries that are to be shown, in order.

    Args:
        rows: query id -> row of the table.
    """
    queries = project.queries
    if table is None or len(table.query_names) < 2:  # then no field is there that could show the others again
        return queries
    kept = [query for query in queries if _passes(project, table, rows.get(query.id), query)]
    order = st.session_state.get(ORDER, AS_ADDED)
    if order in (UNCERTAIN, SURPRISING):
        kept.sort(key=lambda query: _rank(order, table, rows.get(query.id)))
    return tuple(kept)


def _passes(project: Project, table: Scores, row: int | None, query: Query) -> bool:
    chosen = st.session_state.get(FILTER, ALL)
    if chosen == ALL:
        return True
    if row is None:
        return False
    true, said = int(table.labels[row]), int(table.predicted[row])
    if chosen == CHANGED:
        return bool(project.answer and query.id in project.answer.was)
    if chosen in (RIGHT, WRONG):
        return true >= 0 and (true == said) == (chosen == RIGHT)
    return true >= 0 and confusion(table, true, said) == chosen


def _rank(order: str, table: Scores, row: int | None) -> float:
    """Small = first."""
    if row is None:
        return np.inf
    probabilities: Sequence[float] = table.probabilities[row]
    if order == SURPRISING:
        true = int(table.labels[row])
        return float(probabilities[true]) if true >= 0 else 1.0
    first, second = np.sort(probabilities)[::-1][:2]
    return float(first - second)
