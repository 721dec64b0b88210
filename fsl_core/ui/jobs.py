"""One queue for all model work of all sessions: one worker, the same request is one job, and nobody works in vain."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fsl_core.errors import FSLError

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
UNEXPECTED = "Something unexpected went wrong; nothing of your work is lost. Try again, or choose other settings."

logger = logging.getLogger(__name__)


class Abandoned(Exception):  # noqa: N818 - no error: it unwinds work that nobody waits for
    """Nobody waits for this job any more."""


class Status(NamedTuple):
    """What can be said of a job.

    Attributes:
        state: "waiting", "running", "done" or "failed".
        ahead: number of jobs that come first; 0 while running and afterwards.
        fraction: of the work that is done, in [0, 1].
        phase: what is being done, for people.
        error: one sentence where the job failed, else empty.
    """

    state: str
    ahead: int = 0
    fraction: float = 0.0
    phase: str = ""
    error: str = ""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in (DONE, FAILED)


@dataclass(eq=False)
class Ticket:
    """The worker's hold on its job; its `report` is to be called between batches."""

    report: Callable[[float, str], None]


Work = Callable[[Ticket], Any]


@dataclass(eq=False)
class _Job:
    key: str
    work: Work
    patient: bool = False
    kept: bool = False
    waiters: dict[str, float] = field(default_factory=dict)  # -> time of the last sign of life
    state: str = WAITING
    fraction: float = 0.0
    phase: str = ""
    error: str = ""
    result: Any = None


class Queue:
    """Runs jobs one after another on one daemon thread, which starts with the first job.

    A job is wanted while one of its waiters is there: who submits another job under the same waiter's name lets go of
    the former, and so does who asks for no status for `patience` seconds. Jobs that nobody wants are dropped before
    they start, and stop at their next report. A patient job steps aside at each report until all others that wait are
    done; it is to hold nothing then that another job changes.

    Args:
        kept: number of finished jobs whose results are remembered.
        patience: seconds.
    """

    def __init__(self, kept: int = 64, patience: float = 60.0) -> None:
        self._kept = kept
        self._patience = patience
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, _Job] = OrderedDict()
        self._running: list[_Job] = []  # the last one runs; patient ones before it have stepped aside
        self._finished: OrderedDict[str, _Job] = OrderedDict()
        self._worker: threading.Thread | None = None

    def submit(self, key: str, work: Work, waiter: str | None = None, patient: bool = False) -> None:
        """Ask for a job; one that waits, runs or is done already is shared, one that failed is tried again.

        Args:
            key: digest of everything that the result depends on.
            waiter: who wants it; a waiter wants one job at a time. None = it is wanted for ever.
            patient: whether all others go first, also once it has begun; for what takes long.
        """
        with self._changed:
            if waiter is not None:
                self._let_go(waiter, but=key)
            job = self._find(key)
            if job is None or job.state == FAILED:
                self._finished.pop(key, None)
                job = self._waiting[key] = _Job(key, work, patient)
            if waiter is None:
                job.kept = True
            else:
                job.waiters[waiter] = time.monotonic()
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="inference", daemon=True)
                self._worker.start()
            self._changed.notify_all()

    def status(self, key: str, waiter: str | None = None) -> Status | None:
        """How a job stands; None = it is unknown, was dropped or forgotten. To ask as its waiter is a sign of life."""
        with self._changed:
            job = self._find(key)
            if job is None or (job.state == RUNNING and not self._wanted(job)):
                return None
            if waiter in job.waiters:
                job.waiters[waiter] = time.monotonic()
            ahead = list(self._waiting).index(key) + bool(self._running) if job.state == WAITING else 0
            return Status(job.state, ahead, job.fraction, job.phase, job.error)

    def result(self, key: str) -> Any:
        """What a job returned; None where it is not done, or forgotten."""
        with self._changed:
            job = self._finished.get(key)
            if job is None:
                return None
            self._finished.move_to_end(key)
            return job.result

    def wait(self, key: str, seconds: float) -> Status | None:
        """The status of a job once it has finished, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: (job := self._find(key)) is None or job.state in (DONE, FAILED), seconds)
        return self.status(key)

    def withdraw(self, waiter: str) -> None:
        """The waiter wants nothing any more."""
        with self._changed:
            self._let_go(waiter)

    def _find(self, key: str) -> _Job | None:
        running = next((job for job in self._running if job.key == key), None)
        return running or self._waiting.get(key) or self._finished.get(key)

    def _wanted(self, job: _Job) -> bool:
        oldest = time.monotonic() - self._patience
        return job.kept or any(seen >= oldest for seen in job.waiters.values())

    def _let_go(self, waiter: str, but: str = "") -> None:
        for job in [*self._waiting.values(), *self._running]:
            if job.key != but:
                job.waiters.pop(waiter, None)
        self._drop_unwanted()

    def _drop_unwanted(self) -> None:
        for key in [key for key, job in self._waiting.items() if not self._wanted(job)]:
            del self._waiting[key]
        self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._drop_unwanted()
                while not self._waiting:
                    self._changed.wait()
                    self._drop_unwanted()
                job = self._begin(next(iter(self._waiting.values())))
            self._run(job)

    def _begin(self, job: _Job) -> _Job:
        del self._waiting[job.key]
        job.state = RUNNING
        self._running.append(job)
        return job

    def _step_aside(self) -> None:
        """Run all that waits and is not patient."""
        while True:
            with self._changed:
                self._drop_unwanted()
                other = next((job for job in self._waiting.values() if not job.patient), None)
                if other is None:
                    return
                self._begin(other)
            self._run(other)

    def _run(self, job: _Job) -> None:
        def report(fraction: float, phase: str) -> None:
            with self._changed:
                job.fraction, job.phase = fraction, phase
                if not self._wanted(job):
                    raise Abandoned
            if job.patient:
                self._step_aside()

        state, result, error = FAILED, None, ""
        try:
            result = job.work(Ticket(report))
            state = DONE
        except Abandoned:
            state = WAITING
        except FSLError as problem:
            error = str(problem)
        except Exception:  # the worker serves everyone: it outlives whatever goes wrong in one job
            logger.exception("A job failed")
            error = UNEXPECTED
        with self._changed:
            self._running.remove(job)
            if state == WAITING and self._wanted(job):  # asked for again in the moment it stopped
                job.state, self._waiting[job.key] = WAITING, job
            elif state != WAITING:
                job.state, job.result, job.error, job.fraction = state, result, error, 1.0
                self._finished[job.key] = job
                while len(self._finished) > self._kept:
                    self._finished.popitem(last=False)
            self._changed.notify_all()
