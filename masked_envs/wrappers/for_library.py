"""The form in which a training library takes a vector environment, for the adapters of all libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, VectorEnv

from ..adaptation.rows import attribute_of
from ..mask_spec.checks import shown
from .vector_bounded_action import VectorBoundedAction
from .vector_flat_actions import VectorFlatActions

ALL_ACTIONS = "VectorFlatActions(envs), or VectorSequentialActions where there are too many actions"


@dataclass(frozen=True)
class LibraryForm:
    """Which masks and which autoreset mode a training library takes.

    Attributes:
        library: its name.
        dialect: of `MaskSpec.convert`, which says which kinds of mask the library can express.
        mode: the autoreset mode.
        why: who resets rows, for the error about another mode.
        numbered: the kinds of mask whose actions `of` numbers.
    """

    library: str
    dialect: str
    mode: AutoresetMode
    why: str
    numbered: tuple[str, ...]

    def make(self, env_id: str, num_envs: int, **parameters: Any) -> Any:
        """`gymnasium.make_vec` with the autoreset mode, and without the mask in the observation unless asked for.

        Raises:
            TypeError: `autoreset_mode`.
        """
        if "autoreset_mode" in parameters:
            raise TypeError(f"autoreset_mode is set for you: {self.library} {self.why}")
        made = {"mask_in": "info", **parameters}
        return gym.make_vec(env_id, num_envs=num_envs, autoreset_mode=self.mode, **made)

    def of(self, name: str, envs: Any) -> Any:
        """The vector environment in this form: as it is, or with its actions numbered (`VectorFlatActions`).

        Args:
            name: of the adapter, for the errors.
            envs: a masked vector environment; `VectorBoundedAction` is taken as it is, since it needs no mask.

        Raises:
            TypeError: no masked vector environment, or a kind of mask that the library cannot express; the message
                names the wrapper to use. ValueError: another autoreset mode.
        """
        if not isinstance(envs, VectorEnv):
            raise TypeError(f"{name} takes a gymnasium.vector.VectorEnv, such as gym.make_vec gives, not {shown(envs)}")
        spec = attribute_of(envs, "mask_spec")
        if spec is None:
            raise TypeError(f"{name} needs a vector environment with mask_spec and action_mask, not {envs}")
        if envs.metadata.get("autoreset_mode") is not self.mode:
            raise ValueError(
                f"{self.library} {self.why}: make the vector environment with "
                f"autoreset_mode=AutoresetMode.{self.mode.name}"
            )
        if spec.kind in self.numbered and not spec.needs_head_mask:
            return VectorFlatActions(envs)
        expressible = spec.can_convert(self.dialect) and not spec.needs_head_mask
        if expressible or isinstance(envs, VectorBoundedAction):
            return envs
        raise TypeError(
            f"{self.library} has no masks for {spec.kind} actions, {spec.action_space}: wrap the vector environment "
            f"first, {name}(masked_envs.wrappers.{self._way(spec.kind)})"
        )

    def _way(self, kind: str) -> str:
        """The wrapper to use for a kind that the library cannot express."""
        if kind == "interval":
            return (
                "VectorBoundedAction(envs) for SAC, TD3 and PPO, or VectorFlatActions(envs, bins) for algorithms "
                "with masks"
            )
        if kind == "conditional":
            return (
                f"VectorSequentialActions(envs, autoreset_mode=AutoresetMode.{self.mode.name}), with envs made with "
                "autoreset_mode=AutoresetMode.DISABLED"
            )
        return ALL_ACTIONS
