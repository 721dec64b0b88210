"""The queue with real threads."""

import threading
import time
from collections.abc import Callable

import pytest

from fsl_core.errors import FSLError
from fsl_core.ui.jobs import DONE, FAILED, RUNNING, UNEXPECTED, WAITING, Queue, Ticket

LONG = 10.0


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


def blocked(gate: threading.Event, started: threading.Event | None = None) -> Callable[[Ticket], str]:
    """Work that reports until the gate opens."""

    def work(ticket: Ticket) -> str:
        if started:
            started.set()
        while not gate.wait(0.005):
            ticket.report(0.5, "half way")
        return "through"

    return work


def test_five_submits_are_one_run(gate: threading.Event) -> None:
    queue, runs = Queue(), []

    def work(ticket: Ticket) -> int:
        gate.wait(LONG)
        runs.append(1)
        return 42

    for click in range(5):
        queue.submit("same", work, f"session {click % 2}")
    gate.set()
    assert queue.wait("same", LONG).state == DONE
    queue.submit("same", work, "session 0")
    assert queue.wait("same", LONG).state == DONE
    assert (len(runs), queue.result("same")) == (1, 42)


def test_jobs_run_one_at_a_time_in_order_and_know_their_place(gate: threading.Event) -> None:
    queue, order, started = Queue(), [], threading.Event()
    queue.submit("a", blocked(gate, started), "one")
    assert started.wait(LONG)
    queue.submit("b", lambda ticket: order.append("b"), "two")
    queue.submit("c", lambda ticket: order.append("c"), "three")
    status = queue.status("a")
    assert (status.state, status.ahead) == (RUNNING, 0)
    assert [(queue.status(key).state, queue.status(key).ahead) for key in "bc"] == [(WAITING, 1), (WAITING, 2)]
    gate.set()
    assert queue.wait("c", LONG).state == DONE
    assert order == ["b", "c"]


def test_progress_is_seen_while_a_job_runs(gate: threading.Event) -> None:
    queue, reported = Queue(), threading.Event()

    def work(ticket: Ticket) -> None:
        ticket.report(0.25, "first quarter")
        reported.set()
        gate.wait(LONG)

    queue.submit("a", work, "one")
    assert reported.wait(LONG)
    assert queue.status("a")[2:4] == (0.25, "first quarter")
    gate.set()
    assert queue.wait("a", LONG).fraction == 1.0


def test_a_new_request_of_the_same_waiter_stops_the_old_one(gate: threading.Event) -> None:
    queue, started = Queue(), threading.Event()
    queue.submit("old", blocked(gate, started), "session")
    assert started.wait(LONG)
    queue.submit("queued", lambda ticket: "never asked for any more", "session")
    queue.submit("new", lambda ticket: "new", "session")
    assert queue.wait("new", LONG).state == DONE  # although the gate never opens
    assert queue.status("old") is None
    assert queue.status("queued") is None
    assert queue.result("old") is None


def test_a_job_goes_on_while_another_session_wants_it(gate: threading.Event) -> None:
    queue, started = Queue(), threading.Event()
    queue.submit("shared", blocked(gate, started), "one")
    queue.submit("shared", blocked(gate, started), "two")
    assert started.wait(LONG)
    queue.withdraw("one")
    time.sleep(0.05)
    assert queue.status("shared").state == RUNNING
    gate.set()
    assert queue.wait("shared", LONG).state == DONE
    assert queue.result("shared") == "through"


def test_silence_of_all_waiters_ends_a_job_and_asking_keeps_it(gate: threading.Event) -> None:
    queue, started = Queue(patience=0.25), threading.Event()
    queue.submit("a", blocked(gate, started), "one")
    assert started.wait(LONG)
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        assert queue.status("a", "one").state == RUNNING
        time.sleep(0.02)
    time.sleep(0.5)
    assert queue.status("a", "one") is None


def test_work_without_a_waiter_is_always_wanted(gate: threading.Event) -> None:
    queue, started = Queue(patience=0.05), threading.Event()
    queue.submit("warm-up", blocked(gate, started))
    assert started.wait(LONG)
    time.sleep(0.2)
    gate.set()
    assert queue.wait("warm-up", LONG).state == DONE


def test_errors_become_one_sentence_and_the_worker_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue()

    def known(ticket: Ticket) -> None:
        raise FSLError("The picture is gone; add it again.")

    def unknown(ticket: Ticket) -> None:
        raise ZeroDivisionError("secret detail")

    queue.submit("known", known, "one")
    assert queue.wait("known", LONG)[0::4] == (FAILED, "The picture is gone; add it again.")
    queue.submit("unknown", unknown, "one")
    assert queue.wait("unknown", LONG)[0::4] == (FAILED, UNEXPECTED)
    assert "secret detail" in caplog.text
    queue.submit("known", lambda ticket: "works now", "one")
    assert queue.wait("known", LONG).state == DONE
    assert queue.result("known") == "works now"


def test_results_are_bounded() -> None:
    queue = Queue(kept=3)
    for number in range(6):
        queue.submit(str(number), lambda ticket, number=number: number, "one")
        assert queue.wait(str(number), LONG) is not None
    assert [queue.result(str(number)) for number in range(6)] == [None, None, None, 3, 4, 5]


def test_a_patient_job_steps_aside_for_all_others_and_goes_on(gate: threading.Event) -> None:
    queue, order, started = Queue(), [], threading.Event()

    def long(ticket: Ticket) -> str:
        started.set()
        gate.wait(LONG)
        for part in range(3):
            order.append(f"part {part}")
            ticket.report(part / 3, "long")
        return "through"

    queue.submit("long", long, "one", patient=True)
    assert started.wait(LONG)
    queue.submit("patient, too", lambda ticket: order.append("patient, too"), "two", patient=True)
    seen: list[str] = []

    def quick(ticket: Ticket) -> None:
        order.append("quick")
        seen.append(queue.status("long").state)

    queue.submit("quick", quick, "three")
    gate.set()
    assert queue.wait("patient, too", LONG).state == DONE
    assert order == ["part 0", "quick", "part 1", "part 2", "patient, too"]
    assert seen == [RUNNING] and queue.result("long") == "through"


def test_a_patient_job_that_stepped_aside_can_be_left() -> None:
    queue, started, done = Queue(), threading.Event(), []

    def long(ticket: Ticket) -> None:
        started.set()
        while True:
            ticket.report(0.5, "long")

    queue.submit("long", long, "one", patient=True)
    assert started.wait(LONG)
    queue.submit("quick", lambda ticket: (queue.withdraw("one"), done.append(1)), "two")
    assert queue.wait("quick", LONG).state == DONE
    queue.submit("next", lambda ticket: done.append(2), "two")
    assert queue.wait("next", LONG).state == DONE and done == [1, 2]
    assert queue.status("long") is None
