"""Python's garbage collector, kept from what stays in memory for ever."""

import atexit
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

FREEZE_EVERY = 0.05  # seconds

atexit.register(gc.unfreeze)  # what was frozen is given back in order


@contextmanager
def passed_over_by_the_collector() -> Iterator[None]:
    """Have Python's garbage collector pass over everything that is made meanwhile, of which most stays for ever.

    Streamlit collects garbage after every run of a page. That takes half a second once torch is in memory and holds up
    all threads: with it, loading would take twice as long and the pages would stutter.
    """
    done = threading.Event()

    def freeze() -> None:
        while not done.wait(FREEZE_EVERY):
            gc.freeze()

    thread = threading.Thread(target=freeze, name="freeze", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        gc.freeze()
