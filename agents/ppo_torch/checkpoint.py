"""Checkpoints: arrays, numbers and text in one file, complete or absent whatever interrupts the writing.

The file is a line that names the format, the SHA-256 of the rest, the length of a JSON text, that text, and the bytes
of all arrays one after the other. The text says where in nested dicts, lists and tuples each array belongs. Nothing in
the file names code, so that reading it imports and runs nothing; and no damaged byte gets as far as the JSON.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from masked_envs.files import atomic_write

FILE = "checkpoint.bin"
FORMAT = b"masked_envs PPO checkpoint 2\n"
DTYPES = {
    np.dtype(name).str: np.dtype(name)
    for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
    + ("float16", "float32", "float64")
}


def save_checkpoint(directory: Path, content: Any) -> None:
    """Replace the checkpoint of a run by a newer one, at once: a killed process leaves the one or the other.

    Raises:
        NotWrittenError: the file cannot be written. TypeError: content that `encode` does not take.
    """
    data = encode(content)
    with atomic_write(directory / FILE) as file:
        file.write(data)


def load_checkpoint(directory: Path) -> Any:
    """The content of a run's checkpoint.

    Raises:
        FileNotFoundError: the run has no checkpoint. OSError: it cannot be read.
        ValueError: the file is damaged, or is something else.
    """
    path = directory / FILE
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    try:
        return decode(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is damaged or no checkpoint of this agent: {error}") from error


def encode(content: Any) -> bytes:
    """The bytes of nested dicts, lists and tuples of arrays, tensors, bytes, numbers, text and None.

    Raises:
        TypeError: anything else, such as an object that only a pickle could hold.
    """
    arrays: list[npt.NDArray[Any]] = []

    def store(kind: str, array: npt.NDArray[Any]) -> dict[str, int]:
        if array.dtype.str not in DTYPES:
            raise TypeError(f"a checkpoint holds arrays of numbers, not of {array.dtype}")
        arrays.append(np.ascontiguousarray(array).reshape(array.shape))
        return {kind: len(arrays) - 1}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {"dict": [[plain(key), plain(part)] for key, part in value.items()]}
        if isinstance(value, tuple):
            return {"tuple": [plain(part) for part in value]}
        if isinstance(value, list):
            return [plain(part) for part in value]
        if isinstance(value, torch.Tensor):
            return store("tensor", value.numpy(force=True))
        if isinstance(value, np.ndarray):
            return store("array", value)
        if isinstance(value, bytes):
            return store("bytes", np.frombuffer(value, np.uint8))
        if isinstance(value, np.generic):
            return plain(value.item())
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise TypeError(f"a checkpoint holds arrays, numbers and text, not {value!r}")

    tree = plain(content)
    forms = [[array.dtype.str, list(array.shape)] for array in arrays]
    text = json.dumps({"tree": tree, "arrays": forms}).encode()
    body = b"".join([len(text).to_bytes(8, "little"), text, *(array.tobytes() for array in arrays)])
    return FORMAT + hashlib.sha256(body).digest() + body


def decode(content: bytes) -> Any:
    """What `encode` was given; arrays share no memory with `content`.

    Raises:
        ValueError: not bytes that `encode` gave.
    """
    start = len(FORMAT) + hashlib.sha256().digest_size
    body = memoryview(content)[start:]
    if content[: len(FORMAT)] != FORMAT:
        raise ValueError(f"it does not begin with {FORMAT.decode().strip()!r}")
    if hashlib.sha256(body).digest() != content[len(FORMAT) : start]:
        raise ValueError("its checksum is wrong")
    length = int.from_bytes(body[:8], "little")
    try:
        header = json.loads(bytes(body[8 : 8 + length]))
        return _tree(header["tree"], _arrays(header["arrays"], body[8 + length :]))
    except (KeyError, TypeError, IndexError, RecursionError) as error:
        raise ValueError(f"its text does not describe a checkpoint ({error!r})") from error


def _arrays(forms: Any, content: memoryview) -> list[npt.NDArray[Any]]:
    arrays, begin = [], 0
    for name, shape in forms:
        if any(type(size) is not int or size < 0 for size in shape):
            raise ValueError(f"an array has the shape {shape}")
        dtype = DTYPES[name]
        end = begin + dtype.itemsize * int(np.prod(shape, dtype=object))
        if end > len(content):
            raise ValueError("it ends within an array")
        arrays.append(np.frombuffer(content[begin:end], dtype).reshape(shape).copy())
        begin = end
    if begin != len(content):
        raise ValueError("it goes on after the last array")
    return arrays


def _tree(value: Any, arrays: list[npt.NDArray[Any]]) -> Any:
    if isinstance(value, list):
        return [_tree(part, arrays) for part in value]
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "dict":
        return {_tree(key, arrays): _tree(part, arrays) for key, part in held}
    if kind == "tuple":
        return tuple(_tree(part, arrays) for part in held)
    if kind == "tensor":
        return torch.from_numpy(arrays[held])
    if kind == "bytes":
        return arrays[held].tobytes()
    if kind == "array":
        return arrays[held]
    raise ValueError(f"there is no {kind!r} in a checkpoint")
