"""Compare: several methods on the same episode, and their accuracy with ever more examples."""

from collections.abc import Sequence

import streamlit as st

from fsl_core import figures
from fsl_core.ui import chart, comparison, comparison_jobs, glossary, quiz, session, tour
from fsl_core.ui.comparison import Growth, Method
from fsl_core.ui.comparison_table import table
from fsl_core.ui.method_controls import choose, joined, titles_of
from fsl_core.ui.pieces import Answer
from fsl_core.ui.text import plain

SHOTS = "fsl_shots"  # key of the slider
OUTDATED = "Outdated: this is how it was before the last change."


def side_by_side(methods: list[Method]) -> None:
    """The answers of all methods, disagreements first."""
    found, project = comparison_jobs.answers(methods), session.project()
    given: Sequence[Answer] = found.result or ()
    hidden = {query.id for query in project.queries if quiz.is_hidden(project, query)}
    rows = [row for row in comparison.rows_of(project, given) if row.query.id not in hidden] if given else []
    if hidden:
        st.info(f"Quiz: {len(hidden)} of the pictures wait for your guess on Classify; their answers are not shown.")
    if not rows:
        return
    if found.outdated:
        st.badge(OUTDATED, icon=":material/history:", color="orange")
    titles = titles_of([(answer.classifier, answer.backbone) for answer in given], found.regions)
    st.markdown(f"**{comparison.agreement(rows) or 'One method alone: choose another one to compare it with.'}**")
    for note in dict.fromkeys(answer.note for answer in given if answer.note):
        st.caption(plain(note))
    table(project, titles, given, rows)
    st.caption("“Why?” shows what speaks for an answer to the classifier and the backbone of the sidebar.")
    data = comparison.to_csv([joined(title) for title in titles], rows)
    st.download_button(
        "Answers as CSV", data, "comparison.csv", "text/csv", on_click="ignore", icon=":material/download:"
    )


def shots(methods: list[Method]) -> None:
    """Accuracy by number of examples, or why there is none."""
    project = session.project()
    most = comparison.most_shots(project)
    if most < 1:
        st.info(
            "To measure accuracy, some true classes must be known: give your queries their true class on Classify, or "
            "give every class at least two examples, so that one can be left out and asked about.",
            icon=":material/label_off:",
        )
        return
    if comparison.is_one_choice(project):
        st.info(
            "Every class has only one example, so there is nothing to draw anew. Add examples to see how accuracy "
            "grows with them.",
            icon=":material/filter_1:",
        )
        return
    if not comparison.labelled(project):
        st.caption(
            "No true class is known, so the examples that a draw leaves out are asked about; with more examples in use "
            "fewer are left to ask about."
        )
    if most == 1:
        st.caption("Your smallest class allows for one example per class only; more examples there make a curve.")
    found = comparison_jobs.growth(methods)
    if found.result is not None:
        if found.outdated:
            st.badge(OUTDATED, icon=":material/history:", color="orange")
        curve(found.result, found.outdated, found.regions)


@st.fragment
def curve(growth: Growth, outdated: bool, regions: str) -> None:
    """The figure and its words for a number of examples; the slider runs only this again."""
    shots = most = len(growth.curves[0].accuracies)
    titles = [joined(title) for title in titles_of([method[:2] for method in growth.methods], regions)]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="fsl_shots_controls"):
        if most > 1:
            st.session_state[SHOTS] = min(st.session_state.get(SHOTS) or most, most)
            shots = st.slider("Examples per class (K)", 1, most, key=SHOTS, persist_state="session", width=420)
        if not outdated and st.button("Draw anew", icon=":material/casino:", help="Other draws: the next seed."):
            comparison_jobs.redraw()
            st.rerun()
    curves = dict(zip(titles, growth.curves, strict=True))
    st.markdown("\n".join(f"- **{title}**: {comparison.in_words(one, shots)}" for title, one in curves.items()))
    asked = f"the {growth.n_asked} pictures whose true class is known" if growth.n_asked else "the examples left out"
    caption = (
        f"Mean accuracy on {asked}, over up to {int(growth.curves[0].draws.max())} draws of K examples per class (seed "
        f"{growth.seed}). The band is the 95 % interval of the mean: it speaks of the choice of examples, "
        "not of pictures never seen."
    )
    figure = figures.shots(curves, shots if most > 1 else None, 1 / growth.n_way)
    chart.show(figure, "shots", caption, "Accuracy by number of examples per class, one line for each method.")
    data = comparison.growth_csv(titles, growth)
    st.download_button("Numbers as CSV", data, "shots.csv", "text/csv", on_click="ignore", icon=":material/download:")


st.title("Compare")
st.caption("The same examples, several methods: where do they differ, and how much do more examples help?")
tour.here("methods")
missing = session.project().what_is_missing()
if missing and not comparison.has_examples(session.project()):
    st.info(f"There is nothing to compare yet. {plain(missing)}", icon=":material/compare_arrows:")
    if st.button("Go to Classify", type="primary", icon=":material/category:"):
        st.switch_page("pages/classify.py")
    st.stop()
methods = choose()
if not methods:
    st.info("Choose at least one classifier and one backbone.", icon=":material/compare_arrows:")
    st.stop()
st.header("Answers side by side")
if missing:
    st.info(plain(missing), icon=":material/help:")
else:
    side_by_side(methods)
st.header("How many examples are enough?", help=glossary.explain("shot"))
shots(methods)
