"""What the app promises, measured in a real browser: `python -m benchmarks.app` prints docs/promises.md.

Browser and app share the machine's cores. `python -m benchmarks.app story crashes` measures those parts alone.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import access, clicks, crashes, story, users
from benchmarks.browser import Server, browser, running_app
from benchmarks.person import Person
from benchmarks.targets import HEADING, Figure
from benchmarks.training import RECIPES, train


def cold(home: Path) -> Iterator[Figure]:
    """A server that was just started."""
    with browser() as opened:
        yield from story.first_answers(opened, home)


def warm(home: Path) -> Iterator[Figure]:
    """The story, and a zip of photos."""
    with running_app(home) as server, browser() as opened:
        yield from story.play(opened, server)
        yield story.photos_in_a_zip(opened, server, home)


def explained(home: Path) -> Iterator[Figure]:
    """Clicks on the pages that explain."""
    with running_app(home) as server, browser() as opened:
        person = Person(opened, server.address)
        person.start_sample()
        yield from clicks.measure(person)
        person.leave()


def memory(home: Path) -> Iterator[Figure]:
    """Two hundred answers on one server."""
    with running_app(home) as server, browser() as opened:
        yield story.growth_of_memory(opened, server)


def everybody(home: Path) -> Iterator[Figure]:
    """Axe, keyboard, widths and themes."""
    train(home / "runs", next(iter(RECIPES)), 2).wait()
    with running_app(home) as server, browser() as opened:
        yield from access.measure(opened, server.address, tell=True)


def killed(home: Path) -> Iterator[Figure]:
    """A server that is killed again and again."""
    server = Server(home)
    server.start()
    with browser() as opened:
        yield from crashes.measure(opened, server)
    server.stop()


def classroom(home: Path) -> Iterator[Figure]:
    """Ten people on one shared server."""
    with running_app(home, users.ENVIRONMENT) as server:
        yield from users.measure(server.address)


PARTS = {
    "cold": cold, "story": warm, "clicks": explained, "memory": memory, "access": everybody, "crashes": killed,
    "classroom": classroom,
}  # fmt: skip


def main() -> None:
    """Measure the parts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.app", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    chosen = parser.parse_args().parts or list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"There is no part {', '.join(unknown)}; choose from {', '.join(PARTS)}.")
    print(HEADING, flush=True)
    for name in chosen:
        with tempfile.TemporaryDirectory() as home:
            for figure in PARTS[name](Path(home)):
                print(figure, flush=True)


if __name__ == "__main__":
    main()
