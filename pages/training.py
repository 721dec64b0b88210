"""Training: start a recipe, watch it learn, compare runs, use what they have learnt."""

import streamlit as st

from fsl_core import figures
from fsl_core.train import runs
from fsl_core.ui import browser, screen, session, training_form, training_runs
from fsl_core.ui.chart import show
from fsl_core.ui.text import plain

QUICK, SLOW = 2.0, 10.0  # seconds between two looks at the runs, while one is under way and otherwise
COMPARED = "training_compared"  # key of the runs whose curves are drawn
SEEN = "training_seen"  # key of all that could be chosen
AT_FIRST = 4  # runs that are drawn until others are chosen
PANELS = {
    "loss": "Loss on the training images; what is added up in it depends on the objective.",
    "accuracy": "Share of augmented training images that are put into the right one of the training classes.",
    "val_1shot": "Few-shot accuracy on episodes of 5 val classes, 1 example each; these classes are not learnt, unless "
    "the data have no split.",
    "val_5shot": "The same with 5 examples each.",
    "davies_bouldin": "How wide a val class is against the distance to the one that it is mixed up with most, of "
    "pooled features (Davies-Bouldin index); lower = classes better apart.",
    "images_per_second": "Throughput of the training.",
}


def new_run() -> None:
    """The form, its buttons and the plan."""
    order = training_form.form()
    training_form.buttons(order)
    training_form.plan(order)


@st.fragment
def curves(every: float) -> None:
    """The measures of the chosen runs, epoch by epoch."""
    screen.look_again("curves", every)
    found = {run.name: run.live for run in runs.find_runs() if len(run.live.epoch)}
    if not found:
        st.caption("Curves appear with the first steps.")
        return
    before, seen = st.session_state.get(COMPARED, []), st.session_state.get(SEEN, [])
    new = [name for name in found if name not in seen][:AT_FIRST]
    st.session_state[COMPARED] = [name for name in (*before, *new) if name in found]
    st.session_state[SEEN] = list(found)
    chosen = st.multiselect("Runs to compare", list(found), key=COMPARED, persist_state="session")
    if not chosen:
        return
    shown = {name: found[name] for name in chosen}
    panels = [measure for measure in PANELS if any(run.knows(measure) for run in shown.values())]
    for first in range(0, len(panels), 2):
        for column, measure in zip(st.columns(2), panels[first : first + 2], strict=False):
            with column:
                alt = f"Curves by epoch, one line for each run. {PANELS[measure]}"
                show(figures.training(shown, measure), measure, PANELS[measure], alt)


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
found = runs.find_runs()
under_way = training_runs.under_way(found)
every = QUICK if under_way else SLOW
if not found:
    st.caption("There are none yet; those that are started on the command line appear here too.")
elif may_train:
    st.caption(plain(f"Kept in {runs.runs_folder().resolve()}, those of the command line as well."))
training_runs.cards(under_way, may_train, every)
st.header("Curves")
curves(every)
