"""What a mask says about a scene's actions, for every kind of mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .entries import entries_of_action
from .mask_form import Leaf, check_same_form, mask_leaves, per_agent, probability_leaves
from .places import Path, RangeBars, Strip
from .scene import Scene


@dataclass(frozen=True)
class Choosing:
    """An action that a person is making, of which some choices may be missing.

    Attributes:
        agent: whose action, among the agents of the scene.
        chosen: the entries chosen so far.
        numbers: the values of range bars, by the key of the bars.
        masks: what may be chosen where the mask of whole actions does not say it, by the key of a strip.
    """

    agent: int = 0
    chosen: frozenset[Path] = frozenset()
    numbers: Mapping[Path, Sequence[float]] = field(default_factory=dict)
    masks: Mapping[Path, Leaf] = field(default_factory=dict)


class MaskView:
    """A scene's actions, which of them a mask allows, how probable they are, and which was chosen.

    Args:
        scene: says where the actions live, and in `agents`, `kind` and `heads` what form the mask has.
        mask: the canonical mask (int8 or bool; float bounds for intervals; a Mapping for dict masks) of the
            one acting agent, or with a leading axis of `scene.agents`. None: legality is not shown.
        probabilities: numbers from 0 to 1 in the mask's own form, or None. Not for intervals.
        action: the action chosen under this mask (with a leading axis of `scene.agents` where several act), or
            None. An action that is not in the mask highlights nothing: it may be an invalid one.
        over: the episode has ended. Nothing is legal, forbidden, probable or chosen any more; the mask says no more
            than how the actions are laid out.
        chooser: where several agents act at once, the one that chooses; of the others nothing is legal, forbidden or
            probable. None: all of them choose.
        choosing: an action in the making, drawn in place of `action`.

    Raises:
        ValueError: a mask or probabilities of the wrong shape, dtype or value; an action of the scene
            that has no entry in the mask.
    """

    def __init__(
        self,
        scene: Scene,
        mask: Any,
        probabilities: Any = None,
        action: Any = None,
        over: bool = False,
        chooser: int | None = None,
        choosing: Choosing | None = None,
    ) -> None:
        self.agents = scene.agents or 1
        self.choosing = choosing
        self._forms = [mask_leaves(m, scene.kind) for m in per_agent(mask, scene.agents, "mask")]
        if choosing is not None:
            self._forms[choosing.agent] = {**self._forms[choosing.agent], **choosing.masks}
        self._policies = [probability_leaves(p) for p in per_agent(probabilities, scene.agents, "probabilities")]
        for leaves, policy in zip(self._forms, self._policies, strict=True):
            check_same_form(leaves, policy)
        self._actions = per_agent(action, scene.agents, "action")
        self.strips, self.ranges = _places(scene, self._forms)
        self._check_places(scene)
        chooses = [not over and chooser in (None, agent) for agent in range(self.agents)]
        self._masks, self._policies = (_of_choosers(all_of, chooses) for all_of in (self._forms, self._policies))
        self._actions = [None] * self.agents if over else self._actions
        self.chooser = None if over else chooser
        self._chosen = [
            frozenset(entries_of_action(scene.kind, scene.heads, one, leaves))
            for one, leaves in zip(self._actions, self._forms, strict=True)
        ]
        if choosing is not None and not over:
            self._chosen[choosing.agent] = choosing.chosen

    def legal(self, agent: int, path: Path) -> bool | None:
        """Whether an action is legal; None if no mask was given, or after the end."""
        value = _entry(self._masks[agent], path)
        return None if value is None else bool(value)

    def probability(self, agent: int, path: Path) -> float | None:
        """The probability of an action; None if no probabilities were given."""
        value = _entry(self._policies[agent], path)
        return None if value is None else float(value)

    def chosen(self, agent: int, path: Path) -> bool:
        """Whether the action chosen uses this entry."""
        return path in self._chosen[agent]

    def chosen_paths(self, agent: int) -> frozenset[Path]:
        """The entries the action chosen uses and the mask has; without a mask, all."""
        leaves = self._masks[agent]
        return frozenset(path for path in self._chosen[agent] if not leaves or _entry(leaves, path) is not None)

    def chosen_boxes(self, strip: Strip) -> list[int]:
        """The boxes of a strip that the action chosen uses."""
        boxes = (strip.box(path) for path in self._chosen[strip.agent])
        return [i for i in boxes if i is not None]

    def legal_row(self, strip: Strip) -> NDArray[np.bool_] | None:
        """bool (size,): which boxes of a strip are legal; None where `legal` is."""
        row = _row(self._masks[strip.agent], strip)
        return None if row is None else row != 0

    def probability_row(self, strip: Strip) -> NDArray[np.float64] | None:
        """float (size,): probabilities of a strip's boxes; None if none were given."""
        row = _row(self._policies[strip.agent], strip)
        return None if row is None else row.astype(np.float64)

    def bounds(self, bars: RangeBars) -> NDArray[np.float64] | None:
        """float (2, d): the legal low and high of each dimension; None where `legal` is."""
        leaf = self._masks[bars.agent].get(bars.key)
        return None if leaf is None else leaf.astype(np.float64)

    def taken(self, bars: RangeBars) -> NDArray[np.float64] | None:
        """float (d,): the values of the action chosen; None if there is none."""
        if self.choosing is not None and self.choosing.agent == bars.agent:
            numbers = self.choosing.numbers.get(bars.key)
            return None if numbers is None else np.array(numbers, np.float64)
        action = self._actions[bars.agent]
        for part in bars.key:
            action = action.get(part) if isinstance(action, Mapping) else None
        try:
            values = np.asarray(action, dtype=np.float64).reshape(-1)
        except (TypeError, ValueError):
            return None
        return values if values.shape == (len(bars.labels),) and np.isfinite(values).all() else None

    def has_chosen(self) -> bool:
        """Whether an action was chosen that is drawn."""
        return any(map(self.chosen_paths, range(self.agents))) or any(
            self.taken(bars) is not None for bars in self.ranges
        )

    def entries(self, agent: int) -> Iterator[tuple[Path, Leaf]]:
        """The agent's 0/1 masks by their path in a dict of masks: () for every other kind."""
        for key, leaf in self._masks[agent].items():
            if leaf.dtype.kind != "f":
                yield key, leaf

    def totals(self) -> tuple[int, int] | None:
        """How many entries of the agents that choose are legal and how many forbidden; None without 0/1 masks."""
        beside = self.choosing.masks if self.choosing is not None else {}
        leaves = [leaf for agent in range(self.agents) for key, leaf in self.entries(agent) if key not in beside]
        if not leaves:
            return None
        legal = sum(int(np.count_nonzero(leaf)) for leaf in leaves)
        return legal, sum(leaf.size for leaf in leaves) - legal

    def _check_places(self, scene: Scene) -> None:
        wanted = [(mark.agent, mark.path) for mark in scene.marks]
        wanted += [(strip.agent, strip.path(strip.size - 1)) for strip in self.strips]
        for agent in {agent for agent, _ in wanted} | {bars.agent for bars in self.ranges}:
            if not 0 <= agent < self.agents:
                raise ValueError(f"the scene has actions of agent {agent}; agents at once: {self.agents}")
        for agent, path in wanted:
            leaves = self._forms[agent]
            if leaves and _entry(leaves, path) is None:
                shapes = {key: leaf.shape for key, leaf in leaves.items()}
                raise ValueError(
                    f"the scene has an action {path} of agent {agent}, but the mask of that agent has no such "
                    f"entry: its shape is {shapes.get((), shapes)}"
                )
        for strip in self.strips:
            leaf = self._forms[strip.agent].get(strip.key)
            if leaf is not None and len(strip.shape) > 1 and strip.shape != leaf.shape:
                raise ValueError(f"a strip of shape {strip.shape} over a mask of shape {leaf.shape}; expected the same")
        for bars in self.ranges:
            bounds = self._forms[bars.agent].get(bars.key)
            if bounds is not None and bounds.shape != (2, len(bars.labels)):
                raise ValueError(f"an interval mask of shape {bounds.shape}; expected (2, {len(bars.labels)})")


