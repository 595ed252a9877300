"""`FlatActions`: each action is one number under a flat mask."""

from __future__ import annotations

import logging
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec
from ..mask_spec.checks import check_integer, shown
from .masked_wrapper import NOT_AN_ACTION, FlatMaskWrapper, check_bins
from .numbering import numbering_of

LOGGER = logging.getLogger(__name__)


def check_size(wrapper: str, spec: MaskSpec, n: int, max_actions: int) -> None:
    """Tell how many actions a mask will have, and refuse too many."""
    LOGGER.info("%s: %s has %s actions", wrapper, shown(spec.action_space), shown(n))
    if n > check_integer("max_actions", max_actions):
        raise ValueError(
            f"{shown(spec.action_space)} has {shown(n)} actions, more than max_actions={max_actions}: raise that, "
            f"give fewer bins, or use {wrapper.replace('Flat', 'Sequential')}, whose masks are as wide as one choice"
        )


class FlatActions(FlatMaskWrapper):
    """The same environment with actions `Discrete(n)`, n being the number of all actions, and a mask (n,).

    Numbers and actions correspond one to one, and so do the masks, for joint, conditional, per-head, binary and dict
    masks. An interval becomes a grid between its current bounds. So a library that supports only flat masks
    (sb3-contrib's MaskablePPO, Tianshou's DQN) can train on every environment, as long as n is small; see
    `SequentialActions` where it is not. The wrapped environment judges the action that a number
    stands for: it refuses and counts a forbidden one as its `on_invalid` says, and a number out of range too.

    Args:
        env: a masked Gymnasium environment.
        bins: points of the grid for each coordinate of an interval, at least 2.
        max_actions: the largest n to build. n is logged before anything is built.

    Attributes:
        numbering: between numbers and actions.

    Raises:
        TypeError: an environment without a mask. ValueError: more than `max_actions` actions; bins below 2.
    """

    vector_form = "VectorFlatActions"

    def __init__(self, env: gym.Env[Any, Any], bins: int = 11, max_actions: int = 100_000) -> None:
        self._keep_arguments(bins=bins, max_actions=max_actions)
        super().__init__(env)
        self.numbering = numbering_of(self.inner_spec, check_bins(bins))
        n = self.numbering.size
        check_size("FlatActions", self.inner_spec, n, max_actions)
        self.mask_spec = MaskSpec.flat(n, meaning=self.inner_spec.meaning)
        self.action_space = self.mask_spec.action_space
        self.observation_space = self._space_with_mask()
        self._any = self.inner_spec.full()  # without intervals, numbers mean the same under any mask

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self._with_mask(*self.env.reset(seed=seed, options=options))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Execute the action with this number."""
        number = self.mask_spec.encode(action)
        if number is None or not 0 <= number < self.numbering.size:
            inner = NOT_AN_ACTION
        else:
            inner = self.numbering.action(number, self._inner_mask() if self.inner_spec.is_continuous else self._any)
        observation, reward, terminated, truncated, info = self.env.step(inner)
        observation, info = self._with_mask(observation, info)
        return observation, reward, terminated, truncated, info

    def _current_mask(self) -> npt.NDArray[np.bool_]:
        return self.numbering.mask(self._inner_mask(), self._inner_head_mask())
