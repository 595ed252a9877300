"""Writing files that are whole or absent."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class NotWrittenError(OSError):
    """A file could not be written; `filename` is its path, and `strerror` the reason."""

    def __str__(self) -> str:
        return f"{self.filename} was not written: {self.strerror}"


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file to write to, which takes the place of `path` when the block ends without an error.

    After an error (a full disk, an interrupt), `path` is what it was before. The file is written beside `path` and
    renamed; a `path` that is a device or a pipe, which cannot be replaced, is written directly.

    Raises:
        NotWrittenError: the system refuses to open, write or rename, as on a full disk.
    """
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
            return
        target = target.resolve()  # a link stays, and what it points to is replaced
        beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
        try:
            with beside.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise NotWrittenError(error.errno, error.strerror, os.fspath(path)) from error
