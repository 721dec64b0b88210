"""Ten people at once on a shared server: how long their answers take, and that nobody sees another's work.

Each is a session of its own over Streamlit's interface for programs, as their browsers run on computers of their own.
"""

import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.targets import Figure

PEOPLE, TURNS = 10, 12
PAUSE = (2.0, 8.0)  # seconds in which a person looks at the answers
POLL = 0.3  # seconds between two looks of a browser at a job under way
ENVIRONMENT = {"STREAMLIT_SERVER_ENABLE_AGENT_API": "true", "FEW_SHOT_LENS_SHARED": "1"}
THEMES = ("animals", "moving", "home", "food", "outdoors")
OUTDATED, PROGRESS = ">outdated<", '"type": "progress"'


class Visitor:
    """One person's browser: its cookie, its session, and what it shows now."""

    def __init__(self, address: str, number: int) -> None:
        self._address = f"{address}/_stcore/agent/interact"
        self._cookie = f"few_shot_lens_browser={number:032x}"
        self._session: Mapping[str, str] = {}
        self.shown: dict[str, Any] = {}

    def do(self, **request: object) -> None:
        """Let the page run and remember what it shows."""
        body = json.dumps({**self._session, **request}).encode()
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        with urllib.request.urlopen(urllib.request.Request(self._address, body, headers), timeout=300) as answer:
            self.shown = json.load(answer)
        self._session = {"session_id": self.shown["session_id"]}

    def press(self, key: str) -> None:
        """Press a button and wait until all answers speak of the project as it is."""
        self.do(trigger={"key": key})
        while not self.is_refreshed():
            time.sleep(POLL)
            self.do()

    def is_refreshed(self) -> bool:
        """Whether no answer is outdated and no job under way."""
        text = json.dumps(self.shown["tree"])
        return OUTDATED not in text and PROGRESS not in text

    def keys(self, prefix: str) -> list[str]:
        """Keys of what can be done, in the order of the page."""
        return [action["key"] for action in self.shown["actions"] if action["key"].startswith(prefix)]

    def sees(self, text: str) -> bool:
        """Whether a text stands anywhere on the page."""
        return text in json.dumps(self.shown["tree"])


def visit(address: str, number: int) -> tuple[list[float], int]:
    """Open a sample set, name it, then switch examples off or on, each time to a support set that is new.

    Returns:
        Seconds of every answer; how often something of another person was seen.
    """
    visitor, generator, times = Visitor(address, number), np.random.default_rng(number), []
    visitor.do()
    visitor.press(f"fsl_try_{THEMES[number % len(THEMES)]}")
    visitor.do(widget_state={"project_name": name_of(number)})
    for turn in range(TURNS):
        time.sleep(generator.uniform(*PAUSE))
        bit = ((turn + 1) & -(turn + 1)).bit_length() - 1  # Gray code: no support set comes twice
        switches = [key for key in visitor.keys("fsl_icon_switch_") if not key.endswith("_all")]
        start = time.perf_counter()
        visitor.press(switches[3 * bit])
        times.append(time.perf_counter() - start)
    others = [name_of(other) for other in range(PEOPLE) if other != number]
    foreign = sum(visitor.sees(name) for name in others)
    visitor.do(page="")
    foreign += sum(visitor.sees(name) for name in others)
    if not visitor.sees(name_of(number)):
        raise RuntimeError("A person's own project is not listed on the Start page.")
    return times, foreign


def name_of(number: int) -> str:
    """The name of a person's project."""
    return f"Work of person {number:03}"


def measure(address: str) -> Iterator[Figure]:
    """The time of an answer among ten people, and how much of other people's work was to be seen."""
    with ThreadPoolExecutor(PEOPLE) as pool:
        found = list(pool.map(lambda number: visit(address, number), range(PEOPLE)))
    times = [seconds for one, _ in found for seconds in one]
    what = f"{PEOPLE} people at once, {len(times)} answers on the same two cores"
    yield Figure(f"{what}: median", float(np.median(times)), 2, 5)
    yield Figure(f"{what}: 95th percentile", float(np.quantile(times, 0.95)), 2, 5)
    yield Figure("Projects of other people that somebody saw", sum(foreign for _, foreign in found), 0, 0, "")
