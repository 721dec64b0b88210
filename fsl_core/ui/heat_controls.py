"""What the Heat maps page is asked: by which method, with which options, against which class, and which cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from fsl_core import figures
from fsl_core.errors import OptionError
from fsl_core.records import Saliency
from fsl_core.types import params
from fsl_core.ui import glossary, heat_jobs, session, uploads
from fsl_core.ui.engine import Pair
from fsl_core.ui.heat_jobs import Asked
from fsl_core.ui.options import option_widget
from fsl_core.ui.text import plain

PLACE = "heat_maps"  # of messages
CHOICE = "fsl_heat_choice"  # Choice: in the session's state
METHOD, AGAINST, LAYER = "fsl_heat_method", "fsl_heat_against", "fsl_heat_layer"  # keys of the select boxes
ROW, COLUMN = "fsl_heat_row", "fsl_heat_column"  # and of the number fields
NO_CLASS = ""


@dataclass(frozen=True)
class Choice:
    """What the person chose.

    Attributes:
        against: id of a class, or "" for none.
        options: for each method that was touched, the options that are not as usual.
    """

    method: str = "grad_cam"
    against: str = NO_CLASS
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, pair: Pair, method: str) -> Asked:
        """The map of a query by a method, as it was chosen."""
        options = tuple(sorted(self.options.get(method, {}).items()))
        return Asked(pair.query_id, pair.class_id, self.against or None, method, options)


def choice() -> Choice:
    """What the person chose, or the defaults."""
    chosen: Choice = st.session_state.get(CHOICE, Choice())
    return chosen


def choose(pair: Pair) -> tuple[Asked, ...]:
    """The map that is asked for and, after it, the same question put to all other methods that fit.

    Empty where nothing can be explained or the network is still being loaded; the reason stands there.
    """
    with st.spinner("Getting the methods ready …"):
        from fsl_core.classifiers import CLASSIFIERS
        from fsl_core.explain import ATTRIBUTIONS, applicable, misfit, refusal
    settings = session.project().settings
    classifier = CLASSIFIERS[settings.classifier](**settings.chosen_options)
    if refused := refusal(classifier):
        st.info(refused, icon=":material/block:")
        return ()
    names = applicable(classifier)
    now = choice()
    method = now.method if now.method in names else names[0]
    uploads.show_notices(PLACE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="fsl_heat_options"):
        _select("Method", METHOD, {name: ATTRIBUTIONS[name].title for name in names}, method, _set_method)
        against = _against(pair, now)
        ready = _options(pair, method, ATTRIBUTIONS[method].options)
    row = ATTRIBUTIONS[method]
    st.caption(f"{row.says} *{row.reference}.*")
    if row.gradient:
        _say_rule(classifier)
    reasons = [misfit(name, classifier) for name in ATTRIBUTIONS if name not in names]
    if reasons:
        st.caption(f"Not offered: {' '.join(map(plain, reasons))}")
    if settings.seen != settings.fit:
        st.caption("The answers come from patches; heat maps explain the answer to the whole picture instead.")
    now = replace(now, method=method, against=against)
    return tuple(now.of(pair, name) for name in (method, *(name for name in names if name != method))) if ready else ()


def _say_rule(classifier: Any) -> None:
    """How gradients pass a classifier that solves a transport problem."""
    from fsl_core.classifiers import DeepEMD
    from fsl_core.transport import SOLVERS

    if isinstance(classifier, DeepEMD) and classifier.flow == "optimal":
        solver: Any = SOLVERS[classifier.solver]
        st.caption(
            f"The gradient passes DeepEMD's transport layer by the rule of its solver, {solver.title}.",
            help=f"What has a gradient by what: {solver.gradient}.",
        )


def _select(label: str, key: str, titles: Mapping[Any, str], value: Any, write: Any, help: str = "") -> None:
    st.session_state[key] = value  # in every run, so that a run that was cut short leaves no empty field
    st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=key, help=help or None,
        on_change=lambda: write(st.session_state[key]),
    )  # fmt: skip


def _set_method(method: str) -> None:
    st.session_state[CHOICE] = replace(choice(), method=method)


def _set_against(against: str) -> None:
    st.session_state[CHOICE] = replace(choice(), against=against)


def _against(pair: Pair, now: Choice) -> str:
    """The class whose logit is subtracted; none where it is the explained class itself, or is gone."""
    others = {one.id: f"minus {one.name}" for one in session.project().in_use.classes if one.id != pair.class_id}
    against = now.against if now.against in others else NO_CLASS
    _select(
        "Target", AGAINST, {NO_CLASS: "logit of the class", **others}, against, _set_against,
        f"What is explained: the logit itself, or by how much it exceeds that of another class.\n\n"
        f"{glossary.explain('logit')}",
    )  # fmt: skip
    return against


def _options(pair: Pair, method: str, names: tuple[str, ...]) -> bool:
    """The widgets of a method's options; whether all that they need is known."""
    from fsl_core.explain import Options

    touched, ready = choice().options.get(method, {}), True
    for name, (param, default) in params(Options).items():
        if name == "stage" and name in names:
            ready = _layer(pair, method, touched.get(name, default))
        elif name in names:
            value = touched.get(name, default)
            option_widget(name, param, value, f"option_{PLACE}_{method}_{name}", _writer(method, name))
    return ready


