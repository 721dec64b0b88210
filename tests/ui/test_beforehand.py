"""The answers that ship are those that the backbone that ships gives."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fsl_core.manifest import Card, read_manifest
from fsl_core.ui import beforehand, samples
from fsl_core.ui.answers import scores
from fsl_core.ui.pieces import Settings
from fsl_core.ui.project import Project
from fsl_core.ui.store import Store


@pytest.fixture
def card() -> Card:
    return next(iter(read_manifest().values()))


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("FEW_SHOT_LENS_HOME", str(tmp_path))
    store, empty = Store.create()
    return store.adopt(samples.load("animals"), empty)


@pytest.mark.parametrize("theme", samples.THEMES)
def test_they_are_what_the_backbone_says_today(theme: str, card: Card) -> None:
    shipped = json.loads(beforehand.FILE.read_text())
    assert shipped["weights"] == card.sha256
    computed = beforehand.compute(theme, card.name)
    for name in ("logits", "probabilities", "fits", "fit_threshold"):
        np.testing.assert_allclose(computed[name], shipped["themes"][theme][name], atol=1e-3, err_msg=name)
    assert computed["fit_calibrated"] == shipped["themes"][theme]["fit_calibrated"]


def test_a_fresh_sample_has_its_answer(fresh: Project, card: Card) -> None:
    answered = beforehand.answered("animals", fresh, card)
    assert answered.answer and answered.answer.beforehand
    assert all(answered.is_current(query.id, card.sha256) for query in answered.queries)
    assert (scores(answered, answered.answer).accuracy or 0) >= 0.6


@pytest.mark.parametrize(
    "settings",
    [
        Settings(classifier="cosine"),
        Settings(fit="letterbox"),
        Settings(regions="grid:2,3"),
        Settings().with_option("deepemd", "temperature", 5.0),
    ],
)
def test_other_settings_have_none(fresh: Project, card: Card, settings: Settings) -> None:
    assert beforehand.answered("animals", replace(fresh, settings=settings), card).answer is None


def test_other_weights_have_none(fresh: Project, card: Card) -> None:
    assert beforehand.answered("animals", fresh, replace(card, sha256="0" * 64)).answer is None
