"""What the Transport page is asked: which piles and holes, which cost, which solver, how much blur."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from fsl_core.records import Lesson, Piles, Solution
from fsl_core.ui import glossary, requests
from fsl_core.ui.jobs import Ticket
from fsl_core.ui.project import digest

PRESET, COST, SOLVER, BLUR = "fsl_lesson_preset", "fsl_lesson_cost", "fsl_lesson_solver", "fsl_lesson_blur"
PILE, HOLE = "fsl_lesson_pile", "fsl_lesson_hole"  # keys of the widgets that hold what is selected
TABLES = "fsl_lesson_tables"  # dict[str, Tables]: by preset, the tables as they were left
BEGUN = "fsl_lesson_begun"  # Tables: what the editors on the page began with
TURNS = "fsl_lesson_turns"  # int: how often an example was put back; part of the editors' keys
LESSON = "lesson"  # role in which the session waits for a job
EVERY = "all"
POWERS = {"Distance": 1, "Squared distance": 2}
BEST, BLURRED = "exact", "sinkhorn"
TITLES = {BEST: "Exact", "opencv": "OpenCV", "interior_point": "Interior point", BLURRED: "Sinkhorn"}
EPSILONS = tuple(float(f"{epsilon:.2g}") for epsilon in np.geomspace(1e-3, 10, 17))
FORMATS = {
    name: st.column_config.NumberColumn(format=form)
    for name, form in (
        ("value", "%.4f"), ("above the optimum", "%.1e"), ("plan differs by (% of the mass)", "%.2f"),
        ("duality gap", "%.1e"), ("time (ms)", "%.2f"),
    )
}  # fmt: skip
USUAL = EPSILONS[6]
MOST_MASS = 100.0
MOVES = ("x", 1.0, 0.01, "%.2f"), ("y", 1.0, 0.01, "%.2f"), ("mass", MOST_MASS, 1.0, "%.0f")  # sliders of these fields
MOST_TERMS = 12  # that are written out
ROUNDING = 1e-12  # of a value: what double precision leaves over


@dataclass(frozen=True)
class Example:
    """Piles and holes to begin with, each as (x, y, mass), and what there is to see."""

    title: str
    about: str
    piles: tuple[tuple[float, float, float], ...]
    holes: tuple[tuple[float, float, float], ...]


class Tables(NamedTuple):
    """Piles and holes as a person types them: x, y, mass."""

    piles: pd.DataFrame
    holes: pd.DataFrame


EXAMPLES = {
    "plane": Example(
        "On a plane", "Some piles are shared among several holes. Not every pile goes to its nearest hole.",
        ((0.1, 0.9, 30), (0.25, 0.3, 25), (0.5, 0.75, 25), (0.85, 0.15, 20)),
        ((0.1, 0.55, 15), (0.5, 0.05, 25), (0.6, 0.4, 20), (0.85, 0.9, 25), (0.95, 0.5, 15)),
    ),
    "line": Example(
        "On a line", "On a line, flows need not cross: the leftmost mass goes to the leftmost hole. Try the squared "
        "distance, too.",
        ((0.0, 0, 20), (0.15, 0, 30), (0.45, 0, 25), (0.7, 0, 25)),
        ((0.25, 0, 25), (0.35, 0, 15), (0.6, 0, 20), (0.85, 0, 15), (1.0, 0, 25)),
    ),
    "chain": Example(
        "A chain", "With the distance as the cost it is all the same whether everything moves by one step or one pile "
        "moves all the way; with the squared distance many small steps are better.",
        ((0.0, 0, 25), (0.25, 0, 25), (0.5, 0, 25), (0.75, 0, 25)),
        ((0.25, 0, 25), (0.5, 0, 25), (0.75, 0, 25), (1.0, 0, 25)),
    ),
    "tie": Example(
        "A tie", "Two plans are equally good. The simplex methods choose one; interior point and Sinkhorn mix them.",
        ((0.1, 0.1, 50), (0.9, 0.9, 50)), ((0.1, 0.9, 50), (0.9, 0.1, 50)),
    ),
    "well": Example(
        "One pile, many holes", "With a single pile there is only one plan, and all solvers find it.",
        ((0.5, 0.5, 100),), ((0.1, 0.2, 10), (0.2, 0.9, 40), (0.6, 0.15, 20), (0.85, 0.4, 15), (0.9, 0.85, 15)),
    ),
}  # fmt: skip


def choose() -> tuple[str, int]:
    """The example to begin with, and the power of the distance that is the cost."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        preset = st.selectbox(
            "Example", list(EXAMPLES), format_func=lambda name: EXAMPLES[name].title, key=PRESET,
            persist_state="session", width=260,
        )  # fmt: skip
        power = st.segmented_control(
            "Cost of moving a unit", list(POWERS), default="Distance", required=True, key=COST, persist_state="session"
        )
    st.caption(EXAMPLES[preset].about)
    return preset, POWERS[power]


