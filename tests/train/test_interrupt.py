"""Ctrl-C and SIGTERM are noted within the block and act as always outside it."""

import signal
import threading

import pytest

from fsl_core.train.interrupt import deferred_interrupt


def test_the_first_interrupt_is_noted_and_the_second_raises() -> None:
    with deferred_interrupt() as asked:
        assert not asked.is_set()
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_request_to_end_is_noted_too() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with deferred_interrupt() as asked:
        signal.raise_signal(signal.SIGTERM)
        assert asked.is_set()
        signal.raise_signal(signal.SIGTERM)  # by somebody impatient: nothing is lost
    assert signal.getsignal(signal.SIGTERM) is before


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
        with deferred_interrupt() as asked:
            signal.raise_signal(signal.SIGINT)
        assert not asked.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_leaves_signals_alone() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with deferred_interrupt() as asked:
            seen.append((asked.is_set(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, before)]
