"""Ctrl-C as a question that is asked between two steps, so that it never splits one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def deferred_interrupt() -> Iterator[threading.Event]:
    """Within the block, the first Ctrl-C sets the event that is given; a second one acts as it did before.

    Only the main thread receives signals: in another thread, and where Ctrl-C is ignored, nothing is changed.
    """
    asked = threading.Event()
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield asked
        return

    def note(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, previous)

    signal.signal(signal.SIGINT, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, previous)
