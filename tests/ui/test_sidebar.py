"""What is chosen in the sidebar becomes a setting of the project, and only what has an effect is offered."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from fsl_core.ui import cached
from fsl_core.ui.pieces import Settings
from fsl_core.ui.store import Store

PATCHES = ("settings_patches_count", "settings_patches_seed")


def opened(settings: Settings) -> AppTest:
    def script() -> None:
        from fsl_core.ui.sidebar import sidebar

        sidebar(on_classify=False)

    _, project = Store.create(settings)
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["project"] = project.id
    return app.run()


def regions(app: AppTest) -> str:
    """What the project on disk says."""
    assert not app.exception
    return Store.open(app.session_state["project"].id)[1].settings.regions


def keys(app: AppTest) -> set[str | None]:
    return {widget.key for widget in (*app.selectbox, *app.number_input)}


def test_patches_are_chosen_with_number_and_seed(small_backbone: str) -> None:
    app = opened(Settings())
    assert "settings_fit" in keys(app) and not keys(app) & {*PATCHES}
    app.selectbox(key="settings_regions").select("sampling:9").run()
    assert regions(app) == "sampling:9" and "settings_fit" not in keys(app)
    app.number_input(key=PATCHES[0]).set_value(3).run()
    app.number_input(key=PATCHES[1]).set_value(5).run()
    assert regions(app) == "sampling:3:5"
    assert [app.number_input(key=key).value for key in PATCHES] == [3, 5]
    app.selectbox(key="settings_regions").select("grid:2,3").run()
    assert regions(app) == "grid:2,3" and not keys(app) & {*PATCHES}
    app.selectbox(key="settings_regions").select("cells").run()
    assert regions(app) == "cells" and "settings_fit" in keys(app)


@pytest.mark.parametrize("text", ["grid:1,2:1.5", "sampling:25:3"])
def test_patches_of_an_opened_project_stay_as_they_are(text: str, small_backbone: str) -> None:
    app = opened(Settings(regions=text))
    assert app.selectbox(key="settings_regions").value == text == regions(app.run())


def test_the_classifier_is_called_as_people_call_it_on_the_chosen_regions(tmp_path: Path, small_backbone: str) -> None:
    manifest = tmp_path / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("tiny classifier", "deepemd"))
    cached.cards.clear()
    app = opened(Settings(regions="grid:2,3"))
    said = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "25.0 % right with 1 example, 25.0 % with 5 (5 classes, DeepEMD (FCN))" in said
    assert app.selectbox(key="settings_classifier").options[:2] == ["DeepEMD-Grid", "Prototypical network"]
    app.selectbox(key="settings_regions").select("sampling:9").run()
    assert app.selectbox(key="settings_classifier").options[0] == "DeepEMD-Sampling"
    app.selectbox(key="settings_regions").select("cells").run()
    assert app.selectbox(key="settings_classifier").options[0] == "DeepEMD (FCN)"
    assert app.session_state["project"].settings.classifier == "deepemd"
