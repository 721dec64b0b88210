"""The shared sidebar: backbone, classifier and its options, device, seed. Every widget writes into the project."""

from typing import Any

import streamlit as st

from fsl_core.errors import FSLError
from fsl_core.manifest import Card
from fsl_core.types import params
from fsl_core.ui import cached, requests, session, uploads
from fsl_core.ui.fields import choose, choose_regions, number_patches, set_field
from fsl_core.ui.options import classifier_title, options_of
from fsl_core.ui.pieces import AUTO
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
        uploads.show_notices(SETTINGS)
        _ways()
        card, below = _backbone(), st.container()
        with st.spinner("Getting the classifiers ready …"):
            from fsl_core.classifiers import CLASSIFIERS
        if card:
            with below:
                _about(card, CLASSIFIERS)
        _classifier(CLASSIFIERS)
        choose_regions(SETTINGS)
        number_patches(SETTINGS)
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
            label,
            key=key,
            help=effect,
            on_change=lambda field=field, key=key: set_field(SETTINGS, field, st.session_state[key]),
        )


def _backbone() -> Card | None:
    """The choice of the backbone; the chosen one, None where there is none at all."""
    try:
        cards = cached.cards()
    except FSLError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    titles = {name: card.title for name, card in cards.items()}
    choose(SETTINGS, "backbone", "Backbone", titles, session.backbone(), "Turns a picture into features.")
    return cards[session.backbone()]


def _about(card: Card, table: dict[str, Any]) -> None:
    """How often a backbone is right, and how large it is."""
    if card.accuracy_1shot is None or card.accuracy_5shot is None:
        st.caption(
            f"Not measured here. {card.megabytes:.1f} MB.",
            help=f"Made by: {plain(card.recipe)}. Measure it: python -m fsl_core.evaluate --backbone NAME …",
        )
        return
    one, five = (f"{value:.1%}".replace("%", " %") for value in (card.accuracy_1shot, card.accuracy_5shot))
    measured_with = table[card.classifier].title if card.classifier in table else card.classifier
    st.caption(
        f"{one} right with 1 example, {five} with 5 (5 classes, {plain(measured_with)}). {card.megabytes:.1f} MB.",
        help=f"± {card.interval_1shot:.1%} and ± {card.interval_5shot:.1%} (95 %, {card.measured_by}), on {card.data}.",
    )


def _classifier(table: dict[str, Any]) -> None:
    settings = session.project().settings
    chosen = settings.classifier if settings.classifier in table else next(iter(table))
    titles = {name: classifier_title(name, settings.regions) for name in table}
    choose(SETTINGS, "classifier", "Classifier", titles, chosen, table[chosen].reference)
    if params(table[chosen]):
        with st.expander("Options", expanded=False, icon=":material/tune:"):
            options_of(chosen, table[chosen], SETTINGS)


def _computer() -> None:
    import torch

    gpu = torch.cuda.is_available()
    settings = session.project().settings
    titles = {AUTO: f"Automatic ({'GPU' if gpu else 'CPU'})", "cpu": "CPU"}
    if gpu or settings.device == "cuda":
        titles["cuda"] = "GPU (CUDA)"
    choose(SETTINGS, "device", "Device", titles, settings.device, "What computes the features.")
    fits = {"crop": "Centre cut out (as in training)", "letterbox": "All of it, between borders"}
    if settings.seen == settings.fit:
        choose(SETTINGS, "fit", "Pictures that are no squares", fits, settings.fit, "What the model sees.")
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
        on_change=lambda: set_field(SETTINGS, "seed", st.session_state[key]),
    )
    st.badge(
        f"Runs on this computer · {'GPU' if gpu and settings.device != 'cpu' else 'CPU'}",
        icon=":material/lock:",
        color="green",
    )
