"""`SequentialActions`: an action takes several steps, each a number under a flat mask."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..adaptation.position import WrapperState, check_wrapper_state, mark, owner_of
from ..mask_spec import MaskSpec
from .masked_wrapper import NOT_AN_ACTION, FlatMaskWrapper, check_bins
from .numbering import numbering_of


@dataclass(frozen=True, eq=False)
class SequentialState(WrapperState):
    """A state in the middle of an action.

    Attributes:
        made: the choices made since the last whole action, to which `last` belongs.
    """

    made: tuple[int, ...]


class SequentialActions(FlatMaskWrapper):
    """The same environment, with an action made in several steps: one choice per step, head by head and part by part.

    Actions are `Discrete(n)`, n being the most choices that one step has. So the mask grows with the largest head, not
    with the product of all heads as in `FlatActions`. The wrapped environment moves when an action is complete; the
    steps before that repeat its observation, with reward 0. `observation["choices"]`, int64 (most choices,), holds the
    choices made, counted from 1, and 0 for those not made yet. Of a set of bits, those that are 1 are chosen in rising
    order, and a last choice says "no more". A forbidden choice discards the partial action, unless on_invalid="raise",
    and so does `set_state` on the wrapped environment; the wrapped environment refuses and counts a forbidden choice.

    A discount of gamma per step also discounts the steps within an action: compare gamma ** (1 / steps per action).

    Args:
        env: a masked Gymnasium environment.
        bins: points of the grid for each coordinate of an interval, at least 2.

    Attributes:
        numbering: between choices and actions.

    Raises:
        TypeError: an environment without a mask. ValueError: bins below 2.
    """

    vector_form = "VectorSequentialActions"

    def __init__(self, env: gym.Env[Any, Any], bins: int = 11) -> None:
        self._keep_arguments(bins=bins)
        super().__init__(env)
        self.numbering = numbering_of(self.inner_spec, check_bins(bins))
        most, width = self.numbering.most, self.numbering.width
        self.mask_spec = MaskSpec.flat(width, meaning=self.inner_spec.meaning)
        self.action_space = self.mask_spec.action_space
        self.observation_space = self._space_with_mask({"choices": spaces.Box(0, width, (most,), np.int64)})
        self._made: list[int] = []
        self._over = self._terminated = False
        self._mark: Any = None  # of the position that the partial action, or the end, belongs to
        self._last: tuple[Any, dict[str, Any]] = ({}, {})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self._terminated = False
        self._begin_action(observation, info, over=False)
        return self._with_choices(observation, info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Make one choice; the last one of an action executes it."""
        number = self._number(action)  # which notices set_state on the wrapped environment
        number = None if self._over else number
        made = self._made if number is None else [*self._made, number]
        if number is not None and not self.numbering.is_complete(made):
            self._made, self._mark = made, mark(self.env)
            observation, info = self._last
            nothing = {"invalid_action": False, "rewards": np.zeros_like(info.get("rewards"))}
            about_step = {key: value for key, value in nothing.items() if key in info}
            observation, info = self._with_choices(observation, {**info, **about_step})
            return observation, 0.0, False, False, info
        whole = NOT_AN_ACTION if number is None else self.numbering.action_of(made, self._inner_mask())
        observation, reward, terminated, truncated, info = self.env.step(whole)
        self._terminated = terminated
        self._begin_action(observation, info, over=terminated or truncated)
        observation, info = self._with_choices(observation, info)
        return observation, reward, terminated, truncated, info

    def get_state(self) -> SequentialState:
        """The whole state, as a value that pickles and compares, of a wrapped environment with `get_state()`."""
        inner = self.env.get_wrapper_attr("get_state")()
        last = copy.deepcopy(self._last)
        return SequentialState(self._owner, inner, self._over, self._terminated, last, tuple(self._made)).sealed()

    def set_state(self, state: SequentialState) -> None:
        """Restore a state.

        Raises:
            TypeError: not a state of this wrapper. ValueError: a damaged one, or one of another environment, of other
                arguments or other spaces. Nothing has moved.
        """
        check_wrapper_state(state, SequentialState, self._owner)
        self.env.get_wrapper_attr("set_state")(state.inner)
        self._made, self._over, self._terminated = list(state.made), state.over, state.terminated
        self._mark, self._last = mark(self.env), copy.deepcopy(state.last)

    @functools.cached_property
    def _owner(self) -> str:
        return owner_of(self, f"{self.numbering.bins} bins")

    def _begin_action(self, observation: Any, info: dict[str, Any], over: bool) -> None:
        self._made, self._over, self._last = [], over, (observation, info)
        self._mark = mark(self.env) if over else None

    def _with_choices(self, observation: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        choices = np.zeros(self.numbering.most, np.int64)
        choices[: len(self._made)] = np.array(self._made, np.int64) + 1
        return self._with_mask(observation, info, {"choices": choices})

    def _notice_set_state(self) -> None:
        """Drop a partial action, or the end of an episode, of another position than the environment is in."""
        if (self._made or self._over) and self._mark != mark(self.env):
            self._made, self._over, self._terminated = [], False, False

    def _current_mask(self) -> npt.NDArray[np.bool_]:
        self._notice_set_state()
        if self._terminated:  # law L6: nothing is left to forbid, the padding included
            return np.ones(self.numbering.width, np.bool_)
        return self.numbering.next_choices(self._inner_mask(), self._made, self._inner_head_mask())
