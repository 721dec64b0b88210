"""The Training page: a real run is started, stopped, resumed and used, as a person does it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from fsl_core import manifest
from fsl_core.backbones import load_backbone
from fsl_core.errors import DataError
from fsl_core.train import config, control, runs
from fsl_core.train.config import TrainConfig, write_config
from fsl_core.train.metrics import MetricsLog
from fsl_core.train.process import PROCESS, STATUS, Status, hold, tell, tell_reading
from fsl_core.ui import browser, cached, training_runs
from tests.pages.test_classify import ROOT, button, project

TINY = TrainConfig(
    dataset="folder", architecture="conv4", size=32, epochs=3, crop_scale=0.6, batch=16, learning_rate=0.02,
    schedule="cosine", val_episodes=5, val_images=20, accelerator="cpu",
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Five classes of 24 noisy images, told apart by their brightness."""
    generator = np.random.default_rng(0)
    for row in range(5):
        folder = tmp_path / "data" / f"class {row}"
        folder.mkdir(parents=True)
        for index in range(24):
            pixels = np.clip(generator.normal(50 * row, 30, (32, 32, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{index}.png")
    return tmp_path / "data"


@pytest.fixture
def recipe(tmp_path: Path, small_backbone: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """One small recipe instead of those of the papers."""
    path = tmp_path / "small.toml"
    write_config(path, TINY)
    monkeypatch.setattr(cached, "abouts", lambda: {str(path): "A small one."})
    return str(path)


@pytest.fixture
def trained() -> Callable[..., Path]:
    """Makes the folder of a run that has done some epochs."""

    def make(name: str, epochs: int = 3, index: float = 1.5) -> Path:
        path = runs.runs_folder() / name
        with hold(path, None):
            write_config(path / config.CONFIG, TINY)
            with MetricsLog(path, 0) as log:
                for epoch in range(1, epochs + 1):
                    log.write({
                        "epoch": epoch, "size": 32, "learning_rate": 0.1, "loss": 3.0 - epoch, "accuracy": 0.2 * epoch,
                        "val_1shot": 0.25 * epoch, "val_5shot": 0.3 * epoch, "davies_bouldin": index,
                        "images_per_second": 123.0,
                    })  # fmt: skip
        return path

    return make


def opened() -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    app.switch_page("pages/training.py").run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return " ".join(element.value.replace("\\", "") for kind in ("markdown", "caption") for element in app.get(kind))


def until(app: AppTest, holds: Callable[[], object]) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        assert not app.exception and not app.error
        if holds():
            return
        time.sleep(0.5)
        app.run()
    raise AssertionError(text(app))


def test_a_new_run_is_compared_with_those_that_were_chosen(trained: Callable[..., Path], small_backbone: str) -> None:
    for name in ("first", "second", "third", "fourth", "fifth"):
        trained(name)
    app = opened()
    assert app.multiselect(key="training_compared").value == ["fifth", "fourth", "third", "second"]
    app.multiselect(key="training_compared").set_value(["first"]).run()
    trained("sixth")
    app.run()
    assert app.multiselect(key="training_compared").value == ["first", "sixth"]


def test_the_curves_of_runs_are_compared(trained: Callable[..., Path], small_backbone: str) -> None:
    trained("first", index=np.nan)
    trained("second")
    app = opened()
    assert app.multiselect(key="training_compared").value == ["second", "first"]
    charts = app.get("plotly_chart")
    assert len(charts) == 6 and all(chart.proto.alt for chart in charts)
    assert "After epoch 3: loss 0.000; val classes, 5-way: 75.0 % with 1 example, 90.0 % with 5" in text(app)
    app.multiselect(key="training_compared").set_value(["first"]).run()
    assert len(app.get("plotly_chart")) == 5  # it knows no Davies-Bouldin index
    app.multiselect(key="training_compared").set_value([]).run()
    assert not app.get("plotly_chart")


def test_a_run_of_the_command_line_is_followed(trained: Callable[..., Path], small_backbone: str) -> None:
    path = trained("elsewhere", 1)
    with hold(path, "data"):
        tell(path, Status(2, 3, 4, 5, 0.75, 0.5, 250.0, "0:07 h"))
        app = opened()
        (bar,) = (one.proto for one in app.get("progress") if "Epoch" in one.proto.text)
        assert bar.value == 60  # per cent: one epoch and 4 of 5 steps, of 3 epochs
        words = bar.text.replace("\\", "")
        assert words == "Epoch 2 of 3, step 4 of 5: loss 0.750, accuracy 50.0 %, 250 images/s, 0:07 h to go"
        assert button(app, "Stop")
        app.session_state[training_runs.ASKED] = {os.getpid()}
        app.run()
        assert button(app, "Stopping …").disabled
        (path / STATUS).unlink()
        tell_reading(path, "Reading train images", 50, 200)
        app.run()
        assert any("images: 50 of 200 …" in one.proto.text.replace("\\", "") for one in app.get("progress"))
    assert (path / PROCESS).is_file()
    app.run()
    assert not [one for one in app.button if one.label == "Stop"]


def test_where_many_share_the_app_nothing_can_be_started(
    trained: Callable[..., Path], small_backbone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (trained("stopped", 1) / config.CHECKPOINT).touch()
    app = opened()
    assert {"Start training", "Show the plan", "Resume"} <= {one.label for one in app.button}
    monkeypatch.setenv(browser.SHARED_VARIABLE, "1")
    app.run()
    assert "runs are started on its command line only" in app.info[0].value
    assert "stopped" in text(app)
    assert not {"Start training", "Show the plan", "Stop", "Resume"} & {one.label for one in app.button}


@pytest.mark.parametrize(("field", "value", "said"), [
    ("training_name_small", "../there", "made of letters"), ("training_data", "/nowhere", "no folder or zip /nowhere"),
])  # fmt: skip
def test_what_cannot_be_started_is_told(recipe: str, field: str, value: str, said: str) -> None:
    app = opened()
    app.text_input(key=field).set_value(value).run()
    button(app, "Start training").click().run()
    assert not app.exception and said in app.error[0].value.replace("\\", "")
    assert not runs.find_runs()


def test_why_a_run_failed_is_told_and_it_is_removed(recipe: str) -> None:
    path = runs.runs_folder() / "lost"
    with pytest.raises(DataError), hold(path, None):
        raise DataError("There is no picture in /data.")
    app = opened()
    assert "There is no picture in /data." in text(app)
    button(app, "Remove").click().run()
    assert not app.exception and not path.exists() and app.success[0].value == "lost is removed\\."


def test_a_backbone_is_used_and_taken_away(trained: Callable[..., Path], small_backbone: str) -> None:
    path = trained("mine")
    shutil.copy(manifest.WEIGHTS / "tiny.safetensors", path / config.BEST)
    app = opened()
    assert list(cached.cards()) == ["tiny"]
    button(app, "Use on all pages").click().run()
    app.run()
    assert not app.exception and not app.error
    assert project(app).settings.backbone == "mine"
    assert [card.title for card in cached.cards().values()] == ["tiny title", "mine (your own)"]
    button(app, "Take away").click().run()
    app.run()
    assert not app.exception and not app.error
    assert list(cached.cards()) == ["tiny"]
    assert button(app, "Use on all pages") and (path / config.BEST).is_file()


@pytest.mark.slow
def test_a_recipe_is_planned_started_stopped_resumed_and_used(recipe: str, data: Path) -> None:
    app = opened()
    app.text_input(key="training_data").set_value(str(data))
    app.number_input(key=f"training_epochs_{recipe}").set_value(4).run()
    button(app, "Show the plan").click().run()
    until(app, lambda: app.get("code"))
    assert "4 epochs of 7 steps" in app.get("code")[0].value

    button(app, "Start training").click().run()
    path = runs.runs_folder() / "small"
    until(app, lambda: runs.look(path).status)
    assert app.text_input(key="training_name_small_2").value == "small_2"  # the name of the next one
    button(app, "Stop").click().run()
    until(app, lambda: [one for one in app.button if one.label == "Resume"])
    run = runs.look(path)
    assert run.config and run.config.epochs == 4 and len(run.curves.epoch) < 4
    assert run.message.startswith("Stopped; the run is kept in")
    button(app, "Resume").click().run()
    until(app, lambda: [one for one in app.button if one.label == "Use on all pages"])
    run = runs.look(path)
    assert (run.state, run.message, list(run.curves.epoch)) == (runs.FINISHED, "", [1, 2, 3, 4])
    assert run.curves.loss[-1] < run.curves.loss[0]
    assert len((path / control.LOG).read_text().splitlines()) < 9
    button(app, "Use on all pages").click().run()
    app.run()
    assert not app.exception and not app.error
    assert load_backbone(project(app).settings.backbone, "cpu").spec.size == 32
