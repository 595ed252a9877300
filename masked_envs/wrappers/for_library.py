"""The form in which a training library takes a vector environment, for the adapters of all libraries."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorEnv

from ..adaptation.looped import LoopedVectorEnv
from ..adaptation.rows import attribute_of
from ..mask_spec.checks import check_integer, shown
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
        mask_in: where the library wants the mask.
        steps_some: whether the library steps a part of the rows, `step(actions, where=)`.
    """

    library: str
    dialect: str
    mode: AutoresetMode
    why: str
    numbered: tuple[str, ...]
    mask_in: str = "info"
    steps_some: bool = False

    def make(self, env_id: str, num_envs: int, **parameters: Any) -> Any:
        """`gymnasium.make_vec` with the autoreset mode, and the mask where the library wants it unless asked otherwise.

        An id that has no vector environment of its own gives single environments, looped over (`LoopedVectorEnv`).

        Raises:
            TypeError: `autoreset_mode`; an environment without a mask.
        """
        if "autoreset_mode" in parameters:
            raise TypeError(f"autoreset_mode is set for you: {self.library} {self.why}")
        made = {"mask_in": self.mask_in, **parameters}
        if isinstance(env_id, str) and not has_vector_form(env_id):
            mask_in, count = made.pop("mask_in"), check_integer("num_envs", num_envs)
            return LoopedVectorEnv([gym.make(env_id, **made) for _ in range(count)], self.mode, mask_in)
        return gym.make_vec(env_id, num_envs=num_envs, autoreset_mode=self.mode, **made)

    def of(self, name: str, envs: Any) -> Any:
        """The vector environment in this form: as it is, or with its actions numbered (`VectorFlatActions`).

        Args:
            name: of the adapter, for the errors.
            envs: a masked vector environment, or a `SyncVectorEnv` of environments with masks; `VectorBoundedAction` is
                taken as it is, since it needs no mask.

        Raises:
            TypeError: no masked vector environment, a kind of mask that the library cannot express, or a wrapper that
                cannot step a part of the rows where the library does; the message names what to use. ValueError:
                another autoreset mode.
        """
        if not isinstance(envs, VectorEnv):
            raise TypeError(f"{name} takes a gymnasium.vector.VectorEnv, such as gym.make_vec gives, not {shown(envs)}")
        spec = attribute_of(envs, "mask_spec")
        if spec is None and type(envs) is SyncVectorEnv:
            self._check_mode(envs.autoreset_mode)
            envs = LoopedVectorEnv(envs.envs, self.mode, self.mask_in)
            spec = envs.mask_spec
        if spec is None:
            raise TypeError(
                f"{name} needs a vector environment with mask_spec and action_mask, not {envs}: a SyncVectorEnv of "
                "environments with masks (masked_envs.wrappers.ActionMask), without wrappers around it, is taken too"
            )
        self._check_mode(envs.metadata.get("autoreset_mode"))
        if self.steps_some:
            check_where(self.library, envs)
        if spec.kind in self.numbered and not spec.needs_head_mask:
            return VectorFlatActions(envs)
        expressible = spec.can_convert(self.dialect) and not spec.needs_head_mask
        if expressible or isinstance(envs, VectorBoundedAction):
            return envs
        raise TypeError(
            f"{self.library} has no masks for {spec.kind} actions, {spec.action_space}: wrap the vector environment "
            f"first, {name}(masked_envs.wrappers.{self._way(spec.kind)})"
        )

    def _check_mode(self, mode: Any) -> None:
        if mode is not self.mode:
            raise ValueError(
                f"{self.library} {self.why}: make the vector environment with "
                f"autoreset_mode=AutoresetMode.{self.mode.name}"
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


def has_vector_form(env_id: str) -> bool:
    """Whether Gymnasium knows a vector environment of an id, "module:id" or "id".

    Raises:
        gymnasium.error.NameNotFound: no such id.
    """
    module, _, name = env_id.rpartition(":")
    if module:
        importlib.import_module(module)
    return gym.spec(name).vector_entry_point is not None


def check_where(library: str, envs: Any) -> None:
    """Refuse a wrapper whose `step` moves all rows or none.

    Raises:
        TypeError: such a one; the message names it.
    """
    layers = [envs]
    while layers[-1] is not envs.unwrapped:
        layers.append(layers[-1].env)
    for layer in layers:
        if "where" not in inspect.signature(layer.step).parameters:
            raise TypeError(
                f"{library} steps a part of the rows, step(actions, where=), which {type(layer).__name__} cannot: "
                "leave it out, or wrap single environments, registered as an id or in a SyncVectorEnv"
            )
