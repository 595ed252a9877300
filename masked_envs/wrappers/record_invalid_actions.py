"""`RecordInvalidActions`: which invalid actions a training run gave, and what it saw before."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym

from ..adaptation.position import set_state_calls
from ..adaptation.recorded import Recorded
from ..adaptation.rows import require_single
from ..errors import InvalidActionError
from ..mask_spec.checks import check_integer
from ..trees import plain


@dataclass(frozen=True)
class InvalidActionRecord:
    """One invalid action.

    Attributes:
        episode: counted from 0.
        step: of the episode, counted from 0.
        seed: given to the reset that began the episode; None where none was, or where `set_state` moved the environment
            since, so that the actions do not lead there.
        actions: of the episode before it.
        action: the invalid one.
        mask: canonical, before it.
        observation: before it.
    """

    episode: int
    step: int
    seed: int | None
    actions: tuple[Any, ...]
    action: Any
    mask: Any
    observation: Any

    def as_dict(self) -> dict[str, Any]:
        """The record as plain values, for JSON."""
        return {name: plain(getattr(self, name)) for name in self.__dataclass_fields__}


class RecordInvalidActions(gym.Wrapper[Any, Any, Any, Any], Recorded):
    """Keeps every invalid action with its observation, mask and step; `replay` returns to it.

    Args:
        env: a masked environment; `mask_spec` and `action_mask` are reached through its wrappers.
        path: a file to which each record is added as a line of JSON at once; None: none is written.
        most: how many records are kept in memory, the first ones.

    Attributes:
        records: the `InvalidActionRecord`s.

    Raises:
        TypeError: an environment without a mask.
    """

    def __init__(self, env: gym.Env[Any, Any], path: str | Path | None = None, most: int = 1000) -> None:
        self._keep_arguments(path=None if path is None else str(path), most=most)
        require_single(self, env)
        super().__init__(env)
        if not env.has_wrapper_attr("mask_spec"):
            raise TypeError(f"RecordInvalidActions needs an environment with mask_spec and action_mask, not {env}")
        self.path, self.most = None if path is None else Path(path), check_integer("most", most, 0)
        self.records: list[InvalidActionRecord] = []
        self._episode, self._observation = -1, None
        self._seed: int | None = None
        self._actions: list[Any] = []
        self._set_state_calls = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """As the environment's."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._episode, self._seed, self._actions = self._episode + 1, seed, []
        self._observation, self._set_state_calls = copy.deepcopy(observation), set_state_calls(self.env)
        return observation, info

    def step(self, action: Any) -> Any:
        """As the environment's; an InvalidActionError is recorded and passes on."""
        spec, mask = self.env.get_wrapper_attr("mask_spec"), self.env.get_wrapper_attr("action_mask")
        head_mask = self.env.get_wrapper_attr("head_mask") if self.env.has_wrapper_attr("head_mask") else None
        invalid = not spec.allows(mask, action, head_mask)
        if set_state_calls(self.env) != self._set_state_calls:
            self._seed = None
        try:
            given = self.env.step(action)
        except InvalidActionError:
            self._record(action, mask)
            raise
        if invalid:
            self._record(action, mask)
        self._actions.append(copy.deepcopy(action))
        self._observation = copy.deepcopy(given[0])
        return given

    def _record(self, action: Any, mask: Any) -> None:
        before = (self._episode, len(self._actions), self._seed, tuple(self._actions))
        record = InvalidActionRecord(*before, copy.deepcopy(action), mask, self._observation)
        if len(self.records) < self.most:
            self.records.append(record)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record.as_dict()) + "\n")


def replay(record: InvalidActionRecord, make: Callable[[], gym.Env[Any, Any]]) -> gym.Env[Any, Any]:
    """A new environment in the state in which an invalid action was taken.

    Args:
        record: of an episode that a seed began.
        make: makes the environment that was recorded, without the recorder or with it.

    Raises:
        ValueError: the episode was begun without a seed, or left by `set_state`.
    """
    if record.seed is None:
        raise ValueError(
            "the episode was reset without a seed, or left by set_state, and cannot be played again; give "
            "reset(seed=...) a seed"
        )
    env = make()
    env.reset(seed=record.seed)
    for action in record.actions:
        env.step(action)
    return env
