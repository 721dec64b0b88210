"""Training: start a recipe, watch it learn, compare runs, use what they have learnt."""

import streamlit as st

from fsl_core import figures
from fsl_core.train import runs
from fsl_core.ui import browser, session, training_form, training_runs
from fsl_core.ui.chart import show

QUICK, SLOW = 2.0, 10.0  # seconds between two looks at the runs, while one is under way and otherwise
COMPARED = "training_compared"  # key of the runs whose curves are drawn
AT_FIRST = 4  # of them, until others are chosen
PANELS = {
    "loss": "Loss on the training images; what is added up in it depends on the objective.",
    "accuracy": "Share of augmented training images that are put into the right one of the training classes.",
    "val_1shot": "Few-shot accuracy on classes that are not learnt, with 1 example of each of 5.",
    "val_5shot": "The same with 5 examples of each.",
    "images_per_second": "Throughput of the training.",
}


def new_run() -> None:
    """The form, its buttons and the plan."""
    order = training_form.form()
    training_form.buttons(order)
    training_form.plan(order)


def curves() -> None:
    """The measures of the chosen runs, epoch by epoch."""
    found = {run.name: run.curves for run in runs.find_runs() if len(run.curves.epoch)}
    if not found:
        st.caption("Curves appear when the first epoch is done.")
        return
    before = st.session_state.get(COMPARED, list(found)[:AT_FIRST])
    st.session_state[COMPARED] = [name for name in before if name in found]
    chosen = st.multiselect("Runs", list(found), key=COMPARED, persist_state="session")
    if not chosen:
        return
    columns = st.columns(2)
    for place, (measure, caption) in enumerate(PANELS.items()):
        with columns[place % 2]:
            figure = figures.training({name: found[name] for name in chosen}, measure)
            show(figure, measure, caption, f"Curves by epoch, one line for each run. {caption}")


session.project()  # for which a run's backbone can be chosen
st.title("Training")
st.caption("Backbones are trained by recipes; a run goes on when the browser is closed and can be stopped and resumed.")
may_train = not browser.is_shared()
if may_train:
    st.header("A new run")
    new_run()
else:
    st.info("Many people share this app, so runs are started on its command line only.", icon=":material/group:")
st.header("Runs")
under_way = training_runs.under_way(runs.find_runs())
every = QUICK if under_way else SLOW
if not runs.find_runs():
    st.caption(f"There are none in the folder {runs.RUNS} yet; those of the command line appear here too.")
st.fragment(training_runs.cards, run_every=every)(under_way, may_train)
st.header("Curves")
st.fragment(curves, run_every=SLOW)()
