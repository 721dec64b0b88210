"""The state of a run on disk, written atomically, so that a run can be stopped at any moment and resumed."""

import io
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from fsl_core.errors import TrainingError
from fsl_core.train.config import CHECKPOINT, CONFIG, TrainConfig, write_config


def claim(folder: Path, config: TrainConfig, resume: bool) -> dict[str, Any] | None:
    """Make a folder the place of a run, with its `config.toml`; returns the state of the run to be resumed, if any.

    Raises:
        TrainingError: the folder cannot be written, it holds a run that is not to be resumed, or there is none to be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not resume and (folder / CHECKPOINT).exists():
            raise TrainingError(f"{folder} already holds a run; go on with --resume, or choose another --output.")
        state = load_checkpoint(folder, config) if resume else None
        write_config(folder / CONFIG, config)
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {folder} ({error.strerror}); choose another folder with --output."
        ) from error
    return state


def save_checkpoint(folder: Path, state: dict[str, Any], config: TrainConfig) -> None:
    """Write `state` and the configuration to `last.ckpt`; an interrupted write leaves the old file.

    Raises:
        OSError: the file cannot be written.
    """
    part = folder / f"{CHECKPOINT}.part"
    file = io.BytesIO()  # torch.save itself does not tell a full disk from a bug
    torch.save(state | {"config": asdict(config)}, file)
    try:
        part.write_bytes(file.getbuffer())
    except OSError:
        part.unlink(missing_ok=True)  # a full disk must not stay full
        raise
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
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{path} is damaged ({type(error).__name__}); start anew with another --output.") from error
    here = asdict(config)
    before = asdict(TrainConfig()) | state["config"]  # a field that is younger than the checkpoint had its default
    free = {"checkpoint_minutes", "accelerator", "devices"}
    changed = [name for name, value in here.items() if name not in free and before[name] != value]
    if changed:
        raise TrainingError(
            f"The checkpoint in {folder} was made with another {', '.join(changed)}; resume with the same, or choose "
            "another --output."
        )
    return state
