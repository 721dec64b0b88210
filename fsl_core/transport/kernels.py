"""How numba compiles the solvers of this package; importing it imports numba, which is slow."""

from collections.abc import Callable
from typing import Any

from numba import njit

# Without numba's reference counts (its option is private), which cost as much as the work itself: nothing in a compiled
# function may allocate, all memory is the caller's.
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
PART = OPTIONS | {"no_cpython_wrapper": True}  # of a function that only compiled functions call


def compiled(function: Callable[..., None], signature: str) -> Any:
    """The compiled function, kept in a file for the next process: beside its own, or in the user's cache folder."""
    try:
        return njit(signature, cache=True, **OPTIONS)(function)
    except RuntimeError:  # numba found no folder to write to
        return njit(signature, **OPTIONS)(function)