def edit(preset: str) -> Piles | None:
    """Two tables to change piles and holes in; None = one side has no mass, and a sentence says so.

    What was typed outlives a change of the page: the editors begin with the tables as they were left.
    """
    state = st.session_state
    left: dict[str, Tables] = state.setdefault(TABLES, {})
    turn = state.setdefault(TURNS, 0)
    keys = [f"fsl_lesson_{kind}_{preset}_{turn}" for kind in Tables._fields]
    if keys[0] not in state:
        state[BEGUN] = _current(preset)
    begun: Tables = state[BEGUN]
    edited = Tables(*(
        st.data_editor(
            table, column_config=_columns(), key=key, alt=f"Table of the {kind} with x, y and mass of each, to edit."
        )
        for table, key, kind in zip(begun, keys, Tables._fields, strict=True)
    ))  # fmt: skip
    if preset in left or not all(now.equals(before) for now, before in zip(edited, begun, strict=True)):
        left[preset] = edited
    st.button(
        "Put it back", on_click=_put_back, args=(preset,), icon=":material/restart_alt:", type="tertiary",
        disabled=preset not in left,
    )  # fmt: skip
    if any(table["mass"].sum() <= 0 for table in edited):
        st.info("Give at least one pile and one hole some mass.", icon=":material/landscape:")
        return None
    places, masses = zip(*(_numbers(table) for table in edited), strict=True)
    return Piles(*places, *masses)


def solve(piles: Piles, power: int) -> Lesson | None:
    """What every solver makes of the problem; until it is there, progress or the reason stands where this is called."""
    parts = (piles.pile_at, piles.hole_at, piles.pile_mass, piles.hole_mass)

    def work(ticket: Ticket) -> Lesson:
        ticket.report(0.0, "Getting the solvers ready")
        from fsl_core.explain import teach  # imports torch

        return teach(piles, power, np.array(EPSILONS))

    found: Lesson | None = requests.awaited(digest(LESSON, power, *(part.tolist() for part in parts)), LESSON, work)
    return found


def choose_solver() -> None:
    """The solver whose answer is shown."""
    st.segmented_control(
        "Solver", list(TITLES), default=BEST, required=True, key=SOLVER, format_func=TITLES.__getitem__,
        persist_state="session",
    )  # fmt: skip


def chosen(lesson: Lesson) -> Solution:
    """The answer of the chosen solver."""
    solver = st.session_state.get(SOLVER, BEST)
    return blurred(lesson) if solver == BLURRED else lesson.solutions[solver]


def blurred(lesson: Lesson) -> Solution:
    """Sinkhorn's answer at the blur that the slider says."""
    return lesson.blurred[step()]


def step() -> int:
    """Place of the chosen blur among `EPSILONS`."""
    return EPSILONS.index(st.session_state.get(BLUR, USUAL))


def slide() -> None:
    """The slider of the blur."""
    st.select_slider(
        "Blur ε", EPSILONS, USUAL, key=BLUR, persist_state="session", help=glossary.explain("blur"),
        format_func=lambda epsilon: f"{epsilon:g}",
    )  # fmt: skip


