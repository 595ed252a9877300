"""Where actions live: marks in the picture, strips of boxes and range bars under it, and the paths that name
mask entries.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Path = tuple[int | str, ...]
"""An entry of a mask: ints enter arrays, a str enters a dict of masks."""
Index = int | Path
"""A path as environments write it: a bare int for flat masks."""
Box = tuple[float, float, float, float]
"""x, y, width, height"""
Icon = Literal["", "up", "down", "left", "right", "stay"]
Style = Literal["button", "area"]

ICON_KEYS: dict[str, str] = {"up": "up", "down": "down", "left": "left", "right": "right", "space": "stay"}
"""Key of the keyboard -> the icon it plays."""


def as_path(index: Index) -> Path:
    """The tuple form of an index."""
    if isinstance(index, tuple):
        return tuple(part if isinstance(part, str) else operator.index(part) for part in index)
    return (operator.index(index),)


def as_index(path: Path) -> Index:
    """The form environments and players use: a bare int for a path of one int."""
    return path[0] if len(path) == 1 and isinstance(path[0], int) else path


@dataclass(frozen=True)
class ActionMark:
    """Where one action lives in the picture; `covers` is a further area it acts on, `name` more than fits there."""

    path: Path
    x: float
    y: float
    w: float
    h: float
    label: str
    agent: int
    style: Style
    icon: Icon
    covers: Box | None
    ink: str
    name: str = ""

    @property
    def index(self) -> Index:
        """The mask entry as the environment wrote it."""
        return as_index(self.path)


def mark_box(mark: ActionMark) -> Box:
    """Where a mark stands."""
    return (mark.x, mark.y, mark.w, mark.h)


def holds(box: Box, x: float, y: float) -> bool:
    """Whether a point is in a box; of two boxes side by side one holds their edge."""
    return box[0] <= x < box[0] + box[2] and box[1] <= y < box[1] + box[3]


@dataclass(frozen=True)
class Strip:
    """A group of boxes under the picture, one per mask entry.

    One axis: entries `offset` to `offset + size` of the agent's mask. More axes: the whole table, row by row.
    `key` enters a dict of masks first. `last` strips stand below everything else.
    """

    labels: tuple[str, ...]
    shape: tuple[int, ...]
    title: str
    agent: int
    key: Path
    offset: int
    ink: str
    last: bool = False

    @property
    def size(self) -> int:
        """How many boxes."""
        return math.prod(self.shape)

    def path(self, i: int) -> Path:
        """The mask entry of box `i`."""
        if len(self.shape) == 1:
            return (*self.key, self.offset + i)
        return (*self.key, *unravel(i, self.shape))

    def box(self, path: Path) -> int | None:
        """The box of a mask entry; None if it is not in this strip."""
        depth = len(self.key)
        rest = [part for part in path[depth:] if isinstance(part, int)]
        if path[:depth] != self.key or len(rest) != len(path) - depth or len(rest) != len(self.shape):
            return None
        if len(rest) == 1:
            rest = [rest[0] - self.offset]
        if not all(0 <= part < n for part, n in zip(rest, self.shape, strict=True)):
            return None
        i = 0
        for part, n in zip(rest, self.shape, strict=True):
            i = i * n + part
        return i

    def label(self, i: int) -> str:
        """The words of box `i`: the environment's own, else its place in the group."""
        if self.labels:
            return self.labels[i]
        return str(i) if len(self.shape) == 1 else ",".join(map(str, unravel(i, self.shape)))


@dataclass(frozen=True)
class RangeBars:
    """A bar per dimension of a Box action: `low` to `high` is the action space, the mask says which part is
    legal. A point of `area`, in the scene, stands for the first number (from left to right) and the second (upwards).
    """

    labels: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    title: str
    agent: int
    key: Path
    area: Box | None = None

    def reach(self, i: int) -> float:
        """How far apart the bounds of dimension `i` are."""
        return self.high[i] - self.low[i]

    def at(self, i: int, share: float) -> float:
        """The number of dimension `i` at a share of its reach, rounded to about a thousandth of it."""
        digits = 3 - math.floor(math.log10(self.reach(i)))
        return round(self.low[i] + share * self.reach(i), digits) + 0.0  # which makes 0 of -0

    def rows(self) -> Iterator[tuple[int, str, float, float]]:
        """Dimension, label, low and high of each bar."""
        for i, label in enumerate(self.labels):
            yield i, label, self.low[i], self.high[i]


@dataclass(frozen=True)
class HeadPlaces:
    """What one head of an action may take, for who chooses head by head: names, and places in the picture or none."""

    labels: tuple[str, ...]
    title: str
    boxes: tuple[Box, ...]


def head_key(key: Path, head: int) -> Path:
    """Where the mask of one head stands beside the mask of a whole action."""
    return (*key, f"head {head}")


def unravel(i: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Row, column, ... of entry `i` of a table read row by row."""
    place = []
    for n in reversed(shape):
        i, rest = divmod(i, n)
        place.append(rest)
    return tuple(reversed(place))
