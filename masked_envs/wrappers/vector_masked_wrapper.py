"""What wrappers that change the form of the actions of vector environments share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv, VectorWrapper
from gymnasium.vector.utils import batch_space

from .. import trees
from ..adaptation.rows import attribute_of, require_vector
from ..api.observations import batched
from ..mask_spec import MaskSpec

Masks = npt.NDArray[np.int8]


class VectorFormWrapper(VectorWrapper):
    """A vector environment under masks of another form, which are in the observation, in info and in `action_mask`.

    A subclass calls `_set_form`, and computes the masks.

    Args:
        envs: a masked vector environment, wrapped or not: `mask_spec` and `action_mask` are reached through its
            wrappers.

    Raises:
        TypeError: anything else.
    """

    mask_spec: MaskSpec
    """The form of one row's mask."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        require_vector(self, envs)
        super().__init__(envs)
        self.inner_spec: MaskSpec = self._inner("mask_spec")
        if self.inner_spec is None:
            raise TypeError(
                f"{type(self).__name__} needs a vector environment with mask_spec and action_mask, such as those of "
                f"masked_envs or VectorActionMask; {envs} has no mask_spec"
            )

    def _set_form(self, spec: MaskSpec, extra: dict[str, spaces.Space[Any]] | None = None) -> None:
        """The spaces of actions under such a mask, and of observations with it and `extra` parts."""
        self.mask_spec = spec
        self.single_action_space = self.mask_spec.action_space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        space = self.env.single_observation_space
        self._mask_in_observation = isinstance(space, spaces.Dict) and "action_mask" in space.spaces
        if self._mask_in_observation:
            parts = space.spaces  # type: ignore[attr-defined]
            space = spaces.Dict({**parts, **(extra or {}), "action_mask": self.mask_spec.space})
        elif extra:
            space = spaces.Dict({"observation": space, **extra})
        self.single_observation_space = space
        self.observation_space = batched(space, self.num_envs)

    def _inner(self, name: str) -> Any:
        """An attribute of the wrapped environment, through its wrappers; None where it has none."""
        return attribute_of(self.env, name)

    def _inner_head_mask(self) -> Any:
        return self._inner("head_mask") if self.inner_spec.needs_head_mask else None

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """How many invalid actions each row was given, int64 (num_envs,)."""
        counts: npt.NDArray[np.int64] = self._inner("invalid_actions")
        return counts

    # --- what is returned -------------------------------------------------------------------------------------

    def _with_masks(self, observations: Any, masks: Any, extra: dict[str, Any] | None = None) -> Any:
        """Observations, one or a batch, with these masks in place of the inner ones, and `extra` parts."""
        if self._mask_in_observation:
            return {**observations, **(extra or {}), "action_mask": masks}
        return {"observation": observations, **extra} if extra else observations

    def _with_final(self, info: dict[str, Any], masks: Any, extra: dict[str, Any] | None = None) -> dict[str, Any]:
        """An info of the autoreset mode SAME_STEP with these masks, and `extra` parts, at the ends of episodes.

        Args:
            masks: of the rows before they were reset; other rows are not looked at.
        """
        over = info["_final_obs"]
        final_obs, masks = info["final_obs"].copy(), masks.copy()
        masks[~over] = 0
        for row in np.flatnonzero(over).tolist():
            final_obs[row] = self._with_masks(final_obs[row], masks[row], extra and trees.row(extra, row))
        final_info = {**info["final_info"], "action_mask": masks, "_action_mask": over.copy()}
        return {**info, "final_obs": final_obs, "final_info": final_info}


class VectorFlatMaskWrapper(VectorFormWrapper):
    """A `VectorFormWrapper` whose masks are flat; a subclass computes them."""

    def _set_flat_form(self, n: int, extra: dict[str, spaces.Space[Any]] | None = None) -> None:
        self._set_form(MaskSpec.flat(n, meaning=self.inner_spec.meaning), extra)

    def _current_masks(self) -> Masks:
        """int8 (num_envs, n), a new array: the masks of the present positions."""
        raise NotImplementedError

    @property
    def action_mask(self) -> Masks:
        """The current masks, int8 (num_envs, n), a copy."""
        return self._current_masks()

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """The masks as sb3-contrib reads them: bool (num_envs, n)."""
        return self._current_masks().view(np.bool_)

    def sample_legal(self, rng: np.random.Generator | None = None) -> npt.NDArray[np.int64]:
        """One legal action of this wrapper for each row, every one equally likely.

        Args:
            rng: the random generator; by default `np_random`.

        Raises:
            ValueError: a row in which nothing is legal.
        """
        numbers: npt.NDArray[np.int64] = self.mask_spec.sample(
            self._current_masks(), self.np_random if rng is None else rng
        )
        return numbers


def refuse_same_step(wrapper: object, envs: VectorEnv[Any, Any, Any], spec: MaskSpec) -> None:
    """Refuse dependent heads where the position that ended is gone when they could be asked for.

    Raises:
        ValueError: such a mask and the autoreset mode SAME_STEP.
    """
    if spec.needs_head_mask and envs.metadata.get("autoreset_mode") is AutoresetMode.SAME_STEP:
        raise ValueError(
            f"{type(wrapper).__name__}: with the autoreset mode SAME_STEP, what the later heads of a conditional mask "
            "could take at the end of an episode cannot be asked for any more: use NEXT_STEP or DISABLED"
        )