def select(piles: Piles) -> tuple[int | None, int | None]:
    """The selected pile and the selected hole, by boxes for those who do not click; None = all."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = []
        for label, key, names in (("Pile", PILE, piles.pile_names), ("Hole", HOLE, piles.hole_names)):
            if st.session_state.get(key) not in names:  # another example has fewer
                st.session_state[key] = EVERY
            name = st.selectbox(label, [EVERY, *names], key=key, width=110)
            chosen.append(names.index(name) if name in names else None)
        if chosen != [None, None]:
            st.button("Clear", on_click=st.session_state.update, args=[{PILE: EVERY, HOLE: EVERY}])
    return chosen[0], chosen[1]


def move(preset: str, piles: Piles, chosen: tuple[int | None, int | None]) -> None:
    """Sliders that carry the selected pile and the selected hole about, and make them heavier or lighter."""
    for side, (table, row, names) in enumerate(
        zip(_current(preset), chosen, (piles.pile_names, piles.hole_names), strict=True)
    ):
        if row is None:
            continue
        for column, (field, most, grain, form) in zip(st.columns(3), MOVES, strict=True):
            key = f"fsl_lesson_{Tables._fields[side]}_{field}"
            value = st.session_state[key] = float(np.nan_to_num(table[field].iloc[row]))
            is_last = field == "mass" and value == table[field].sum()  # without it there is nothing to move
            least = min(grain, value) if is_last else 0.0
            column.slider(
                f"{field} of {names[row]}", least, most, step=grain, key=key, format=form,
                on_change=_moved, args=(preset, side, row, field, key),
            )  # fmt: skip


def _moved(preset: str, side: int, row: int, field: str, key: str) -> None:
    tables = Tables(*(table.copy() for table in _current(preset)))
    tables[side].iloc[row, tables[side].columns.get_loc(field)] = st.session_state[key]
    st.session_state[TABLES][preset] = tables
    st.session_state[TURNS] += 1  # editors of another key, which begin with these tables


def _current(preset: str) -> Tables:
    """Piles and holes as they were last typed or moved."""
    return st.session_state[TABLES].get(preset) or _tables(EXAMPLES[preset])


def clicked(key: str) -> None:
    """Carry a click on a pile or a hole over to the boxes; a second click takes the selection back."""
    points = st.session_state[key]["selection"]["points"]
    if not points:
        st.session_state.update({PILE: EVERY, HOLE: EVERY})
    else:
        side, name = points[0]["customdata"]
        st.session_state[PILE if side == "pile" else HOLE] = name


def rows(lesson: Lesson) -> list[dict[str, Any]]:
    """The solvers side by side, for a table."""
    best = lesson.best
    return [
        {
            "solver": one.solver,
            "value": one.value,
            "above the optimum": one.value - best.value,
            "plan differs by (% of the mass)": 100 * float(np.abs(one.plan - best.plan).max()),
            "duality gap": one.value - one.earnings,
            "status": one.note,
            "time (ms)": 1e3 * one.seconds,
        }
        for one in (*lesson.solutions.values(), blurred(lesson))
    ]


def _columns() -> dict[str, Any]:
    config: dict[str, Any] = {
        axis: st.column_config.NumberColumn(axis, min_value=0.0, max_value=1.0, step=0.01, width=64) for axis in "xy"
    }
    heavy = st.column_config.NumberColumn("mass", min_value=0.0, max_value=MOST_MASS, step=1.0, width=72)
    return config | {"mass": heavy}


def _numbers(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Places, and masses that sum to 1; an emptied field counts as 0."""
    full = table.fillna(0.0)
    mass = full["mass"].to_numpy(float)
    return full[["x", "y"]].to_numpy(float), mass / mass.sum()


def _put_back(preset: str) -> None:
    st.session_state[TABLES].pop(preset, None)
    st.session_state[TURNS] += 1  # editors of another key, without the edits of these


def _tables(example: Example) -> Tables:
    rows = (example.piles, example.holes)
    frames = [pd.DataFrame(side, columns=["x", "y", "mass"], dtype=float) for side in rows]
    frames[0].index = pd.Index([chr(ord("A") + row) for row in range(len(frames[0]))], name="pile")
    frames[1].index = pd.Index([str(row + 1) for row in range(len(frames[1]))], name="hole")
    return Tables(*frames)


def total(terms: Sequence[tuple[float, float]]) -> str:
    """A sum of products with its numbers; of many the last ones are taken together."""
    factors = (f"{other:.3g}" if other >= 0 else f"(−{-other:.3g})" for _, other in terms[:MOST_TERMS])
    shown = " + ".join(f"{one:.3g}·{factor}" for (one, _), factor in zip(terms, factors, strict=False))
    rest = sum(one * other for one, other in terms[MOST_TERMS:])
    return f"{shown} + {rest:.4f} of {len(terms) - MOST_TERMS} smaller ones" if terms[MOST_TERMS:] else shown
