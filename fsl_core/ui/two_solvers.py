"""The transport problem of a match put to two solvers: what each finds, how long it takes, where the plans differ."""

import numpy as np
import streamlit as st

from fsl_core import figures
from fsl_core.records import Flow, SolverRun
from fsl_core.ui import papers, requests
from fsl_core.ui.chart import show

SHOWN, ONE, OTHER = "fsl_two_solvers", "fsl_solver_one", "fsl_solver_other"  # keys of the widgets
STATUS = ("solved", "stopped at its iteration limit", "failed")
NO_MASS = 1e-9  # plans sum to 1; less than this is a solver's rounding


@st.fragment
def two_solvers(flow: Flow) -> None:
    """The section with its switch; nothing is solved before it is switched on."""
    st.header("Two solvers side by side")
    if not st.toggle("Solve this problem with two solvers", key=SHOWN, persist_state="session"):
        return
    from fsl_core.transport import SOLVERS

    names, boxes = list(SOLVERS), st.columns(2)
    chosen = [
        boxes[place].selectbox(
            label, names, names.index(default), key=key, persist_state="session",
            format_func=lambda name: SOLVERS[name].title, help="Solves the same costs and weights again.",
        )
        for place, (label, default, key) in enumerate((("First", "exact", ONE), ("Second", "sinkhorn", OTHER)))
    ]  # fmt: skip
    runs = requests.solve_again(flow, chosen)
    if runs is not None:
        followed = [f"{papers.DEEPEMD}; {SOLVERS[name].reference}" for name in chosen]
        compare(runs, [SOLVERS[name].title for name in chosen], followed)


def compare(runs: list[SolverRun], titles: list[str], followed: list[str]) -> None:
    """Numbers, plans, and their difference; `followed` are the publications of each solver's plan."""
    rows = [
        {
            "solver": title,
            "value (cost of the plan)": run.value,
            "logit": run.flow.logit,
            "time (ms)": 1000 * run.seconds,
            "status": STATUS[run.status],
            "flows": int((run.flow.plan > NO_MASS).sum()),
        }
        for run, title in zip(runs, titles, strict=True)
    ]
    st.dataframe(
        rows, hide_index=True, alt="Table: cost, logit, time, status and number of flows of each solver.",
        column_config={
            "value (cost of the plan)": st.column_config.NumberColumn(format="%.6f"),
            "logit": st.column_config.NumberColumn(format="%.4f"),
            "time (ms)": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip
    one, other = (run.flow for run in runs)
    apart = np.abs(one.plan - other.plan)
    query, support = np.unravel_index(int(apart.argmax()), apart.shape)
    st.markdown(
        f"**Largest difference of the plans: {100 * apart.max():.3f} % of the mass**"
        + (
            f", from query region {one.query_regions.name(int(query))} to support region "
            f"{one.support_regions.name(int(support))}."
            if apart.max() > NO_MASS
            else ": they are the same."
        )
    )
    st.caption(
        "Solved on the CPU in double precision with the solvers' default settings; the time is the best of three."
    )
    most = float(max(one.plan.max(), other.plan.max()))
    for place, column in enumerate(st.columns(2)):
        with column:
            show(
                figures.plan_heatmap(runs[place].flow, most=most), f"plan_{'one' if place == 0 else 'other'}",
                f"The plan of {titles[place]}.", f"Heat map of the transport plan of {titles[place]}.",
                source=followed[place],
            )  # fmt: skip
    show(
        figures.plan_difference(one, other), "plan_difference",
        f"Where {titles[0]} moves more (orange) or less (blue) than {titles[1]}.",
        "Heat map of the difference of the two plans.", source="; ".join(followed),
    )  # fmt: skip
