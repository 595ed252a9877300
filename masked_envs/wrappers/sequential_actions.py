"""`SequentialActions`: an action chosen step by step, each step a number under a flat mask."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..adaptation.position import mark
from ..mask_spec import MaskSpec
from .choices import Choices
from .masked_wrapper import NOT_AN_ACTION, FlatMaskWrapper


@dataclass(frozen=True)
class SequentialState:
    """A position in the middle of an action: the environment's own, and what has been chosen since.

    `last` is what the environment gave last, which the steps within an action give again.
    """

    inner: Any
    made: tuple[int, ...]
    over: bool
    terminated: bool
    last: Any = field(compare=False, repr=False)


class SequentialActions(FlatMaskWrapper):
    """The same environment, an action of which takes several steps: one choice each, head by head and part by part.

    Actions are `Discrete(n)`, n being the most that one choice has, so the mask grows with the largest choice and not,
    as in `FlatActions`, with the product of all. The environment moves when an action is whole; the steps before it
    give its observation again, and reward 0. What has been chosen is in `observation["choices"]`, (most choices,)
    counted from 1, 0 where nothing is chosen yet. A set of bits is chosen bit by bit in rising order, and a last choice
    says "no more". What the mask forbids is refused, answered and counted by the environment within. A forbidden choice
    discards the partial action, unless on_invalid="raise"; so does `set_state` on the environment below.

    A discount of gamma per step counts the steps within an action too: compare with gamma ** (1 / steps per action).

    Args:
        env: a masked Gymnasium environment.
        bins: points of the grid for each coordinate of an interval.

    Raises:
        TypeError: an environment without a mask. ValueError: bins below 2.
    """

    def __init__(self, env: gym.Env[Any, Any], bins: int = 11) -> None:
        self._keep_arguments(bins=bins)
        super().__init__(env)
        if bins < 2:
            raise ValueError(f"bins must be at least 2, not {bins}")
        self.choices = Choices(self.inner_spec, bins)
        self.mask_spec = MaskSpec.flat(self.choices.width, meaning=self.inner_spec.meaning)
        self.action_space = self.mask_spec.action_space
        made = spaces.Box(0, self.choices.width, (self.choices.most,), np.int64)
        self.observation_space = self._space_with_mask({"choices": made})
        self._made: list[int] = []
        self._over = self._terminated = False
        self._mark: Any = None  # of the position that the partial action, or the end, belongs to
        self._last: tuple[Any, dict[str, Any]] = ({}, {})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        given = self.env.reset(seed=seed, options=options)
        self._terminated = False
        return self._seen(*given, over=False)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make one choice; the one that makes an action whole carries it out."""
        number = self._number(action)  # which notices set_state on the environment below
        number = None if self._over else number
        made = self._made if number is None else [*self._made, number]
        if number is not None and not self.choices.is_complete(made):
            self._made, self._mark = made, mark(self.env)
            observation, info = self._last
            return self._with_choices(observation, 0.0, False, False, {**info, **self._not_invalid(info)})
        whole = NOT_AN_ACTION if number is None else self.choices.action(made, self._inner_mask())
        observation, reward, terminated, truncated, info = self.env.step(whole)
        self._terminated = terminated
        self._seen(observation, info, over=terminated or truncated)
        return self._with_choices(observation, reward, terminated, truncated, info)

    def get_state(self) -> SequentialState:
        """The whole position, as a value that pickles and compares; where the environment within has `get_state()`."""
        inner = self.env.get_wrapper_attr("get_state")()
        return SequentialState(inner, tuple(self._made), self._over, self._terminated, copy.deepcopy(self._last))

    def set_state(self, state: SequentialState) -> None:
        """Return to a position.

        Raises:
            TypeError: not a state of this wrapper. ValueError: a state of another environment.
        """
        if not isinstance(state, SequentialState):
            raise TypeError(f"expected what get_state() of SequentialActions gave, not {type(state).__name__}")
        self.env.get_wrapper_attr("set_state")(state.inner)
        self._made, self._over, self._terminated = list(state.made), state.over, state.terminated
        self._mark, self._last = mark(self.env), copy.deepcopy(state.last)

    def _seen(self, observation: Any, info: dict[str, Any], over: bool) -> tuple[Any, dict[str, Any]]:
        self._made, self._over, self._last = [], over, (observation, info)
        self._mark = mark(self.env) if over else None
        return self._shown(observation, info, {"choices": self._made_so_far()})

    def _with_choices(
        self, observation: Any, reward: Any, terminated: bool, truncated: bool, info: Any
    ) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, info = self._shown(observation, info, {"choices": self._made_so_far()})
        return observation, reward, terminated, truncated, info

    @staticmethod
    def _not_invalid(info: dict[str, Any]) -> dict[str, Any]:
        return {"invalid_action": False} if "invalid_action" in info else {}

    def _made_so_far(self) -> npt.NDArray[np.int64]:
        made = np.zeros(self.choices.most, np.int64)
        made[: len(self._made)] = np.array(self._made, np.int64) + 1
        return made

    def _notice_set_state(self) -> None:
        """Drop a partial action, or the end of an episode, of another position than the environment is in."""
        if (self._made or self._over) and self._mark != mark(self.env):
            self._made, self._over, self._terminated = [], False, False

    def _mask_now(self) -> npt.NDArray[np.bool_]:
        self._notice_set_state()
        if self._terminated:  # law L6: nothing is left to forbid, the padding included
            return np.ones(self.choices.width, np.bool_)
        return self.choices.legal(self._inner_mask(), self._made, self._inner_head_mask())
