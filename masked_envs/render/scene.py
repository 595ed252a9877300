"""A scene: the picture of one state as data, and the places in it where the actions live.

An environment writes one function, without pixels, colours, masks or windows::

    def draw(s, p):
        scene = Scene(7, 7)  # seven columns; a row for the actions above six rows of holes
        scene.rect(0, 1, 7, 6, "frame", radius=0.12)
        for row in range(6):
            for column in range(7):
                ink = ("hole", "player_0", "player_1")[s["board"][row, column]]
                scene.disc(column + 0.5, row + 1.5, 0.4, ink)
        for column in range(7):
            scene.action(column, column + 0.04, 0.06, 0.92, 0.84, str(column), icon="down",
                         covers=(column, 1, 1, 6))
        scene.glyph_rows = ["".join(".XO"[v] for v in row) for row in s["board"]]
        return scene

The renderers add the rest from the mask: legal actions green, forbidden ones grey and crossed out, the action chosen
ringed, a policy's probabilities as bars. An environment whose actions have no places in the picture calls
`scene.strip(["left", "right"])` for a row of boxes under it; without that, a strip is derived from the mask.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import SupportsIndex

from ..mask_spec import KINDS
from . import arguments
from .drawing import Drawing
from .places import (
    ICON_KEYS,
    ActionMark,
    Box,
    HeadPlaces,
    Icon,
    Index,
    Path,
    RangeBars,
    Strip,
    Style,
    as_index,
    as_path,
    holds,
    mark_box,
)
from .problems import find_problems
from .theme import check_ink


class Scene(Drawing):
    """The picture of one state: `width` by `height` of the environment's own units, y downwards.

    Args:
        width, height: size of the frame. Shapes outside it are cut off, and `problems()` names them.
        agents: how many act at once. None or 1 (single-agent and turn-based environments): the mask given to a
            renderer is that of the one who acts. Two or more: the mask has a leading axis of that length.
        kind: the mask kind of the agents' `MaskSpec`: "flat", "per_head", "joint", ...
        heads: sizes of the heads, for kind "per_head".
        in_picture: all actions have their places in the picture; say so where there may be none of them, as on a full
            board: otherwise a strip is derived from the mask then, and the frame gets another shape.

    Every `ink` is a name of `masked_envs.render.theme`: "frame", "player_0", "wall", "agent_3", "value_7". The
    actions are drawn over all shapes.

    Attributes:
        glyph_rows: the picture for ansi, a list of str.
        shapes, marks, strips, ranges, keys, seats, heads_at, sides: what was described so far.

    Raises (every method):
        UnknownInkError: an ink no theme defines.
        ValueError: a coordinate that is not finite, a negative size, an unknown option.
    """

    def __init__(
        self,
        width: float,
        height: float,
        *,
        agents: int | None = None,
        kind: str = "flat",
        heads: Sequence[int] | None = None,
        background: str = "background",
        in_picture: bool = False,
    ) -> None:
        super().__init__(width, height, background)
        if agents is not None and agents < 1:
            raise ValueError(f"agents is how many act at once, 1 or more (or None for 1), got {agents}")
        if (kind == "per_head") != (heads is not None):
            raise ValueError('kind "per_head" needs heads=(size of each head), and only that kind takes them')
        self.agents = None if agents == 1 else agents
        self.kind = arguments.one_of("kind", kind, KINDS)
        self.heads = tuple(int(n) for n in heads) if heads is not None else None
        self.in_picture = in_picture
        self.marks: list[ActionMark] = []
        self.strips: list[Strip] = []
        self.ranges: list[RangeBars] = []
        self.keys: dict[tuple[int, str], Path] = {}
        self.seats: dict[int, Box] = {}
        self.heads_at: dict[tuple[Path, int], HeadPlaces] = {}
        self.sides: tuple[str, ...] = ()
        self.glyph_rows: list[str] = []

    def action(
        self,
        index: Index,
        x: float,
        y: float,
        w: float,
        h: float,
        label: str = "",
        *,
        agent: int = 0,
        style: Style = "button",
        icon: Icon = "",
        covers: Box | None = None,
        ink: str = "legal",
        name: str = "",
    ) -> None:
        """Mark the place of an action: its legality and probability are drawn there, and a click plays it.

        Args:
            index: its entry in the agent's mask (an int; a tuple for joint, binary and dict masks).
            label: its name, as short as the place.
            agent: whose action, where several act at once.
            style: "button" is a widget of its own; "area" lies over a part of the picture that stays visible
                (a board's cell): framed while legal, veiled and hatched while forbidden.
            icon: "up", "down", "left", "right" or "stay"; the arrow keys and space play it. A button of less
                than about 20 pixels shows its icon alone.
            covers: a further (x, y, w, h) that the action affects: a click there plays it too, and it is veiled while
                the action is forbidden.
            ink: colour of the legal button, for example that of the agent.
            name: its whole name, for ansi, the status line and the mouse; without it, they use the label.
        """
        arguments.one_of("style", style, ("button", "area"))
        arguments.one_of("icon", icon, ("", *ICON_KEYS.values()))
        area = None if covers is None else arguments.box(covers)
        place = arguments.box((x, y, w, h))
        mark = ActionMark(as_path(index), *place, str(label), int(agent), style, icon, area, check_ink(ink), str(name))
        self.marks.append(mark)

    def strip(
        self,
        actions: SupportsIndex | Sequence[str],
        *,
        title: str = "",
        shape: Sequence[int] | None = None,
        agent: int = 0,
        key: str | Path = (),
        offset: int = 0,
        ink: str = "legal",
    ) -> None:
        """A group of action boxes under the picture, for actions without a place in it.

        Args:
            actions: the names of the actions, or how many there are. Many become a compact grid; very many
                share its cells.
            title: name of the group.
            shape: for joint, conditional and binary masks, the mask's shape; of two axes the longer runs to
                the right.
            key: for dict masks, which of them.
            offset: the mask entry of the first action: of two heads of sizes (4, 10) the second has offset 4.
        """
        labels = () if isinstance(actions, SupportsIndex) else tuple(str(name) for name in actions)
        count = operator.index(actions) if isinstance(actions, SupportsIndex) else len(labels)
        whole = (count,) if shape is None else tuple(int(n) for n in shape)
        if count < 1 or math.prod(whole) != count:
            raise ValueError(
                f"a strip of {count} actions in the shape {whole}: expected one or more, and as many as fit"
            )
        if offset < 0 or (offset and len(whole) > 1):
            raise ValueError(f"offset {offset}: expected 0 or more, and 0 for a table of shape {whole}")
        self.strips.append(Strip(labels, whole, title, int(agent), _key(key), int(offset), check_ink(ink)))

    def range_bars(
        self,
        low: Sequence[float],
        high: Sequence[float],
        labels: Sequence[str] = (),
        *,
        title: str = "",
        agent: int = 0,
        key: str | Path = (),
        area: Box | None = None,
    ) -> None:
        """For interval masks: a bar per dimension of the Box space `low` to `high`, its legal part lit.

        A click in the (x, y, w, h) `area` of the picture chooses the first number by its place from left to right, and
        the second by its place from the lower edge up.
        """
        lows, highs = arguments.numbers("low", low), arguments.numbers("high", high)
        if not lows or len(lows) != len(highs) or any(a >= b for a, b in zip(lows, highs, strict=True)):
            raise ValueError(f"range bars need low < high in every dimension, got {list(lows)} and {list(highs)}")
        names = tuple(map(str, labels)) or tuple(f"[{i}]" for i in range(len(lows)))
        if len(names) != len(lows):
            raise ValueError(f"{len(names)} labels for {len(lows)} dimensions")
        place = None if area is None else arguments.box(area)
        self.ranges.append(RangeBars(names, lows, highs, title, int(agent), _key(key), place))

    def choices(
        self,
        head: int,
        labels: Sequence[str],
        *,
        title: str = "",
        boxes: Sequence[Box] = (),
        key: str | Path = (),
    ) -> None:
        """Name what one head of a joint or conditional action may take, for a person who chooses head by head.

        Args:
            head: which, from 0.
            labels: a name for each choice.
            title: name of the head.
            boxes: a place in the picture for each choice; without them, a strip of boxes is shown.
            key: for dict masks, which of them.
        """
        if boxes and len(boxes) != len(labels):
            raise ValueError(f"{len(boxes)} boxes for {len(labels)} choices of head {head}")
        places = tuple(map(arguments.box, boxes))
        self.heads_at[_key(key), int(head)] = HeadPlaces(tuple(map(str, labels)), title, places)

    def players(self, *inks: str) -> None:
        """The colours of the agents' pieces, agent by agent, shown beside their names where a person plays."""
        self.sides = tuple(map(check_ink, inks))

    def seat(self, agent: int, x: float, y: float, w: float, h: float) -> None:
        """Where one of several agents is: it has a ring there while it alone chooses (`Status.agent`)."""
        self.seats[int(agent)] = arguments.box((x, y, w, h))

    def key(self, name: str, index: Index, agent: int = 0) -> None:
        """Let a key of the keyboard (pygame's name: "left", "space", "a") play an action."""
        self.keys[(agent, name)] = as_path(index)

    def action_at(self, x: float, y: float) -> tuple[int, Index] | None:
        """(agent, index) of the action at a point of the scene; None if there is none.

        Marks come before areas that marks cover, and later ones before earlier ones.
        """
        for mark in reversed(self.marks):
            if holds(mark_box(mark), x, y):
                return mark.agent, mark.index
        for mark in reversed(self.marks):
            if mark.covers is not None and holds(mark.covers, x, y):
                return mark.agent, mark.index
        return None

    def actions_for_key(self, name: str, agent: int = 0) -> list[Index]:
        """The actions that a key may stand for: those of `key()`, else the marks with that icon, else those with that
        label, else the one with that number. Several actions may share a label; the caller takes a legal one.
        """
        if (agent, name) in self.keys:
            return [as_index(self.keys[(agent, name)])]
        marks = [mark for mark in self.marks if mark.agent == agent]
        icons = [mark.index for mark in marks if mark.icon and mark.icon == ICON_KEYS.get(name)]
        strips = [strip for strip in self.strips if strip.agent == agent]
        boxes = [(strip, i) for strip in strips for i, label in enumerate(strip.labels) if label.lower() == name]
        labels = [mark.index for mark in marks if mark.label.lower() == name]
        named = icons or labels + [as_index(strip.path(i)) for strip, i in boxes]
        if named or not name.isdecimal():
            return named
        typed = (int(name),)
        known = any(mark.path == typed for mark in marks) or any(strip.box(typed) is not None for strip in strips)
        return [as_index(typed)] if known else []

    def label(self, path: Path, agent: int = 0) -> str:
        """The name of an action: that of its mark, else that of its box; "" if it has neither."""
        for mark in self.marks:
            if mark.agent == agent and mark.path == path and (mark.name or mark.label):
                return mark.name or mark.label
        for strip in self.strips:
            i = strip.box(path) if strip.agent == agent else None
            if i is not None:
                return strip.label(i)
        return ""

    def problems(self) -> list[str]:
        """What is wrong with the scene, a sentence each; an environment's tests expect an empty list.

        Shapes or words outside the frame, marks outside it or without a size, two marks for one action, marks
        that overlap, an agent that does not exist, a place of `choices` outside the frame, no `glyph_rows`.
        """
        return find_problems(self)


def _key(key: str | Path) -> Path:
    return (key,) if isinstance(key, str) else as_path(key)
