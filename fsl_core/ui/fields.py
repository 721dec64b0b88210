"""Widgets that write a field of the project's settings; the sidebar and the pages share them.

`place` is where it is told why a value cannot be (`session.tell`), and part of the widgets' keys.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from fsl_core.ui import session


def choose(place: str, field: str, label: str, titles: Mapping[str, str], value: str, help: str) -> None:
    """A select box over names that shows their titles."""
    key = f"{place}_{field}"
    st.session_state[key] = value  # in every run, so that a run that was cut short leaves no empty field
    st.selectbox(
        label, list(titles), format_func=titles.__getitem__, key=key, help=help,
        on_change=lambda: set_field(place, field, st.session_state[key]),
    )  # fmt: skip


def set_field(place: str, field: str, value: Any) -> None:
    """Write a field of the settings; an emptied one keeps its value."""
    if value is not None:
        session.try_edit(place, lambda project: replace(project, settings=replace(project.settings, **{field: value})))


def choose_regions(place: str) -> None:
    """What a picture is divided into; the project keeps it as the one text that the command line takes."""
    from fsl_core.data.patches import CELLS, Grid, Sampling, parse_regions

    patches = parse_regions(session.project().settings.regions)
    grid, sampling = (patches if isinstance(patches, kind) else kind() for kind in (Grid, Sampling))
    titles = {
        CELLS: "Feature map cells",
        str(grid): f"Grid of {grid.count} patches",
        str(sampling): f"{sampling.count} random patches",
    }
    effect = (
        "Patches are cut out of the whole picture at its full resolution and looked at one by one, which takes as many "
        "times as long as there are patches."
    )
    choose(place, "regions", "Regions", titles, str(patches or CELLS), effect)


def number_patches(place: str) -> None:
    """How many random patches there are, and which; nothing where the regions are others."""
    from fsl_core.data.patches import LARGEST_SEED, MAX_PATCHES, Sampling, parse_regions

    patches = parse_regions(session.project().settings.regions)
    if not isinstance(patches, Sampling):
        return
    limits = {"count": ("Patches", 1, MAX_PATCHES), "seed": ("Their seed", 0, LARGEST_SEED)}
    for column, (field, (label, low, high)) in zip(st.columns(2), limits.items(), strict=True):
        key = f"{place}_patches_{field}"
        st.session_state[key] = getattr(patches, field)

        def write(field: str = field, key: str = key) -> None:
            if st.session_state[key] is not None:
                set_field(place, "regions", str(replace(patches, **{field: st.session_state[key]})))

        column.number_input(label, low, high, key=key, on_change=write)
