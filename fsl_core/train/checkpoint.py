"""The state of a run on disk, written atomically, so that a run can be stopped at any moment and resumed."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from fsl_core.errors import TrainingError
from fsl_core.train.config import TrainConfig

CHECKPOINT = "last.ckpt"


def save_checkpoint(folder: Path, state: dict[str, Any], config: TrainConfig) -> None:
    """Write `state` and the configuration to `last.ckpt`; an interrupted write leaves the old file."""
    part = folder / f"{CHECKPOINT}.part"
    torch.save(state | {"config": asdict(config)}, part)
    part.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path, config: TrainConfig) -> dict[str, Any]:
    """The state of an earlier run of the same configuration.

    Raises:
        TrainingError: there is none, it is damaged, or it belongs to another configuration.
    """
    path = folder / CHECKPOINT
    if not path.is_file():
        raise TrainingError(f"There is no checkpoint in {folder} to resume from; start without --resume.")
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except (RuntimeError, EOFError, OSError) as error:
        raise TrainingError(f"{path} is damaged ({type(error).__name__}); start anew without --resume.") from error
    here = asdict(config)
    free = {"checkpoint_minutes", "accelerator"}
    changed = [name for name, value in here.items() if name not in free and state["config"].get(name) != value]
    if changed:
        raise TrainingError(
            f"The checkpoint in {folder} was made with another {', '.join(changed)}; resume with the same."
        )
    return state