def _layer(pair: Pair, method: str, stage: int) -> bool:
    """The stage of the network, with the size of its map; 0 is the last one, as in `Options`."""
    grids = heat_jobs.grids(pair.query_id)
    if grids is None:
        return False
    stages = {
        number % len(grids): f"stage {number} of {len(grids)}: {rows} × {columns} cells"
        for number, (rows, columns) in enumerate(grids, 1)
    }
    if stage not in stages:  # of another network
        stage = 0
        _write(method, "stage", stage)
    _select("Layer", LAYER, stages, stage, _writer(method, "stage"), "Early layers see detail, late ones see objects.")
    return True


def _writer(method: str, name: str) -> Any:
    return lambda value: _write(method, name, value)


def _write(method: str, name: str, value: Any) -> None:
    """Choose a value; what cannot be is told, and the old value kept."""
    from fsl_core.explain import Options

    now = choice()
    touched = {**now.options.get(method, {}), name: value}
    try:
        usual = {key: default for key, (_, default) in params(Options).items()}
        Options(**touched)
        session.tell(PLACE)
    except OptionError as error:
        session.tell(PLACE, session.Notice(session.BAD, str(error)))
        return
    kept = {key: one for key, one in touched.items() if one != usual[key]}
    st.session_state[CHOICE] = replace(now, options={**now.options, method: kept})


def clicked(key: str) -> None:
    """Carry a click on a place of the map over to the number fields; a second click takes it back."""
    points = st.session_state[key]["selection"]["points"]
    row, column = points[0]["customdata"][:2] if points else (None, None)
    st.session_state.update({ROW: row, COLUMN: column})


def cell(saliency: Saliency) -> tuple[int, int] | None:
    """The selected cell, by number fields for those who do not click."""
    for key, count in zip((ROW, COLUMN), saliency.values.shape, strict=True):
        if (st.session_state.get(key) or 0) >= count:  # left behind by a finer map
            st.session_state[key] = None
    rows, columns = saliency.values.shape
    with st.container(horizontal=True, vertical_alignment="bottom"):
        row = st.number_input("Row", 0, rows - 1, None, key=ROW, width=130, help="From the top, starting at 0.")
        column = st.number_input("Column", 0, columns - 1, None, key=COLUMN, width=130, help="From the left, from 0.")
        if row is not None or column is not None:
            st.button("Clear", on_click=st.session_state.update, args=[{ROW: None, COLUMN: None}], key="fsl_heat_clear")
    return None if row is None or column is None else (row, column)


def formula(saliency: Saliency, cell: tuple[int, int] | None) -> None:
    """How the value of a cell comes about, with its numbers; of the strongest one where none is selected."""
    with st.container(key="fsl_heat_formula"):
        if cell is None:
            st.caption("The strongest place, as none is selected:")
        st.markdown(figures.saliency_formula(saliency, *(cell or saliency.strongest)), help=glossary.explain("heat"))


def pick_method(key: str, names: tuple[str, ...]) -> None:
    """Make the small map that was clicked the large one."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        _set_method(names[points[0]["customdata"][0]])


def references(methods: Sequence[str]) -> str:
    """The publications of methods, each once."""
    from fsl_core.explain import ATTRIBUTIONS

    return "; ".join(dict.fromkeys(ATTRIBUTIONS[method].reference for method in methods))
