"""Ctrl-C and SIGTERM are noted within the block and act as always outside it."""

import signal
import subprocess
import sys
import threading

import pytest

from fsl_core.train.interrupt import deferred_interrupt


def test_the_first_interrupt_is_noted_and_the_second_raises() -> None:
    with deferred_interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_request_to_end_is_noted_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with deferred_interrupt() as interrupt:
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked
        signal.raise_signal(signal.SIGTERM)  # by somebody impatient: nothing is lost
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_storm_of_requests_to_end_is_survived() -> None:
    """Signals come while others are still being noted; in a process of its own, which a lock would leave hanging."""
    storm = """
import os, signal, sys, threading
from fsl_core.train.interrupt import deferred_interrupt
sys.setswitchinterval(1e-6)
def send():
    for _ in range(20000):
        os.kill(os.getpid(), signal.SIGTERM)
with deferred_interrupt() as interrupt:
    thread = threading.Thread(target=send)
    thread.start()
    while thread.is_alive():
        pass
    assert interrupt.asked
"""
    subprocess.run([sys.executable, "-c", storm], check=True, timeout=60)


@pytest.mark.parametrize("error", [None, ValueError])
def test_the_old_handler_comes_back(error: type[Exception] | None) -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        with deferred_interrupt():
            assert signal.getsignal(signal.SIGINT) is not before
            if error:
                raise error
    except ValueError:
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
        assert not interrupt.asked
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with deferred_interrupt() as interrupt:
            seen.append((interrupt.asked, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
