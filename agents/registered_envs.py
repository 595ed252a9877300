"""Environments of the reader's own, registered with Gymnasium, as the vector environments that the agent plays."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import masked_envs
from masked_envs import MaskSpec
from masked_envs.wrappers.on_observation import WithoutMask


def make_one(env_id: str, arguments: dict[str, Any]) -> gymnasium.Env[Any, Any]:
    """One environment with its mask in info, in which an invalid action does nothing but count.

    Raises:
        ValueError: an id that Gymnasium does not know. TypeError: an environment without a mask.
    """
    try:
        env: Any = masked_envs.adapt(gymnasium.make(env_id, **arguments))
    except gymnasium.error.Error as error:
        raise ValueError(str(error)) from error
    if not (env.has_wrapper_attr("on_invalid") and env.has_wrapper_attr("invalid_actions")):
        raise TypeError(f"{env_id} has no on_invalid and invalid_actions; masked_envs.wrappers.ActionMask gives them")
    env.set_wrapper_attr("on_invalid", "noop")
    space = env.observation_space
    return WithoutMask(env) if "action_mask" in getattr(space, "spaces", {}) else env


class RegisteredEnvs(SyncVectorEnv):
    """Rows of such an environment, with what the agent asks of a vector environment."""

    def __init__(self, env_id: str, num_envs: int, arguments: dict[str, Any]) -> None:
        make = functools.partial(make_one, env_id, arguments)
        super().__init__([make] * num_envs, autoreset_mode=AutoresetMode.NEXT_STEP)
        self.mask_spec: MaskSpec = self.envs[0].get_wrapper_attr("mask_spec")

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """How many invalid actions each row was given."""
        return np.array([env.get_wrapper_attr("invalid_actions") for env in self.envs], np.int64)

    def head_mask(self, row: int, k: int, prefix: Any) -> Any:
        """For a conditional mask: what head k of a row may take after `prefix`."""
        return self.envs[row].get_wrapper_attr("head_mask")(k, prefix)

    def get_state(self) -> bytes:
        """The environments, pickled."""
        return pickle.dumps((self.envs, self._autoreset_envs))

    def set_state(self, state: bytes) -> None:
        """Return to what `get_state` gave."""
        self.envs, self._autoreset_envs = pickle.loads(state)
