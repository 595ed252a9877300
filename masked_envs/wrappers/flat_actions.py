"""`FlatActions`: every action one number under a flat mask."""

from __future__ import annotations

import logging
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from ..mask_spec import MaskSpec
from .enumeration import Enumeration
from .masked_wrapper import NOT_AN_ACTION, FlatMaskWrapper

LOGGER = logging.getLogger(__name__)


class FlatActions(FlatMaskWrapper):
    """The same environment with actions `Discrete(n)`, n being the number of all actions, and a mask (n,).

    Joint, conditional, per-head, binary and hybrid masks lose nothing: number and action, mask and mask correspond one
    to one (`enumeration`). An interval is put on a grid between its bounds of the moment. Libraries that know nothing
    but flat masks (sb3-contrib's MaskablePPO, Tianshou's DQN) so play every environment, as long as n is small: see
    `SequentialActions` where it is not. An action that the mask forbids is refused, answered and counted by the
    environment within, as `on_invalid` says.

    Args:
        env: a masked Gymnasium environment.
        bins: points of the grid for each coordinate of an interval.
        max_actions: the largest n to build. The size is logged before anything is built.

    Raises:
        TypeError: an environment without a mask. ValueError: more than `max_actions` actions; bins below 2.
    """

    def __init__(self, env: gym.Env[Any, Any], bins: int = 11, max_actions: int = 100_000) -> None:
        self._keep_arguments(bins=bins, max_actions=max_actions)
        super().__init__(env)
        if bins < 2:
            raise ValueError(f"bins must be at least 2, not {bins}")
        self.enumeration = Enumeration(self.inner_spec, bins)
        n = self.enumeration.size
        LOGGER.info("FlatActions: %s has %d actions", self.inner_spec.action_space, n)
        if n > max_actions:
            raise ValueError(
                f"{self.inner_spec.action_space} has {n} actions, more than max_actions={max_actions}: raise that, "
                "give fewer bins, or use SequentialActions, whose masks are as wide as one choice"
            )
        self.mask_spec = MaskSpec.flat(n, meaning=self.inner_spec.meaning)
        self.action_space = self.mask_spec.action_space
        self.observation_space = self._space_with_mask()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self._shown(*self.env.reset(seed=seed, options=options))

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Carry out the action that a number stands for; what is no legal number goes on as no action at all."""
        number = self._number(action)
        given = NOT_AN_ACTION if number is None else self.enumeration.action(number, self._inner_mask())
        observation, reward, terminated, truncated, info = self.env.step(given)
        observation, info = self._shown(observation, info)
        return observation, reward, terminated, truncated, info

    def _mask_now(self) -> npt.NDArray[np.bool_]:
        return self.enumeration.mask(self._inner_mask(), self._inner_head_mask())
