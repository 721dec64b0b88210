"""How much of a data set of the Hub is on this computer already."""

import contextlib
from pathlib import Path


def downloaded_bytes(hub_id: str) -> int:
    """Bytes of all files of a data set that were downloaded, unfinished ones included; the Hub is not asked."""
    from huggingface_hub.constants import HF_HUB_CACHE

    total = 0
    for path in Path(HF_HUB_CACHE, f"datasets--{hub_id.replace('/', '--')}", "blobs").glob("*"):
        with contextlib.suppress(OSError):  # a finished file is renamed
            total += path.stat().st_size
    return total
