"""Large tables that no step changes, such as the transitions of Gymnasium's Taxi: copies of an environment share them.

Copying such a table takes longer than everything else that a check does. Whether steps leave it alone cannot be known
before; so its bytes are compared after each law, and where they have changed the law is checked anew without sharing.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from typing import Any

FEWEST = 1000  # entries of a table that is worth it
ATOMS = (bool, int, float, complex, str, bytes, type(None))


def tables_of(env: Any) -> list[Any]:
    """The large dicts and lists of plain values among the attributes of an environment."""
    attributes = getattr(getattr(env, "unwrapped", env), "__dict__", {})
    return [value for value in attributes.values() if isinstance(value, (dict, list)) and _is_large(value)]


def _is_large(table: Any) -> bool:
    entries = list(_entries(table))
    return len(entries) >= FEWEST and all(isinstance(entry, ATOMS) or hasattr(entry, "dtype") for entry in entries)


def _entries(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _entries(part)
    else:
        yield value


def digest(table: Any) -> bytes:
    """What tells whether a table has changed."""
    return hashlib.sha256(pickle.dumps(table)).digest()
