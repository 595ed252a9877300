"""What a person sees of an action in the making, and which choices a click means."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..render import Scene
from ..render.entries import choices_of_entry, entries_of_action
from ..render.layout import Numbers
from ..render.mask_view import Choosing, derive_places
from ..render.places import ActionMark, Path, Strip, head_key
from .partial_action import DEPENDENT, Choice, HeadsPart, NumbersPart, Part, PartialAction

LARGEST_TABLE = 64
"""Entries of a table that are shown as boxes with names; the heads of a larger one are chosen one after another."""
CONFIRM: Path = ("",)
"""The key of the box that carries the action out; no part of a dict action has it."""
READY, NOT_READY = np.ones(1, np.int8), np.zeros(1, np.int8)


class Chooser:
    """A scene with places for every choice of an action.

    What the scene shows of whole actions stays: a click on it makes all their choices at once. A head that the scene
    has no place for gets one when it is the next to choose, bits and numbers are there from the beginning, and an
    action that waits for a word has a box for it.

    Args:
        scene: of the position.
        partial: the action.
        agent: whose, among the agents of the scene.

    Attributes:
        scene: with the places.
        choosing: what the renderer draws of the action.
        prompt: the name of the head that is next, where it has places of its own.
    """

    def __init__(self, scene: Scene, partial: PartialAction, agent: int = 0) -> None:
        self.partial, self.agent = partial, agent
        self.scene = copy.copy(scene)
        self.scene.marks, self.scene.strips = list(scene.marks), list(scene.strips)
        self.scene.ranges = list(scene.ranges)
        self.prompt = ""
        self._masks: dict[Path, Any] = {}
        chosen: set[Path] = set()
        for key, part in partial.parts.items():
            if isinstance(part, HeadsPart):
                self._show_heads(key, part)
            else:
                self._show_numbers(key, part)
            chosen |= set(self._entries(key, part))
        if partial.needs_confirmation:
            self._masks[CONFIRM] = READY if partial.is_complete else NOT_READY
            self._add_strip(CONFIRM, ("carry out (Enter)",), last=True)
            self.scene.strips[-1] = dataclasses.replace(self.scene.strips[-1], title=self._missing())
        self.choosing = Choosing(agent, frozenset(chosen), partial.numbers, self._masks)

    def choices_of(self, path: Path) -> list[Choice] | None:
        """The choices that an entry stands for; None for the box that carries the action out."""
        key = tuple(part for part in path if isinstance(part, str))
        place = [part for part in path if isinstance(part, int)]
        if key == CONFIRM:
            return None
        if key in self.partial.parts:
            spec = self.partial.parts[key].spec
            return [Choice(key, *pair) for pair in choices_of_entry(spec.kind, spec.heads.tolist(), place)]
        owner = key[:-1]
        heads = range(len(self.partial.parts[owner].values))
        return [Choice(owner, next(k for k in heads if head_key(owner, k) == key), place[0])]

    def choices_of_numbers(self, numbers: Numbers, nearest: bool = False) -> list[Choice]:
        """The choices that a place where numbers are chosen stands for; `nearest` makes legal ones of them."""
        part = self.partial.parts[numbers.bars.key]
        assert isinstance(part, NumbersPart)
        choices = []
        for i, value in numbers.values.items():
            legal = part.nearest(i, value)
            meant = legal if nearest or abs(legal - value) <= numbers.tolerance * numbers.bars.reach(i) else value
            choices.append(Choice(numbers.bars.key, i, meant))
        return choices

    def next_head(self, number: int) -> list[Choice]:
        """Choice `number` of the first head that is open, if it has that many."""
        for key, part in self.partial.parts.items():
            for head in part.open_heads():
                options = part.options(head) if isinstance(part, HeadsPart) else None
                return [Choice(key, head, number)] if options is not None and number < len(options) else []
        return []

    # --- inside -----------------------------------------------------------------------------------------------------

    def _show_heads(self, key: Path, part: HeadsPart) -> None:
        """The strip or the marks of the head that is next, unless the scene has a place for the whole choice."""
        spec: Any = part.spec
        table = [strip for strip in self.scene.strips if (strip.agent, strip.key) == (self.agent, key)]
        if spec.kind not in DEPENDENT:
            if not table and not self._has_marks(key) and not self.scene.in_picture:
                self._derive(key, part)
            return
        axes, first = len(spec.shape), 0
        if self._has_marks(key) or any(strip.size <= LARGEST_TABLE and axes <= 2 for strip in table):
            first = axes
        elif not table and axes <= 2 and int(np.prod(spec.shape)) <= LARGEST_TABLE:
            self._derive(key, part)
            first = axes
        else:
            self.scene.strips = [strip for strip in self.scene.strips if strip not in table]
        head = next(iter(part.open_heads()), len(part.values) - 1)
        options = part.options(head)
        is_begun = head > 0 and part.values[0] is not None and part.values[-1] is None  # by typing numbers
        if (head >= first or is_begun) and options is not None:
            self._masks[head_key(key, head)] = options
            self._show_head(key, part, head)

    def _show_head(self, key: Path, part: HeadsPart, head: int) -> None:
        """Places for the choices of one head: where the scene says, else in a strip."""
        named = self.scene.heads_at.get((key, head))
        size = int(part.spec.heads[head])
        labels = named.labels if named is not None and len(named.labels) == size else tuple(map(str, range(size)))
        path = head_key(key, head)
        title = named.title if named is not None and named.title else " ".join(map(str, path))
        self.prompt = f"choose: {title}" if part.values[head] is None else ""
        if named is not None and named.boxes:
            self.scene.marks += [
                ActionMark((*path, i), *box, "", self.agent, "area", "", None, "legal", labels[i])
                for i, box in enumerate(named.boxes)
            ]
            return
        self._add_strip(path, labels)
        before = [self._word(key, k, value) for k, value in enumerate(part.values[:head])]
        words = f"{title} ({head + 1} of {len(part.values)}{', after ' + ' '.join(before) if before else ''})"
        self.scene.strips[-1] = dataclasses.replace(self.scene.strips[-1], title=words)

    def _show_numbers(self, key: Path, part: NumbersPart) -> None:
        if not any((bars.agent, bars.key) == (self.agent, key) for bars in self.scene.ranges):
            bounds = zip(part.spec.low, part.spec.high, strict=True)
            low, high = zip(*((low, high if high > low else low + 1) for low, high in bounds), strict=True)
            self.scene.range_bars(low, high, title=" ".join(map(str, key)), agent=self.agent, key=key)

    def _derive(self, key: Path, part: HeadsPart) -> None:
        heads = tuple(part.spec.heads.tolist()) if part.spec.kind == "per_head" else None
        leaf = np.zeros(part.spec.shape, np.int8)  # type: ignore[attr-defined]
        title = " ".join(map(str, key))
        derive_places(self.scene, leaf, heads, title=title, agent=self.agent, key=key)

    def _add_strip(self, key: Path, labels: tuple[str, ...], last: bool = False) -> None:
        self.scene.strips.append(Strip(labels, (len(labels),), "", self.agent, key, 0, "legal", last))

    def _has_marks(self, key: Path) -> bool:
        depth = len(key)
        return any(
            mark.agent == self.agent
            and mark.path[:depth] == key
            and not any(isinstance(place, str) for place in mark.path[depth:])
            for mark in self.scene.marks
        )

    def _entries(self, key: Path, part: Part) -> Sequence[Path]:
        """The entries that are chosen, in the mask of whole actions and in those of single heads."""
        if isinstance(part, NumbersPart):
            return []
        values = [-1 if value is None else value for value in part.values]
        heads = tuple(part.spec.heads.tolist())
        whole = [(*key, *path) for path in entries_of_action(part.spec.kind, heads, values, {})]
        return whole + [(*head_key(key, k), value) for k, value in enumerate(values) if value >= 0]

    def _word(self, key: Path, head: int, value: Any) -> str:
        named = self.scene.heads_at.get((key, head))
        return named.labels[value] if named is not None and value < len(named.labels) else str(value)

    def _missing(self) -> str:
        """What must be chosen before the action is complete."""
        open_parts = [" ".join(map(str, key)) or "a choice" for key, part in self.partial.parts.items()
                      if part.open_heads()]  # fmt: skip
        return f"choose {' and '.join(open_parts)} first" if open_parts else "the action"
