"""`VectorActionMask`: a vector environment of your own, with masks by the laws."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate

from .. import trees
from ..adaptation.read import read_mask
from ..api.invalid_action import invalid_action_error
from ..errors import EmptyMaskError
from ..mask_spec import MaskSpec
from ..mask_spec.checks import HeadMask

ANSWERS = ("raise", "resample")


class VectorActionMask(VectorWrapper):
    """Gives any Gymnasium vector environment action masks, exact answers to invalid actions, and a count for each row.

    A row of a foreign batch cannot be held back while the others move, so that there are two answers only. The mask of
    a terminated row is all ones; its action, and that of a truncated row, is discarded by the autoreset and not judged.

    Args:
        envs: the vector environment, with the autoreset mode NEXT_STEP or DISABLED. (In SAME_STEP the position in which
            an episode was truncated is gone when its mask could be asked for: wrap the single environments instead.)
        mask_fn: (envs) -> the masks of all rows as one batch: (num_envs, ...), a dict or tuple of these; or
            (envs, observations, infos) -> the same.
        mask_spec: the form of one mask; without it, what the action space implies.
        head_mask: of a conditional mask of more than two heads: (envs, row, k, prefix) -> what head k may take.
        on_invalid: "raise" an InvalidActionError, no row having moved; or "resample".
        invalid_reward: added to the reward of a row whose action was replaced.
        mask_in: "observation", or "info" for the bare observations.

    Attributes:
        mask_spec: the `MaskSpec` of a row.
        invalid_actions: int64 (num_envs,), how many invalid actions each row was given.

    Raises:
        ValueError: an unknown answer or place, the mode SAME_STEP, or a mask that the action space does not fit.
        EmptyMaskError: in `reset` and `step`, a running row in which nothing is allowed.
    """

    def __init__(
        self,
        envs: VectorEnv[Any, Any, Any],
        mask_fn: Callable[..., Any],
        *,
        mask_spec: MaskSpec | None = None,
        head_mask: Callable[[Any, int, int, Sequence[int]], Any] | None = None,
        on_invalid: str = "raise",
        invalid_reward: float = 0.0,
        mask_in: str = "observation",
    ) -> None:
        super().__init__(envs)
        for name, value, known in (("on_invalid", on_invalid, ANSWERS), ("mask_in", mask_in, ("observation", "info"))):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, not {value!r}")
        self.mode = envs.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        if self.mode is AutoresetMode.SAME_STEP:
            raise ValueError(
                "the autoreset mode SAME_STEP hides the position of a truncated row: use NEXT_STEP or DISABLED, or "
                "wrap each single environment in ActionMask"
            )
        self.mask_fn, self.on_invalid, self.mask_in = mask_fn, on_invalid, mask_in
        self._takes_all = len(inspect.signature(mask_fn).parameters) >= 3
        self.mask_spec = mask_spec or MaskSpec.from_space(envs.single_action_space)
        if self.mask_spec.action_space != envs.single_action_space:
            raise ValueError(f"a mask of {self.mask_spec.action_space} does not fit {envs.single_action_space}")
        if self.mask_spec.needs_head_mask and head_mask is None:
            raise ValueError(
                "a conditional mask of more than two heads needs head_mask=, a function (envs, row, k, prefix)"
            )
        self._head_mask = head_mask
        self.invalid_reward = float(invalid_reward)
        self.invalid_actions = np.zeros(envs.num_envs, np.int64)
        self._rng = np.random.default_rng()
        self._masks: Any = None
        self._discards = np.zeros(envs.num_envs, np.bool_)  # rows whose next action nobody carries out
        if mask_in == "observation":
            single = envs.single_observation_space
            parts = dict(single.spaces) if isinstance(single, spaces.Dict) else {"observation": single}
            self.single_observation_space = spaces.Dict({**parts, "action_mask": self.mask_spec.space})
            self.observation_space = batch_space(self.single_observation_space, envs.num_envs)

    @property
    def action_mask(self) -> Any:
        """The canonical masks of all rows, a copy."""
        return trees.copy(self._ready())

    def _ready(self) -> Any:
        if self._masks is None:
            raise gym.error.ResetNeeded("nothing has begun yet: call reset() first")
        return self._masks

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The masks in the form of sb3-contrib."""
        masks: npt.NDArray[np.bool_] = self.mask_spec.convert(self.action_mask, to="sb3")
        return masks

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the vector environment's; the answer "resample" draws from a stream that an int `seed` begins anew."""
        if isinstance(seed, (int, np.integer)):
            self._rng = np.random.default_rng([int(seed), 0x6D61736B])
        observations, infos = self.env.reset(seed=seed, options=options)
        which = (
            np.ones(self.num_envs, np.bool_) if not options or "reset_mask" not in options else options["reset_mask"]
        )
        self._discards = self._discards & ~which
        return self._look(observations, infos, np.zeros(self.num_envs, np.bool_), self._discards)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """As the vector environment's, for actions that the masks allow; else as `on_invalid` says.

        Raises:
            InvalidActionError: an invalid action, with on_invalid="raise"; no row has moved.
        """
        given, masks = self._rows(actions), trees.rows(self._ready())
        allowed = self._allowed(masks, given) | self._discards
        self.invalid_actions += ~allowed
        if not allowed.all():
            actions = self._replaced(given, masks, allowed)
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        over = terminated | truncated
        if self.mode is AutoresetMode.NEXT_STEP:
            self._discards = over.copy()
        shown, infos = self._look(observations, infos, terminated, over)
        if self.on_invalid == "resample":
            infos["invalid_action"] = ~allowed
            rewards = rewards + self.invalid_reward * ~allowed
        return shown, rewards, terminated, truncated, infos

    def _rows(self, actions: Any) -> list[Any]:
        """The actions row by row.

        Raises:
            ValueError: another number of them.
        """
        is_batch_of_parts = isinstance(self.single_action_space, (spaces.Dict, spaces.Tuple))
        rows = list(iterate(self.action_space, actions)) if is_batch_of_parts else list(actions)
        if len(rows) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} actions, one for each row, got {len(rows)}")
        return rows

    def _allowed(self, masks: list[Any], actions: list[Any]) -> npt.NDArray[np.bool_]:
        spec = self.mask_spec
        return np.array(
            [
                spec.allows(mask, action, self._heads(row))
                for row, (mask, action) in enumerate(zip(masks, actions, strict=True))
            ],
            np.bool_,
        )

    def _replaced(self, actions: list[Any], masks: list[Any], allowed: npt.NDArray[np.bool_]) -> Any:
        """The batch with legal actions in the place of invalid ones.

        Raises:
            InvalidActionError: with on_invalid="raise".
        """
        spec, space = self.mask_spec, self.single_action_space
        invalid = np.flatnonzero(~allowed).tolist()
        if self.on_invalid == "raise":
            row, how = invalid[0], 'envs.mask_spec.sample(info["action_mask"], rng)'
            name = type(self.env.unwrapped).__name__
            raise invalid_action_error(name, spec, actions[row], masks[row], f", row {row}", how)
        for row in invalid:
            actions[row] = spec.sample(masks[row], self._rng, self._heads(row))
        return concatenate(space, actions, create_empty_array(space, self.num_envs))

    def head_mask(self, row: int, k: int, prefix: Sequence[int]) -> npt.NDArray[np.int8]:
        """For a conditional mask: what head k of a row may take after the choices `prefix`."""
        return self.mask_spec.head_mask(trees.row(self._ready(), row), k, prefix, self._heads(row))

    def _heads(self, row: int) -> HeadMask | None:
        """The dependent heads of a row as the operations of the spec take them."""
        function = self._head_mask
        return None if function is None else lambda k, prefix: function(self.env, row, k, prefix)

    def _read(self, found: Any, terminated: Any) -> Any:
        """The masks by the law."""
        spec = self.mask_spec
        if spec.kind == "dict":
            rows = [trees.row(found, row) for row in range(self.num_envs)]
            return trees.stack(
                [spec.full() if ended else read_mask(spec, row) for ended, row in zip(terminated, rows, strict=True)]
            )
        masks = np.array(found, spec.space.dtype)
        masks[terminated] = spec.full()
        return masks

    def _empty(self, masks: Any) -> npt.NDArray[np.bool_]:
        """Which rows allow nothing."""
        return np.asarray(self.mask_spec.is_empty(masks, [self._heads(row) for row in range(self.num_envs)]))  # type: ignore[misc]

    def _look(self, observations: Any, infos: Any, terminated: Any, over: Any) -> tuple[Any, dict[str, Any]]:
        found = self.mask_fn(self.env, observations, infos) if self._takes_all else self.mask_fn(self.env)
        masks = self._read(found, terminated)
        empty = self._empty(masks) & ~over
        if empty.any():
            row = int(np.flatnonzero(empty)[0])
            raise EmptyMaskError(f"{self.env}, row {row}: the episode goes on and the mask allows nothing")
        self._masks = masks
        infos = {**infos, "action_mask": self.action_mask}
        if self.mask_in == "info":
            return observations, infos
        parts = observations if isinstance(observations, dict) else {"observation": observations}
        return {**parts, "action_mask": self.action_mask}, infos
