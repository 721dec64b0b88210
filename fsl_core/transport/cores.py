"""Compiled solvers: loaded when they are needed, and run on all cores."""

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from fsl_core.errors import TransportError

PARTS = 4  # of the batch for each thread, so that none waits long for the others


def kernel(name: str) -> Any:
    """A compiled module of this package; not imported before it is needed, as numba is slow to import.

    Raises:
        TransportError: numba cannot be imported.
    """
    try:
        return importlib.import_module(f"fsl_core.transport.{name}")
    except ImportError as error:
        raise TransportError(
            f"The compiled solver cannot be loaded ({error}); install what requirements.txt lists, or choose another "
            "one."
        ) from error


def on_all_cores(work: Callable[[int, int], None], batch: int, worthwhile: bool) -> None:
    """Call `work(first, last)` for parts of the batch, on as many threads as torch uses.

    Args:
        worthwhile: whether the batch takes longer than threads take to start; if not, it is worked on right here.
    """
    threads = torch.get_num_threads() if worthwhile else 1
    if threads == 1:
        work(0, batch)
        return
    bounds = np.linspace(0, batch, threads * PARTS + 1, dtype=int).tolist()
    with ThreadPoolExecutor(threads) as pool:  # ends here, so that a process that forks later misses no thread
        list(pool.map(work, bounds[:-1], bounds[1:]))


def working_memory(cells: int, n: int, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What `predictor_corrector` needs for problems of n x m; n and m are padded to multiples of 4."""
    height, width = n + -n % 4, m + -m % 4
    return np.zeros((cells, height, width)), np.empty((width, width)), np.empty((6, max(height, width)))
