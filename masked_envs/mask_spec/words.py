"""Values in messages: as much of them as is shown, and no more."""

from __future__ import annotations

from typing import Any

BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), dict: ("{", "}")}


def beginning(value: Any, length: int) -> str:
    """The repr of a value, or more than `length` characters of its beginning where it is longer; millions of elements
    are not written out for that.
    """
    kind = type(value)
    if kind in (str, bytes):
        return repr(value[:length]) if len(value) > length else repr(value)
    if kind not in (list, tuple, dict) or not value:
        return repr(value)
    text, closed = BRACKETS[kind]
    for number, part in enumerate(value):
        if len(text) > length:
            return text
        text += ", " if number else ""
        text += beginning(part, length - len(text))
        if kind is dict:
            text += ": "
            text += beginning(value[part], length - len(text))
    return f"{text},)" if kind is tuple and len(value) == 1 else text + closed
