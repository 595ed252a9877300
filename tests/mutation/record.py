"""The verdicts of earlier runs, by what each break changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from .table import Break
from .trial import Outcome

UNKNOWN = "not tried"


def key_of(one: Break) -> str:
    """A break by its content, so that its place in the table may change."""
    return hashlib.sha256("\0".join((one.where, one.old, one.new)).encode()).hexdigest()[:16]


class Record:
    """What came of each break, in a JSON file that is written after each of them.

    Args:
        path: of the file; may not exist yet. None: nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.entries: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            self.entries = json.loads(path.read_text(encoding="utf-8"))

    def verdict(self, one: Break) -> str:
        """The verdict on a break, or "not tried"."""
        return str(self.entries.get(key_of(one), {}).get("verdict", UNKNOWN))

    def noticed_by(self, one: Break) -> str:
        """The test that failed when the break was tried; "" where none did."""
        return str(self.entries[key_of(one)]["detail"]) if self.verdict(one) == "killed" else ""

    def add(self, name: str, one: Break, outcome: Outcome, seconds: float) -> None:
        """Take in one outcome."""
        self.entries[key_of(one)] = {
            "break": name,
            "where": one.where,
            "verdict": outcome.verdict,
            "detail": outcome.detail,
            "seconds": round(seconds, 1),
        }
        if self.path is not None:
            text = json.dumps(self.entries, indent=1)
            self.path.write_text(text + "\n", encoding="utf-8")
