"""Reproduce: the command line that gives the answers of a project again, and all that they depend on."""

import json
import platform
import shlex
from collections.abc import Mapping
from datetime import date
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import streamlit as st
from safetensors import SafetensorError, safe_open

from fsl_core import __version__
from fsl_core.cli import choose
from fsl_core.errors import FSLError, WeightsError, called
from fsl_core.manifest import Card
from fsl_core.types import params
from fsl_core.ui import cached, session
from fsl_core.ui.options import classifier_title
from fsl_core.ui.pieces import AUTO
from fsl_core.ui.project import Project
from fsl_core.ui.text import plain

EPISODE = "episode.zip"
FITS = {"crop": "the largest centred square of each picture", "letterbox": "the whole picture, between borders"}
DEVICES = {AUTO: "automatic: the GPU where there is one", "cpu": "CPU", "cuda": "GPU (CUDA)"}
LIBRARIES = {  # as people call them: names of the packages that may bring them
    "torch": ("torch",),
    "torchvision": ("torchvision",),
    "streamlit": ("streamlit",),
    "numpy": ("numpy",),
    "numba": ("numba",),
    "OpenCV": ("opencv-python-headless", "opencv-python"),
}


def chosen(project: Project, cards: Mapping[str, Card]) -> Card:
    """The card of the project's backbone, or the default one."""
    return cards.get(project.settings.backbone) or next(iter(cards.values()))


def command(project: Project, cards: Mapping[str, Card]) -> str:
    """The command line, quoted for a POSIX shell, that gives the project's answers from its saved episode.

    Options that have their default value are left out. The episode must hold only what is in use.
    """
    settings = project.settings
    words = ["python", "-m", "fsl_core.classify", EPISODE]
    words += ["--classifier", settings.classifier, "--backbone", chosen(project, cards).name]
    for name, value in settings.chosen_options.items():
        words += ["--option", f"{name}={_text(value)}"]
    words += ["--fit", settings.fit] if settings.seen == settings.fit else ["--regions", settings.regions]
    if settings.device != AUTO:
        words += ["--device", settings.device]
    return shlex.join([*words, "--json"])


def facts(project: Project, card: Card, day: date | None = None) -> dict[str, str]:
    """All that the answers of a project depend on beside its pictures, in words, by heading.

    Args:
        card: of its backbone.
        day: the date to name; None = today.

    Raises:
        OptionError: there is no such classifier.
        WeightsError: the weights file is missing or damaged.
    """
    from fsl_core.classifiers import CLASSIFIERS  # imports torch

    settings = project.settings
    classifier = choose(settings.classifier, CLASSIFIERS, "classifier")
    seen = _input(card)
    pictures = FITS.get(settings.seen, f"patches of the whole picture ({called(settings.seen)})")
    mean, std = (", ".join(f"{value:g}" for value in seen[name]) for name in ("mean", "std"))
    return {
        "Backbone": f"{card.title} ({card.name})",
        "Weights": f"{card.file} ({card.recipe})" if card.own else f"weights/{card.file}",
        "SHA-256 of the weights": card.sha256,
        "Pictures": f"{pictures}, at {seen['size']} × {seen['size']} pixels",
        "Colours (R, G, B)": f"mean {mean}; standard deviation {std}",
        "Classifier": f"{classifier_title(settings.classifier, settings.regions)} ({settings.classifier})",
        "Options": _options(params(classifier), settings.chosen_options),
        "Device": DEVICES.get(settings.device, settings.device),
        "Seed": str(settings.seed),
        "Versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
        "Date": (day or date.today()).isoformat(),
    }


def versions() -> dict[str, str]:
    """Versions of Python, of the libraries that the answers depend on, and of Few-Shot Lens; none is imported."""
    return {
        "Few-Shot Lens": __version__,
        "Python": platform.python_version(),
        **{name: _version(packages) for name, packages in LIBRARIES.items()},
    }


def box() -> None:
    """An expander with the command line and the facts; they are made when it is opened."""
    with st.expander(
        "Reproduce these answers", icon=":material/terminal:", on_change="rerun", key="fsl_reproduce"
    ) as opened:
        if opened.open:
            try:
                _content(session.project(), cached.cards())
            except FSLError as error:
                st.error(plain(str(error)), icon=":material/error:")


def _content(project: Project, cards: Mapping[str, Card]) -> None:
    missing = project.what_is_missing()
    if missing:
        st.caption(plain(missing))
        return
    card = chosen(project, cards)
    if not all(project.is_current(query.id, card.sha256) for query in project.queries):
        st.caption("Some answers on this page are not there yet or outdated; this is for the project as it is now.")
    st.markdown(
        f"1. Save the episode (**Open or save**, then **Save this episode**) under the name `{EPISODE}`. It holds what "
        "is switched on, nothing else.\n"
        "2. In the folder of Few-Shot Lens, with its Python, run:"
    )
    st.code(command(project, cards), language="bash", wrap_lines=True)
    st.caption("The answers are the same; on other hardware the last digits may differ.")
    rows = (
        f'<tr><th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for name, text in facts(project, card).items()
    )
    st.html(f'<table class="fsl-facts"><tbody>{"".join(rows)}</tbody></table>')


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _options(declared: Mapping[str, Any], changed: Mapping[str, Any]) -> str:
    """Every option with its value; the default is named where the value is another one."""
    texts = []
    for name, (param, default) in declared.items():
        value = changed.get(name, default)
        unit = f" {param.unit}" if param.unit else ""
        remark = "" if value == default else f" (default {_text(default)})"
        texts.append(f"{name} = {called(_text(value))}{unit}{remark}")
    return "; ".join(texts) or "none"


def _input(card: Card) -> dict[str, Any]:
    """Size, mean and standard deviation of the input that the weights file asks for."""
    try:
        with safe_open(card.path, "np") as file:
            values: dict[str, Any] = json.loads(file.metadata()["input"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"The weights {card.file} are missing or damaged; restore or import them again.") from error
    return values


def _version(packages: tuple[str, ...]) -> str:
    for package in packages:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "not installed"
