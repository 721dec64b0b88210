"""What if a region counted for more, for less, or not at all: the controls, and what becomes of the classes."""

import html
from dataclasses import replace

import streamlit as st

from fsl_core.figures import Cell
from fsl_core.records import Emphasis, Flow, WhatIf
from fsl_core.ui import session
from fsl_core.ui.answers import percent
from fsl_core.ui.engine import UNCHANGED, Pair
from fsl_core.ui.project import digest
from fsl_core.ui.text import plain

EMPHASES = "fsl_emphases"  # dict[str, Emphasis]: what was changed, by what it holds for; in the session's state
FACTOR = "fsl_factor"  # key of the slider
MOST, STEP = 4.0, 0.25  # of the factor


def emphasis(pair: Pair) -> Emphasis:
    """What the person changed about this pair, as long as its regions are the same."""
    found: Emphasis = st.session_state.get(EMPHASES, {}).get(_of(pair), UNCHANGED)
    return found


def _of(pair: Pair) -> str:
    settings = session.project().settings
    return digest(*pair, session.weights(), settings.seen, settings.options.get("deepemd", {}).get("pyramid"))


def change(pair: Pair, cell: Cell, factor: float) -> None:
    """Multiply the weight of a region by `factor`; 0 removes it, 1 takes the change back."""
    now = emphasis(pair)
    factors = {**(now.query if cell.side == "query" else now.support), cell.node: factor}
    factors = {node: value for node, value in factors.items() if value != 1}
    changed = replace(now, query=factors) if cell.side == "query" else replace(now, support=factors)
    st.session_state[EMPHASES] = {**st.session_state.get(EMPHASES, {}), _of(pair): changed}


def reset(pair: Pair) -> None:
    """Take all changes of this pair back."""
    st.session_state[EMPHASES] = {**st.session_state.get(EMPHASES, {}), _of(pair): UNCHANGED}


def card(found: WhatIf, pair: Pair, cell: Cell | None) -> None:
    """What can be changed about the selected region, what was changed, and what that does to all classes."""
    now, flow = found.emphasis, found.after
    with st.container(border=True, key="fsl_what_if"):
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**What if a region counted for more, or not at all?**")
            if cell is None:
                st.caption("Select a region, in a picture or by its numbers, to remove it or to change its weight.")
            else:
                _region(flow, pair, cell, (now.query if cell.side == "query" else now.support).get(cell.node, 1.0))
            if now:
                st.markdown(f"Changed: {listed(flow, now)}.")
                st.button("Reset all", on_click=reset, args=(pair,), icon=":material/restart_alt:", key="fsl_reset")
        with right:
            st.markdown(in_words(found))
            ranking(found)


def _region(flow: Flow, pair: Pair, cell: Cell, factor: float) -> None:
    name = (
        f"{cell.side} region {(flow.query_regions if cell.side == 'query' else flow.support_regions).name(cell.node)}"
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="fsl_change"):
        if factor == 0:
            st.button(f"Put {name} back", on_click=change, args=(pair, cell, 1.0), icon=":material/add_circle:",
                      key="fsl_remove")  # fmt: skip
        else:
            st.button(f"Remove {name}", on_click=change, args=(pair, cell, 0.0), icon=":material/cancel:",
                      key="fsl_remove")  # fmt: skip
        st.session_state[FACTOR] = float(factor)  # in every run: another region has another factor
        st.slider(
            "Its weight ×", 0.0, MOST, step=STEP, key=FACTOR, width=320, format="%.2f",
            help="Then the weights of its picture are brought back to 100 % in all, so the other regions change too.",
            on_change=lambda: change(pair, cell, st.session_state[FACTOR]),
        )  # fmt: skip


def listed(flow: Flow, changed: Emphasis) -> str:
    """The changes in words."""
    sides = (("query", flow.query_regions, changed.query), ("support", flow.support_regions, changed.support))
    return "; ".join(
        f"{side} {regions.name(node)} {f'× {factor:g}' if factor else 'removed'}"
        for side, regions, factors in sides
        for node, factor in sorted(factors.items())
    )


def way_back(pair: Pair) -> None:
    """Where there is no answer: a button that takes the changes back, if there are any."""
    if emphasis(pair):
        st.button("Reset all changed weights", on_click=reset, args=(pair,), icon=":material/restart_alt:")


def in_words(what_if: WhatIf) -> str:
    """Markdown: the answer, and whether it is another one than before."""
    before, after = ([int(place) for place in places] for places in what_if.places)
    was, now = (plain(what_if.class_names[places.index(0)]) for places in (before, after))
    if not what_if.emphasis:
        return f"DeepEMD's answer is **{now}**."
    if was != now:
        return f"Now **{now}** instead of **{was}**."
    if before != after:
        return f"Still **{now}**, but the order behind it changes."
    return f"Still **{now}**, and the order of the classes stays."


def ranking(what_if: WhatIf) -> None:
    """All classes with probability and logit, the most likely first; with what they were where weights were changed."""
    (was, now), (before, after) = what_if.probabilities, what_if.places
    rows = []
    for row in sorted(range(len(after)), key=after.__getitem__):
        moved, chance, logit = "", "", ""
        if what_if.emphasis:
            chance = f"<small>was {percent(was[row])}</small>"
            logit = f"<small>was {what_if.logits_before[row]:.2f}</small>"
            if before[row] != after[row]:
                arrow = "▲" if after[row] < before[row] else "▼"
                moved = f'<small class="fsl-old">{arrow} {_place(after[row])}, was {_place(before[row])}</small>'
        mark = f'<u style="left:{100 * was[row]:.1f}%"></u>' if what_if.emphasis else ""
        style = ' class="fsl-matched"' if row == what_if.label else ""
        rows.append(
            f'<tr{style}><th scope="row">{html.escape(what_if.class_names[row])}{moved}</th>'
            f'<td><i aria-hidden="true"><b style="width:{100 * now[row]:.1f}%"></b>{mark}</i></td>'
            f"<td>{percent(now[row])}{chance}</td><td>{what_if.logits_after[row]:.2f}{logit}</td></tr>"
        )
    st.html(
        '<table class="fsl-ranking"><thead><tr><th scope="col">Class</th><td></td><th scope="col">Probability</th>'
        f'<th scope="col">Logit</th></tr></thead><tbody>{"".join(rows)}</tbody></table>'
    )


def _place(place: int) -> str:
    """0 -> "1st"."""
    number = int(place) + 1
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
