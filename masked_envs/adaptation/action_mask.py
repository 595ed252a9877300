"""`ActionMask`: an environment of your own, with a mask by the laws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from .. import trees
from ..adaptation.read import read_mask, spec_for
from ..api.invalid_action import invalid_action_error
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec

ANSWERS = ("raise", "terminate", "noop", "resample")
PLACES = ("observation", "info")

MaskFn = Callable[[Any], Any] | str


class ActionMask(gym.Wrapper[Any, Any, Any, Any]):
    """Gives any Gymnasium environment an action mask in all its places, exact answers to invalid actions, and a count.

    The observation becomes a Dict: `observation` (of a Dict its parts) and `action_mask`. The mask is in
    `info["action_mask"]`, behind `action_mask` and `action_masks()` too. It is asked for once after each reset and
    step, and the environment is never stepped with an action that it forbids.

    Args:
        env: the environment. Its action space may be of any kind that has a mask.
        mask_fn: (env) -> the mask of the position that the environment is in; or the name of a method or an attribute
            of the environment that has it. It may be written in any usual form (`masked_envs.adaptation.read`): zeros
            and ones of any dtype, the numbers of the legal actions, bounds, a dict or tuple of these.
        mask_spec: the form of the mask; without it, what the action space and the first mask say.
        head_mask: of a conditional mask of more than two heads: (env, k, prefix) -> what head k may take.
        on_invalid: "raise" an InvalidActionError, "terminate" the episode, "noop" (nothing happens, and the wrappers
            around this one see a step), or "resample" (a legal action, drawn uniformly, is carried out instead).
        invalid_reward: reward of an invalid action, unless it raises; of "resample" it is added.
        mask_in: "observation", or "info" for the bare observation.

    Attributes:
        mask_spec: the `MaskSpec`.
        invalid_actions: how many invalid actions were given, counted before they are answered.

    Raises:
        ValueError: an unknown answer or place, or a mask that the action space does not fit. TypeError: `mask_fn`.
        EmptyMaskError: in `reset` and `step`, a position in which nothing is allowed and the episode goes on.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        mask_fn: MaskFn,
        *,
        mask_spec: MaskSpec | None = None,
        head_mask: Callable[[Any, int, Sequence[int]], Any] | None = None,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
    ) -> None:
        super().__init__(env)
        for name, value, known in (("on_invalid", on_invalid, ANSWERS), ("mask_in", mask_in, PLACES)):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
        if not (callable(mask_fn) or isinstance(mask_fn, str)):
            raise TypeError(f"mask_fn must be a function (env) -> mask, or the name of a method, not {mask_fn!r}")
        if isinstance(mask_fn, str) and not env.has_wrapper_attr(mask_fn):
            raise TypeError(f"mask_fn={mask_fn!r}: {env} has nothing of this name")
        self.mask_fn, self.on_invalid, self.mask_in = mask_fn, on_invalid, mask_in
        self.invalid_reward, self.invalid_actions = float(invalid_reward), 0
        self._head_mask, self._mask, self._over = head_mask, None, False
        self._rng = np.random.default_rng()
        self._last: Any = None  # the last observation, for "noop" and "terminate"
        self.mask_spec = mask_spec or self._spec_of_env()
        self._check_space()

    def _spec_of_env(self) -> MaskSpec:
        """The spec that the action space implies; of MultiDiscrete the first mask decides, which takes a reset."""
        space = self.env.action_space
        try:
            return MaskSpec.from_space(space)
        except ValueError:
            if not isinstance(space, spaces.MultiDiscrete):
                raise
        observation, info = self.env.reset()
        return spec_for(space, self._asked(observation, info))

    def _check_space(self) -> None:
        if self.mask_spec.action_space != self.env.action_space:
            raise ValueError(f"a mask of {self.mask_spec.action_space} does not fit {self.env.action_space}")
        if self.mask_spec.needs_head_mask and self._head_mask is None:
            raise ValueError("a conditional mask of more than two heads needs head_mask=, a function (env, k, prefix)")
        if self.mask_in == "observation":
            self.observation_space = spaces.Dict(
                {**self._parts(self.env.observation_space), "action_mask": self.mask_spec.space}
            )

    @staticmethod
    def _parts(observation: Any) -> dict[str, Any]:
        """An observation, or a space of such, as the parts beside which the mask is laid."""
        parts = observation.spaces if isinstance(observation, spaces.Dict) else observation
        if isinstance(parts, dict):
            return {key: part for key, part in parts.items() if key != "action_mask"}
        return {"observation": observation}

    # --- the mask ---------------------------------------------------------------------------------------------

    @property
    def action_mask(self) -> Any:
        """The canonical mask, a copy."""
        if self._mask is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        return trees.copy(self._mask)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The mask in the form of sb3-contrib."""
        mask: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return mask

    def head_mask(self, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k may take after the choices `prefix`."""
        function = self._head_mask
        heads = None if function is None else lambda k, prefix: function(self.env, k, prefix)
        return self.mask_spec.head_mask(self.action_mask, k, prefix, heads)

    def _asked(self, observation: Any, info: dict[str, Any]) -> Any:
        """The mask as the environment has it now."""
        if not isinstance(self.mask_fn, str):
            return self.mask_fn(self.env)
        found = self.env.get_wrapper_attr(self.mask_fn)
        return found() if callable(found) else found

    def _look(self, observation: Any, info: dict[str, Any], terminated: bool, over: bool) -> tuple[Any, dict[str, Any]]:
        """What is shown of a position, with its mask."""
        if terminated:
            self._mask = self.mask_spec.full()
        else:
            self._mask = trees.copy(read_mask(self.mask_spec, self._asked(observation, info)))
            if not over:
                self._refuse_empty()
        self._last, self._over = observation, over
        return self._shown(observation), {**info, "action_mask": self.action_mask}

    def _shown(self, observation: Any) -> Any:
        if self.mask_in == "info":
            return observation
        return {**self._parts(observation), "action_mask": self.action_mask}

    def _refuse_empty(self) -> None:
        if self.mask_spec.is_empty(self._mask, self.head_mask):
            raise EmptyMaskError(
                f"{self.env}: the episode goes on and the mask allows nothing: end the episode in such a position, or "
                "offer an action that passes"
            )

    # --- playing ----------------------------------------------------------------------------------------------

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the environment's; the answer "resample" draws from a stream that `seed` begins anew."""
        if seed is not None:
            self._rng = np.random.default_rng([seed, 0x6D61736B])
        observation, info = self.env.reset(seed=seed, options=options)
        return self._look(observation, info, False, False)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """As the environment's, for an action that the mask allows; else as `on_invalid` says.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; nothing has moved. ResetNeeded: before
            `reset`, or after the end.
        """
        mask = self.action_mask
        if self._over:
            raise gym.error.ResetNeeded("the episode is over: call reset()")
        invalid = not self.mask_spec.allows(mask, action, self.head_mask)
        flag = {} if self.on_invalid == "raise" else {"invalid_action": invalid}
        if invalid:
            self.invalid_actions += 1
            if self.on_invalid == "raise":
                raise self._refusal(action)
            if self.on_invalid != "resample":
                return self._unmoved(flag)
            action = self.mask_spec.sample(mask, self._rng, self.head_mask)
        observation, reward, terminated, truncated, info = self.env.step(action)
        shown, info = self._look(observation, info, bool(terminated), bool(terminated or truncated))
        return shown, float(reward) + self.invalid_reward * invalid, bool(terminated), bool(truncated), {**info, **flag}

    def _unmoved(self, flag: dict[str, Any]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """An invalid action that is answered without the environment."""
        terminated = self.on_invalid == "terminate"
        if terminated:
            self._mask, self._over = self.mask_spec.full(), True
        info = {"action_mask": self.action_mask, **flag}
        return self._shown(self._last), self.invalid_reward, terminated, False, info

    def _refusal(self, action: Any) -> Exception:
        heads = ', env.get_wrapper_attr("head_mask")' if self.mask_spec.needs_head_mask else ""
        how = f'env.get_wrapper_attr("mask_spec").sample(info["action_mask"], rng{heads})'
        name = self.env.spec.id if self.env.spec is not None else type(self.env.unwrapped).__name__
        return invalid_action_error(name, self.mask_spec, action, self.action_mask, "", how)