def _of_choosers(all_of: Sequence[dict[Path, Leaf]], chooses: Sequence[bool]) -> list[dict[Path, Leaf]]:
    return [leaves if one else {} for leaves, one in zip(all_of, chooses, strict=True)]


def _entry(leaves: dict[Path, Leaf], path: Path) -> Any:
    depth = sum(isinstance(part, str) for part in path)
    leaf = leaves.get(path[:depth])
    place = path[depth:]
    if leaf is None or len(place) != leaf.ndim:
        return None
    if not all(isinstance(p, int) and 0 <= p < n for p, n in zip(place, leaf.shape, strict=True)):
        return None
    return leaf[cast(tuple[int, ...], place)]


def _row(leaves: dict[Path, Leaf], strip: Strip) -> Leaf | None:
    leaf = leaves.get(strip.key)
    if leaf is None:
        return None
    return leaf[strip.offset : strip.offset + strip.size] if len(strip.shape) == 1 else leaf.reshape(-1)


def _places(scene: Scene, masks: Sequence[dict[Path, Leaf]]) -> tuple[list[Strip], list[RangeBars]]:
    """The scene's strips and range bars; derived from the mask if the scene says nowhere where its actions live."""
    if scene.in_picture or scene.marks or scene.strips or scene.ranges:
        return scene.strips, scene.ranges
    derived = Scene(1, 1)
    for agent, leaves in enumerate(masks):
        owner = f"agent {agent}" if scene.agents is not None else ""
        for key, leaf in leaves.items():
            title = " ".join(filter(None, (owner, *map(str, key))))
            derive_places(derived, leaf, scene.heads, title=title, agent=agent, key=key)
    return derived.strips, derived.ranges


def derive_places(
    scene: Scene, leaf: Leaf, heads: tuple[int, ...] | None, *, title: str, agent: int, key: Path
) -> None:
    """Give a scene the strips, or the range bars, of one array of a mask."""
    if leaf.dtype.kind == "f":
        low, high = np.minimum(leaf[0], -1.0), np.maximum(leaf[1], 1.0)
        scene.range_bars(low.tolist(), high.tolist(), title=title, agent=agent, key=key)
    elif heads is not None and leaf.ndim == 1:
        for head, (start, n) in enumerate(zip(np.cumsum((0, *heads)).tolist(), heads, strict=False)):
            scene.strip(n, title=f"{title} head {head}".strip(), agent=agent, offset=start, key=key)
    else:
        scene.strip(leaf.size, title=title, shape=leaf.shape, agent=agent, key=key)
