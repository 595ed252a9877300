"""What wrappers that change the form of the actions share."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ..adaptation.recorded import Recorded
from ..adaptation.rows import require_single
from ..mask_spec import MaskSpec
from ..mask_spec.checks import check_integer

NOT_AN_ACTION = None
"""What is passed on for an action that the wrapper's mask forbids: every environment refuses it, and counts it."""


def require_mask(wrapper: object, env: gym.Env[Any, Any]) -> MaskSpec:
    """The `mask_spec` of an environment, reached through its wrappers.

    Raises:
        TypeError: an environment without one; the message names the wrapper.
    """
    if not env.has_wrapper_attr("mask_spec"):
        raise TypeError(
            f"{type(wrapper).__name__} needs an environment with mask_spec and action_mask, such as those of "
            f"masked_envs; {env} has no mask_spec"
        )
    spec: MaskSpec = env.get_wrapper_attr("mask_spec")
    return spec


def head_mask_of(env: gym.Env[Any, Any]) -> Any:
    """The environment's `head_mask`, reached through its wrappers; None where it has none."""
    return env.get_wrapper_attr("head_mask") if env.has_wrapper_attr("head_mask") else None


def check_bins(bins: int) -> int:
    """Refuse fewer than two points for a grid between two bounds."""
    return check_integer("bins", bins, 2)


class FormWrapper(gym.Wrapper[Any, Any, Any, Any], Recorded):
    """An environment under a mask of another form, which is in the observation, in info and in `action_masks()`.

    A subclass sets `mask_spec`, `action_space` and `observation_space`, and says what the mask is.

    Args:
        env: a masked environment, wrapped or not: `mask_spec` and `action_mask` are reached through its wrappers.

    Raises:
        TypeError: an environment without them.
    """

    mask_spec: MaskSpec
    """The form of the wrapper's masks."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        require_single(self, env)
        super().__init__(env)
        self.inner_spec = require_mask(self, env)

    @property
    def action_mask(self) -> Any:
        """The current mask of the wrapper, canonical, a copy."""
        raise NotImplementedError

    def _inner_mask(self) -> Any:
        return self.env.get_wrapper_attr("action_mask")

    def _inner_head_mask(self) -> Any:
        return head_mask_of(self.env)

    def _is_in_observation(self) -> bool:
        space = self.env.observation_space
        return isinstance(space, spaces.Dict) and "action_mask" in space.spaces

    def _space_with_mask(self, extra: dict[str, spaces.Space[Any]] | None = None) -> spaces.Space[Any]:
        space = self.env.observation_space
        if not self._is_in_observation():
            return spaces.Dict({"observation": space, **extra}) if extra else space
        parts = space.spaces  # type: ignore[attr-defined]
        return spaces.Dict({**parts, **(extra or {}), "action_mask": self.mask_spec.space})

    def _with_mask(
        self, observation: Any, info: dict[str, Any], extra: dict[str, Any] | None = None
    ) -> tuple[Any, Any]:
        """Observation and info with the wrapper's mask in place of the inner one, and `extra` parts of observation."""
        mask = self.action_mask
        info = {**info, "action_mask": mask}
        if self._is_in_observation():
            return {**observation, **(extra or {}), "action_mask": mask}, info
        return ({"observation": observation, **extra} if extra else observation), info


class FlatMaskWrapper(FormWrapper):
    """A `FormWrapper` whose mask is flat; a subclass computes it."""

    def _current_mask(self) -> npt.NDArray[np.bool_]:
        """Bool (n,): the wrapper's mask of the present state."""
        raise NotImplementedError

    @property
    def action_mask(self) -> npt.NDArray[np.int8]:
        """int8 (n,), a copy."""
        mask: npt.NDArray[np.int8] = self._current_mask().astype(np.int8)
        return mask

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The mask as sb3-contrib reads it: bool (n,)."""
        return np.array(self._current_mask())

    def sample_legal(self, rng: np.random.Generator | None = None) -> int:
        """One legal action of this wrapper, every one equally likely.

        Args:
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: nothing is legal.
        """
        return int(self.mask_spec.sample(self.action_mask, self.np_random if rng is None else rng))

    def _number(self, action: Any) -> int | None:
        """A legal action as a number from 0, None for anything else."""
        return int(action) if self.mask_spec.allows(self.action_mask, action) else None
