"""Files that are complete or absent."""

from __future__ import annotations

import os
from pathlib import Path


class NotWrittenError(OSError):
    """A file could not be written; `filename` is its path, and `strerror` the reason."""

    def __str__(self) -> str:
        return f"{self.filename} was not written: {self.strerror}"


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file, or replace it, in one step: whatever interrupts the writing leaves the older file or none.

    The content is first written beside the file and synchronised with the disk, and then renamed.

    Raises:
        NotWrittenError: the system refuses, as on a full disk.
    """
    target = Path(os.path.realpath(path))
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise NotWrittenError(error.errno, error.strerror, os.fspath(path)) from error
        raise
