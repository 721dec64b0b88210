"""Which methods the Compare page asks, and what they are called."""

from collections.abc import Sequence

import streamlit as st

from fsl_core.ui import cached, glossary, session
from fsl_core.ui.comparison import Method
from fsl_core.ui.options import classifier_title

CLASSIFIERS_FIELD, BACKBONES_FIELD = "classifiers", "backbones"  # keys of the widgets, and their names in the address
COMPARED = ("deepemd", "protonet", "cosine", "nearest_neighbour")  # chosen at first; all would crowd the table
FOLLOWED = "fsl_followed"  # str: the sidebar's backbone that the choice of backbones last followed

Title = tuple[str, str]  # classifier and backbone, for people; no backbone where there is only one


def choose() -> list[Method]:
    """The chosen methods, one backbone after another; at first a few classifiers on the backbone of the sidebar.

    Another backbone in the sidebar replaces the choice of backbones.
    """
    cards, titles = cached.cards(), _classifier_titles()
    follow_sidebar()
    classifiers = st.pills(
        "Classifiers", list(titles), selection_mode="multi", default=list(COMPARED), format_func=titles.__getitem__,
        key=CLASSIFIERS_FIELD, bind="query-params",
        help=f"Each with its options of the sidebar.\n\n{glossary.explain('prototype')}",
    )  # fmt: skip
    _say_forms(classifiers)
    backbones = choose_backbones()
    return [
        Method(classifier, backbone, cards[backbone].sha256)
        for backbone in backbones
        for classifier in titles if classifier in classifiers
    ]  # fmt: skip


def _say_forms(classifiers: Sequence[str]) -> None:
    """Where a classifier has another name on the chosen regions: that name; the address knows it by its usual one."""
    titles, regions = _classifier_titles(), session.project().settings.regions
    for name in classifiers:
        if (form := classifier_title(name, regions)) != titles[name]:
            st.caption(f"On the patches that are chosen as regions, {titles[name]} is {form}.")


def follow_sidebar() -> None:
    """Another backbone in the sidebar replaces the choice of backbones; to be called before its widget."""
    current = session.backbone()
    if st.session_state.setdefault(FOLLOWED, current) != current:
        st.session_state[FOLLOWED] = current
        st.session_state[BACKBONES_FIELD] = [current]


def choose_backbones() -> list[str]:
    """The chosen backbones by their names, in the order of the manifest; at first that of the sidebar."""
    cards = cached.cards()
    chosen = st.pills(
        "Backbones", list(cards), selection_mode="multi", default=[session.backbone()], key=BACKBONES_FIELD,
        format_func=lambda name: cards[name].title, help="What turns a picture into features.", bind="query-params",
    )  # fmt: skip
    return [name for name in cards if name in chosen]


def titles_of(pairs: Sequence[tuple[str, str]], regions: str) -> list[Title]:
    """Names for people of pairs of a classifier and a backbone that looked at these regions."""
    cards, table = cached.cards(), _classifier_titles()
    titles = {name: classifier_title(name, regions) for name in table}
    several = len({backbone for _, backbone in pairs}) > 1
    return [
        (titles.get(classifier, classifier), (cards[name].title if name in cards else name) if several else "")
        for classifier, name in pairs
    ]


def joined(title: Title) -> str:
    """A title as one line."""
    return " · ".join(part for part in title if part)


def _classifier_titles() -> dict[str, str]:
    with st.spinner("Getting the classifiers ready …"):
        from fsl_core.classifiers import CLASSIFIERS
    return {name: classifier.title for name, classifier in CLASSIFIERS.items()}
