"""The running app and a real browser, for the browser tests, the screenshots and the measurements."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
SHOWN = {  # address of a page -> what is there when it is complete
    "why": "text=/a gain of/",
    "matching": ".js-plotly-plot:visible",
    "weights": ".js-plotly-plot:visible >> nth=5",
    "alignment": ".js-plotly-plot:visible >> nth=2",
    "heat_maps": "text=/a gain of/",
    "neighbours": ".js-plotly-plot:visible >> nth=1",
    "feature_space": ".js-plotly-plot:visible",
    "influence": ".js-plotly-plot:visible >> nth=1",
    "compare": "text=/methods agree/",
    "transport": ".js-plotly-plot:visible",
}
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def chromium() -> str | None:
    """Path of the system's Chromium, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Server:
    """The app on a free port, projects and runs in `home`; after `kill` it can be started again at the same address."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._home = home
        self._environment = os.environ | {"FEW_SHOT_LENS_HOME": str(home)} | dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"http://127.0.0.1:{self._port}"

    def start(self, seconds: float = 180.0) -> None:
        """Start it and wait until it answers.

        Raises:
            TimeoutError: it did not answer in time.
        """
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
        options = ["--server.headless=true", f"--server.port={self._port}"]
        with (self._home / "server.log").open("a") as log:
            self._process = subprocess.Popen(
                command + options, cwd=self._home, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        _wait_for(f"{self.address}/_stcore/health", seconds)

    def stop(self) -> None:
        """End it in order."""
        if self._process:
            self._process.terminate()
            self._process.wait(20)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process:
            self._process.kill()
            self._process.wait(20)

    def memory(self) -> float:
        """Memory that it holds (RSS), in MB; on Linux only."""
        pid = self._process.pid if self._process else 0
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def log(self) -> str:
        """What it has printed so far."""
        return (self._home / "server.log").read_text()


@contextmanager
def running_app(home: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The app, started, and stopped at the end."""
    server = Server(home, environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _wait_for(url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"The app did not answer at {url} within {seconds:g} s.")


@contextmanager
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


def settle(page: Page, milliseconds: int = 120_000) -> None:
    """Wait until the page's script has stopped running."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=milliseconds)
    page.wait_for_timeout(300)


def try_sample(page: Page, address: str) -> None:
    """Open the app and have its sample episode answered."""
    page.goto(address)
    page.get_by_role("button", name="Try the sample episode").click()
    page.get_by_text("Most like").first.wait_for(timeout=240_000)
    settle(page)


def follow(page: Page, name: str) -> None:
    """Open another page by the menu at the top, where it may be in a section that unfolds."""
    link = page.get_by_test_id("stTopNav").get_by_text(name, exact=True)
    if not link.count():
        page.get_by_test_id("stTopNavSection").click()
        link = page.get_by_test_id("stTopNavPopover").get_by_text(name, exact=True)
    link.click()
