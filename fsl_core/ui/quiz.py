"""Quiz mode: answers stay hidden until the person has guessed; the score is kept in the project."""

from dataclasses import replace

import streamlit as st

from fsl_core.ui import answers, session, uploads
from fsl_core.ui.pieces import Answer, Query
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain


def is_hidden(project: Project, query: Query) -> bool:
    """Whether the answer to a query is still to be guessed."""
    return project.hides(query.id)


def without_secrets(project: Project) -> Project:
    """The project without the true classes that are still to be guessed, for whatever shows pictures with classes."""
    queries = (replace(one, true_class=None) if is_hidden(project, one) else one for one in project.queries)
    return replace(project, queries=tuple(queries))


def ask(project: Project, query: Query) -> None:
    """The buttons of the classes; a press is the guess."""
    st.markdown("**Which one is it?** Guess first, then see the answer.")
    with st.container(horizontal=True, gap="small"):
        for image_class in project.in_use.classes:
            st.button(
                plain(image_class.name),
                key=f"guess_{query.id}_{image_class.id}",
                on_click=session.try_edit,
                args=(uploads.QUERIES, lambda project, guess=image_class.id: _guessed(project, query.id, guess)),
            )


def verdict(project: Project, query: Query) -> str:
    """What became of the guess for one query; empty without one."""
    guess = project.guesses.get(query.id)
    name = next((one.name for one in project.classes if one.id == guess), None)
    if not project.settings.quiz or name is None:
        return ""
    if query.true_class is None:
        return f"You said {name}."
    return f"You said {name}: {'right' if guess == query.true_class else 'wrong'}."


def score(project: Project, answer: Answer) -> str | None:
    """The score so far, in words; None before the first guess."""
    guessed = [query for query in answers.answered(project, answer) if query.id in project.guesses]
    if not guessed:
        return None
    known = [query for query in guessed if query.true_class is not None]
    if not known:
        same = sum(project.guesses[query.id] == answer.chosen(query.id) for query in guessed)
        return f"You and the model agree on {same} of {len(guessed)}."
    mine = sum(project.guesses[query.id] == query.true_class for query in known)
    model = sum(answer.chosen(query.id) == query.true_class for query in known)
    return f"You have {mine} of {len(known)} right, the model {model}."


def bar(project: Project) -> None:
    """The score, and a way to begin again."""
    if not project.settings.quiz or project.answer is None:
        return
    said = score(project, project.answer)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="fsl_quiz"):
        st.markdown(f":material/quiz: **Quiz.** {plain(said) if said else 'Guess the first picture.'}", width="content")
        if said:
            st.button(
                "Begin again", key="quiz_again", type="tertiary", on_click=session.try_edit,
                args=(uploads.QUERIES, lambda project: replace(project, guesses={})),
            )  # fmt: skip


def _guessed(project: Project, query_id: str, class_id: str) -> Project:
    return replace(project, guesses={**project.guesses, query_id: class_id})
