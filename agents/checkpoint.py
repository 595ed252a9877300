"""Checkpoints: complete or absent, whatever interrupts the writing, and checked when they are read."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

FILE = "checkpoint.pt"
FORMAT = "masked_envs PPO checkpoint 1"


def save_checkpoint(directory: Path, content: dict[str, Any]) -> None:
    """Replace the checkpoint of a run by a newer one, at once: a killed process leaves the one or the other."""
    directory.mkdir(parents=True, exist_ok=True)
    partial = directory / f"{FILE}.partial"
    with open(partial, "wb") as file:
        torch.save({"format": FORMAT, **content}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, directory / FILE)


def load_checkpoint(directory: Path) -> dict[str, Any]:
    """The content of a run's checkpoint. Reading it runs no code: it holds tensors, numbers and text.

    Raises:
        FileNotFoundError: the run has no checkpoint.
        ValueError: the file is damaged, or is something else.
    """
    path = directory / FILE
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()  # torch.load alone does not notice a changed byte
        content = None if damaged else torch.load(path, weights_only=True)
    except (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, EOFError, KeyError) as error:
        raise ValueError(f"{path} is damaged or no checkpoint of this agent: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is damaged or no checkpoint of this agent ({FORMAT!r})")
    return content


def pack(value: Any) -> Tensor:
    """Any value that pickles, as a tensor of bytes that `load_checkpoint` carries without opening it."""
    return torch.frombuffer(bytearray(pickle.dumps(value)), dtype=torch.uint8)


def unpack(packed: Tensor) -> Any:
    """The value again. Like any pickle it can run code: resume only runs whose files you trust."""
    return pickle.loads(packed.numpy().tobytes())
