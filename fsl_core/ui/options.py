"""Widgets that are generated from what a classifier declares about its options."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from fsl_core.types import Param
from fsl_core.ui import glossary

SLIDER_STEPS = 200


def option_widget(name: str, param: Param, value: Any, key: str, write: Callable[[Any], None]) -> None:
    """The widget that suits an option; `write` is called with every new value."""
    st.session_state[key] = value  # in every run, so that a run that was cut short leaves no empty field
    label = title(name, param.unit)
    common: dict[str, Any] = {"key": key, "help": _help(name, param), "on_change": lambda: write(st.session_state[key])}
    if isinstance(value, bool):
        st.toggle(label, **common)
    elif param.choices:
        st.selectbox(label, param.choices, **common)
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


def title(name: str, unit: str = "") -> str:
    """The name of an option for people: "inner_steps" in "px" -> "Inner steps (px)"."""
    words = name.replace("_", " ").capitalize()
    return f"{words} ({unit})" if unit else words
