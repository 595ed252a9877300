"""What is measured in a run, as TensorBoard reads it."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from masked_envs.files import NotWrittenError


class EventLog:
    """Writes scalars into a file of TensorBoard's, one record per iteration.

    TensorBoard's own writer writes in a thread, where an error such as that of a full disk is a traceback and nothing
    more; here it is raised by the call that met it.

    Args:
        directory: where the file is made.
        decisions: of the run until now; what was logged later than that, before a kill, gives way.

    Raises:
        NotWrittenError: here and in `write`, a file that cannot be written.
    """

    def __init__(self, directory: Path, decisions: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter

        self.path = directory / f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        try:
            # Unbuffered, so that each record is written when it is given.
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise self._not_written(error) from error
        self._records = RecordWriter(self._file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        if decisions:
            start = SessionLog(status=SessionLog.START)
            self._write(Event(wall_time=time.time(), step=decisions + 1, session_log=start))

    def write(self, decisions: int, metrics: dict[str, float]) -> None:
        """Log the metrics of an iteration, which ended after so many decisions."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        values = [Summary.Value(tag=name, simple_value=value) for name, value in metrics.items()]
        self._write(Event(wall_time=time.time(), step=decisions, summary=Summary(value=values)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, event: object) -> None:
        try:
            self._records.write(event.SerializeToString())  # type: ignore[attr-defined]
        except OSError as error:
            raise self._not_written(error) from error

    def _not_written(self, error: OSError) -> NotWrittenError:
        return NotWrittenError(error.errno, error.strerror, str(self.path))
