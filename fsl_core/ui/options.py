"""Widgets that are generated from what a classifier declares about its options."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from fsl_core.cli import choose
from fsl_core.errors import OptionError
from fsl_core.types import Param, params
from fsl_core.ui import glossary, session
from fsl_core.ui.pieces import Settings

SLIDER_STEPS = 200
CHOICES = {  # names of choices whose spelling no rule gives
    "cross_entropy": "Cross-entropy",
    "cross_reference": "Cross-reference",
    "deepemd": "DeepEMD",
    "kmeans": "k-means",
    "l2": "L2",
    "opencv": "OpenCV",
    "protonet": "ProtoNet",
    "resnet12": "ResNet-12",
    "resnet18": "ResNet-18",
    "scikit_learn": "scikit-learn",
    "scl": "SCL",
    "seresnet12": "SEResNet-12",
    "wrn_28_10": "WRN-28-10",
    "wrn_28_10_s2m2": "WRN-28-10 (S2M2)",
}


def options_of(name: str, classifier: type, place: str, only: tuple[str, ...] | None = None) -> None:
    """The widgets of a classifier's options, which write into the project's settings.

    Args:
        name: of the classifier in its table.
        place: where it is told why a value cannot be (`session.tell`); part of the widgets' keys.
        only: names of the options to show; None = all.
    """
    chosen = session.project().settings.options.get(name, {})
    for option, (param, default) in params(classifier).items():
        if only is None or option in only:
            write = _writer(name, classifier, option, place)
            option_widget(option, param, chosen.get(option, default), f"option_{place}_{name}_{option}", write)


def _writer(name: str, classifier: type, option: str, place: str) -> Callable[[Any], None]:
    _, default = params(classifier)[option]

    def change(settings: Settings, value: Any) -> Settings:
        changed = settings.with_option(name, option, value)
        try:
            classifier(**changed.options[name])
        except TypeError as error:  # an emptied number field gives None
            raise OptionError(f"{title(option)} needs a number; the old value was kept.") from error
        if value == default:
            kept = {key: other for key, other in changed.options[name].items() if key != option}
            changed = replace(changed, options={**changed.options, name: kept})
        return changed

    def write(value: Any) -> None:
        session.try_edit(place, lambda project: replace(project, settings=change(project.settings, value)))

    return write


def option_widget(name: str, param: Param, value: Any, key: str, write: Callable[[Any], None]) -> None:
    """The widget that suits an option; `write` is called with every new value."""
    st.session_state[key] = value  # in every run, so that a run that was cut short leaves no empty field
    label = title(name, param.unit)
    common: dict[str, Any] = {"key": key, "help": _help(name, param), "on_change": lambda: write(st.session_state[key])}
    if isinstance(value, bool):
        st.toggle(label, **common)
    elif param.choices:
        st.selectbox(label, param.choices, format_func=choice_title, **common)
    elif isinstance(value, int | float):
        kind = type(value)
        low, high, step = (None if limit is None else kind(limit) for limit in (param.low, param.high, param.step))
        if low is not None and high is not None and step and (high - low) / step <= SLIDER_STEPS:
            st.slider(label, low, high, step=step, **common)
        else:
            st.number_input(label, low, high, step=step, **common)
    else:
        st.text_input(label, **common)


def _help(name: str, param: Param) -> str:
    """What the classifier says about its option; with the word, where it is one of the glossary."""
    return f"{param.help}\n\n{glossary.explain(name)}" if name in glossary.WORDS else param.help


def classifier_title(name: str, regions: str) -> str:
    """What a classifier is called where it compares these regions.

    Args:
        regions: as in the project's settings.

    Raises:
        OptionError: there is no such classifier.
    """
    from fsl_core.classifiers import CLASSIFIERS  # imports torch
    from fsl_core.data.patches import parse_regions

    called: str = choose(name, CLASSIFIERS, "classifier").title_on(parse_regions(regions))
    return called


def choice_title(choice: str) -> str:
    """The name of one of an option's choices for people: "mean_shift" -> "Mean shift"."""
    return CHOICES.get(choice, title(str(choice)))


def title(name: str, unit: str = "") -> str:
    """The name of an option for people: "inner_steps" in "px" -> "Inner steps (px)"."""
    words = name.replace("_", " ").capitalize()
    return f"{words} ({unit})" if unit else words
