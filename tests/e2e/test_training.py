"""Training in a real browser: a run outlives the window and the server that started it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from benchmarks.access import serious
from benchmarks.browser import Server, settle
from benchmarks.training import draw_data
from fsl_core.train import control, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RECIPE = "cpu_cifar_fs_conv4"


def open_training(opened: Browser, server: Server) -> Page:
    page = opened.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(180_000)
    page.goto(f"{server.address}/training")
    expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()
    settle(page)
    return page


def fill(field: Locator, value: str) -> None:
    field.fill(value)
    field.press("Enter")
    settle(field.page)


def test_a_run_outlives_window_and_server_and_is_stopped_and_resumed(opened: Browser, tmp_path: Path) -> None:
    server, run = Server(tmp_path), tmp_path / "runs" / RECIPE
    server.start()
    try:
        page = open_training(opened, server)
        page.get_by_role("combobox", name="Recipe").click()
        page.get_by_role("option", name=RECIPE, exact=True).click()
        settle(page)
        fill(page.get_by_role("textbox", name=re.compile("Folder of the data set")), str(draw_data(tmp_path)))
        fill(page.get_by_role("spinbutton", name="Epochs"), "500")
        page.get_by_role("button", name="Start training").click()
        expect(page.get_by_text(re.compile(r"Epoch ([2-9]|\d\d+) of 500, .*images/s"))).to_be_visible(timeout=180_000)
        expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
        page.context.close()
        server.kill()

        server.start()
        page = open_training(opened, server)
        card = page.locator(f".st-key-fsl_run_{RECIPE}")
        expect(card).to_contain_text(re.compile(r"running.*Epoch \d+ of 500.*After epoch \d+", re.DOTALL))
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 1440
        assert not serious(page)
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(card).to_contain_text("Stopped; the run is kept in", timeout=60_000)
        stopped = runs.look(run)
        assert stopped.state == runs.STOPPED
        page.get_by_role("button", name="Resume", exact=True).click()
        done = int(stopped.curves.epoch[-1])
        expect(card).to_contain_text(re.compile(rf"After epoch (?!{done}:)\d+:"), timeout=180_000)
        assert list(runs.look(run).curves.epoch[:done]) == list(stopped.curves.epoch)
        page.context.close()
    finally:
        control.stop(run)
        server.stop()
