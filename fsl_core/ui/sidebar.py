"""The shared sidebar: backbone, classifier and its options, device, seed. Every widget writes into the project."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.manifest import Card
from fsl_core.types import params
from fsl_core.ui import cached, requests, session, uploads
from fsl_core.ui.options import options_of
from fsl_core.ui.pieces import AUTO, Settings
from fsl_core.ui.text import plain

SETTINGS = "settings"


def sidebar(on_classify: bool) -> None:
    """Draw the sidebar; to be called after the page, as it waits for torch.

    Args:
        on_classify: whether the page shows the progress of a classification itself.
    """
    with st.sidebar:
        under_way = session.classification()
        if under_way and not on_classify:
            requests.show_progress(under_way, requests.CLASSIFY)
        uploads.show_notices("project")
        uploads.show_notices(SETTINGS)
        _ways()
        _backbone()
        with st.spinner("Getting the classifiers ready …"):
            from fsl_core.classifiers import CLASSIFIERS
        _classifier(CLASSIFIERS)
        _regions()
        _computer()


def _ways() -> None:
    for field, label, effect in (
        ("live", "Answer at once", "Every change asks for new answers by itself."),
        ("none_of_these", "Allow “none of these”", "A picture that fits no class well is said to belong to none."),
        ("quiz", "Quiz", "Guess each answer before it is shown."),
    ):
        key = f"settings_{field}"
        st.session_state[key] = getattr(session.project().settings, field)
        st.toggle(
            label, key=key, help=effect, on_change=lambda field=field, key=key: _set(field, st.session_state[key])
        )


def _backbone() -> None:
    try:
        cards = cached.cards()
    except FSLError as error:
        st.error(str(error), icon=":material/error:")
        return
    _choice(
        "Backbone",
        "backbone",
        list(cards),
        session.backbone(),
        lambda name: cards[name].title,
        "Turns a picture into features.",
    )
    _card(cards[session.backbone()])


def _card(card: Card) -> None:
    if card.accuracy_1shot is None or card.accuracy_5shot is None:
        st.caption(
            f"Not measured here. {card.megabytes:.1f} MB.",
            help=f"Made by: {plain(card.recipe)}. Measure it: python -m fsl_core.evaluate --backbone NAME …",
        )
        return
    one, five = (f"{value:.1%}".replace("%", " %") for value in (card.accuracy_1shot, card.accuracy_5shot))
    st.caption(
        f"{one} right with 1 example, {five} with 5 (5 classes, {card.classifier}). {card.megabytes:.1f} MB.",
        help=f"± {card.interval_1shot:.1%} and ± {card.interval_5shot:.1%} (95 %, {card.measured_by}), on {card.data}.",
    )


def _classifier(table: dict[str, Any]) -> None:
    settings = session.project().settings
    chosen = settings.classifier if settings.classifier in table else next(iter(table))
    _choice("Classifier", "classifier", list(table), chosen, lambda name: table[name].title, table[chosen].reference)
    if params(table[chosen]):
        with st.expander("Options", expanded=False, icon=":material/tune:"):
            options_of(chosen, table[chosen], SETTINGS)


def _regions() -> None:
    """What a picture is divided into; the project keeps it as the one text that the command line takes."""
    from fsl_core.data.patches import CELLS, LARGEST_SEED, MAX_PATCHES, Grid, Sampling, parse_regions

    patches = parse_regions(session.project().settings.regions)
    chosen = str(patches or CELLS)
    grid, sampling = (patches if isinstance(patches, kind) else kind() for kind in (Grid, Sampling))
    titles = {
        CELLS: "Cells of the feature map",
        str(grid): f"Grid of {grid.count} patches",
        str(sampling): f"{sampling.count} random patches",
    }
    effect = (
        "Patches are cut out of the whole picture at its full resolution and looked at one by one, which takes as many "
        "times as long as there are patches."
    )
    _choice("Regions", "regions", list(titles), chosen, titles.__getitem__, effect)
    if not isinstance(patches, Sampling):
        return
    limits = {"count": ("Patches", 1, MAX_PATCHES), "seed": ("Seed of the patches", 0, LARGEST_SEED)}
    for column, (field, (label, low, high)) in zip(st.columns(2), limits.items(), strict=True):
        key = f"settings_patches_{field}"
        st.session_state[key] = getattr(patches, field)

        def write(field: str = field, key: str = key) -> None:
            if st.session_state[key] is not None:
                _set("regions", str(replace(sampling, **{field: st.session_state[key]})))

        column.number_input(label, low, high, key=key, on_change=write)


def _computer() -> None:
    import torch

    gpu = torch.cuda.is_available()
    settings = session.project().settings
    titles = {AUTO: f"Automatic ({'GPU' if gpu else 'CPU'})", "cpu": "CPU", "cuda": "GPU (CUDA)"}
    names = [AUTO, "cpu", *(["cuda"] if gpu or settings.device == "cuda" else [])]
    _choice("Device", "device", names, settings.device, titles.__getitem__, "What computes the features.")
    fits = {"crop": "Centre cut out (as in training)", "letterbox": "All of it, between borders"}
    if settings.seen == settings.fit:
        _choice(
            "Pictures that are no squares", "fit", list(fits), settings.fit, fits.__getitem__, "What the model sees."
        )
    else:
        st.caption("Pictures that are no squares: patches are cut out of all of them.")
    key = "settings_seed"
    st.session_state[key] = settings.seed
    st.number_input(
        "Seed",
        0,
        2**31 - 1,
        key=key,
        help="The same seed draws the same episode.",
        on_change=lambda: _set("seed", st.session_state[key]),
    )
    st.badge(
        f"Runs on this computer · {'GPU' if gpu and settings.device != 'cpu' else 'CPU'}",
        icon=":material/lock:",
        color="green",
    )


def _choice(label: str, field: str, names: list[str], value: str, title: Callable[[str], str], help: str) -> None:
    key = f"settings_{field}"
    st.session_state[key] = value  # in every run, so that a run that was cut short leaves no empty field
    st.selectbox(
        label, names, format_func=title, key=key, help=help, on_change=lambda: _set(field, st.session_state[key])
    )


def _set(field: str, value: Any) -> None:
    if value is not None:
        _write(lambda settings: replace(settings, **{field: value}))


def _write(change: Callable[[Settings], Settings]) -> None:
    session.try_edit(SETTINGS, lambda project: replace(project, settings=change(project.settings)))
