"""Ctrl-C as a question that is asked between two steps, so that it never splits one; SIGTERM (`kill`) is alike."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Interrupt:
    """Whether a signal has come.

    A plain flag: a `threading.Event` takes a lock, for which a second signal would wait for ever while the first one
    is still being noted.
    """

    asked: bool = False


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Within the block, a signal is noted in what is given; a second Ctrl-C acts as it did before.

    Only the main thread receives signals: in another thread, nothing is changed, nor is a signal that is ignored.
    """
    interrupt = Interrupt()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    noted = {number: old for number, old in before.items() if old not in (None, signal.SIG_IGN)}
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def restore() -> None:
        for number, old in noted.items():
            signal.signal(number, old)

    def note(*_: object) -> None:
        interrupt.asked = True
        if signal.SIGINT in noted:
            signal.signal(signal.SIGINT, noted[signal.SIGINT])

    for number in noted:
        signal.signal(number, note)
    try:
        yield interrupt
    finally:
        restore()
