"""`VectorFlatActions`: `FlatActions` for vector environments."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.vector import VectorEnv

from .flat_actions import check_size
from .masked_wrapper import check_bins
from .numbering import numbering_of
from .vector_masked_wrapper import Masks, VectorFlatMaskWrapper, refuse_same_step


class VectorFlatActions(VectorFlatMaskWrapper):
    """The same vector environment with actions `Discrete(n)` and masks (num_envs, n): `FlatActions` for all rows.

    Row by row it does what `FlatActions` does, without a loop in Python over the rows; dependent heads (a conditional
    mask of more than two) are asked for row by row. `step(actions, where=)` is passed on.

    Args:
        envs: a masked vector environment: of this package, or a `VectorActionMask`; any autoreset mode, but with
            dependent heads not SAME_STEP.
        bins: points of the grid for each coordinate of an interval, at least 2.
        max_actions: the largest n to build. n is logged before anything is built.

    Attributes:
        numbering: between numbers and actions.
        mask_spec: of one row, flat.

    Raises:
        TypeError: no masked vector environment. ValueError: more than `max_actions` actions; bins below 2.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], bins: int = 11, max_actions: int = 100_000) -> None:
        super().__init__(envs)
        refuse_same_step(self, envs, self.inner_spec)
        self.numbering = numbering_of(self.inner_spec, check_bins(bins))
        check_size("VectorFlatActions", self.inner_spec, self.numbering.size, max_actions)
        self._set_flat_form(self.numbering.size)
        self._any_masks = self.inner_spec.full(1)  # without intervals, numbers mean the same under any mask

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """As the vector environment's."""
        return self._look(*self.env.reset(seed=seed, options=options))

    def step(
        self, actions: Any, where: npt.NDArray[np.bool_] | None = None
    ) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Execute the actions with these numbers (num_envs,).

        Args:
            where: see `MaskedVectorEnv.step`; for vector environments that have it.

        Raises:
            ValueError: not one number per row. What the wrapped environment raises.
        """
        numbers = self.mask_spec.encode_batch(actions, self.num_envs)
        masks = self._inner("action_mask") if self.inner_spec.is_continuous else self._any_masks
        chosen = {} if where is None else {"where": where}
        given = self.env.step(self.numbering.actions(numbers, masks), **chosen)
        observations, rewards, terminated, truncated, info = given
        if "final_info" in info:
            info = self._with_final(info, self._flat(info["final_info"]["action_mask"]))
        observations, info = self._look(observations, info)
        return observations, rewards, terminated, truncated, info

    def _look(self, observations: Any, info: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        masks = self._flat(info["action_mask"])
        return self._with_masks(observations, masks), {**info, "action_mask": masks}

    def _flat(self, masks: Any) -> Masks:
        return self.numbering.mask(masks, self._inner_head_mask()).view(np.int8)

    def _current_masks(self) -> Masks:
        return self._flat(self._inner("action_mask"))
