"""`MaskedEnv`: the vector environments of this package as TorchRL has them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from tensordict import TensorDict, TensorDictBase
from torchrl.data import Categorical, Composite, Unbounded
from torchrl.envs import EnvBase

from ..adaptation.rows import attribute_of
from ..wrappers import VectorBoundedAction
from ..wrappers.for_library import LibraryForm
from .specs import done_spec, mask_spec, spec_of, tensors

FORM = LibraryForm(
    "TorchRL", "torchrl", AutoresetMode.DISABLED, "resets rows itself", ("per_head", "joint", "conditional")
)


def make_env(id: str, num_envs: int = 8, device: Any = "cpu", **parameters: Any) -> MaskedEnv:
    """Make the TorchRL environment of an id, stepped by the compiled rules.

    Args:
        id: of this package, or whatever `gymnasium.make_vec` makes a masked vector environment of.
        num_envs: rows, the batch size.
        device: of the tensors; the rules run on the CPU.
        parameters: of `gymnasium.make_vec`, such as `flat=True` for pictures; not `autoreset_mode`.

    Raises:
        TypeError: a kind of mask that TorchRL cannot express; the message names the wrapper to use. `autoreset_mode`.
    """
    return MaskedEnv(FORM.make(id, num_envs, **parameters), device)


class RowsEnv(EnvBase):  # type: ignore[misc]
    """A vector environment with the autoreset mode DISABLED as a batched `EnvBase`.

    A subclass says in `_seen` and `_actions` under which keys observations, masks and actions are.
    """

    def __init__(self, envs: Any, device: Any) -> None:
        self.envs = envs
        super().__init__(device=torch.device(device), batch_size=torch.Size([envs.num_envs]))
        self.done_spec = done_spec(envs.num_envs, self.device)

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (num_envs,)."""
        counts: npt.NDArray[np.int64] = attribute_of(self.envs, "invalid_actions")
        return counts

    def set_seed(self, seed: int | None = None, static_seed: bool = False) -> int | None:
        """Seed all rows, and begin an episode in each, as `SerialEnv` does: row i gets the seed of its environment i.

        Args:
            seed: of row 0; each row hands the next one TorchRL's next seed.
            static_seed: give every row the same.

        Returns:
            The seed after that of the last row.
        """
        seeds = []
        for _ in range(self.batch_size[0]):
            seeds.append(seed)
            seed = super().set_seed(seed, static_seed)
        self.envs.reset(seed=seeds)
        return seed

    def close(self, *, raise_if_closed: bool = True) -> None:
        self.envs.close()
        super().close(raise_if_closed=raise_if_closed)

    # --- what EnvBase calls -------------------------------------------------------------------------------------

    def _set_seed(self, seed: int | None) -> None:
        """Nothing for a single row: `set_seed` seeds all."""

    def _reset(self, tensordict: TensorDictBase | None = None, **kwargs: Any) -> TensorDictBase:
        """Begin an episode in every row, or in those of "_reset"."""
        where = self._rows(tensordict, "_reset")
        options = kwargs.pop("options", None) or {}
        if where is not None:
            options = {**options, "reset_mask": where}
        observations, info = self.envs.reset(options=options, **kwargs)
        over = torch.zeros(self.batch_size[0], 1, dtype=torch.bool)
        return self._packed(self._seen(observations, info), over, over)

    def _step(self, tensordict: TensorDictBase) -> TensorDictBase:
        """Carry out the actions, in every row or in those of "_step"; a refusal is the vector environment's."""
        where = self._rows(tensordict, "_step")
        chosen = {} if where is None else {"where": where}
        observations, rewards, terminated, truncated, info = self.envs.step(self._actions(tensordict), **chosen)
        seen = self._seen(observations, info)
        self._add_rewards(seen, rewards, info)
        return self._packed(seen, *(torch.from_numpy(flags)[:, None] for flags in (terminated, truncated)))

    def _packed(self, seen: dict[str, Any], terminated: torch.Tensor, truncated: torch.Tensor) -> TensorDictBase:
        flags = {"terminated": terminated, "truncated": truncated.clone(), "done": terminated | truncated}
        return TensorDict({**seen, **flags}, batch_size=self.batch_size, device=self.device)

    def _rows(self, tensordict: TensorDictBase | None, key: str) -> npt.NDArray[np.bool_] | None:
        """The rows that a key chooses, bool (num_envs,); None for all of them."""
        chosen = None if tensordict is None else tensordict.get(key, None)
        if chosen is None:
            return None
        rows: npt.NDArray[np.bool_] = chosen.reshape(self.batch_size[0], -1).any(-1).cpu().numpy()
        return rows

    @abstractmethod
    def _seen(self, observations: Any, info: dict[str, Any]) -> dict[str, Any]:
        """Observations and masks by their keys."""

    @abstractmethod
    def _actions(self, tensordict: TensorDictBase) -> Any:
        """The actions (num_envs, ...) in the form of the vector environment."""

    @abstractmethod
    def _add_rewards(self, seen: dict[str, Any], rewards: Any, info: dict[str, Any]) -> None:
        """Put the rewards among what is returned."""


class MaskedEnv(RowsEnv):
    """A masked vector environment as a batched environment of TorchRL.

    A step moves all rows at once, where TorchRL's `SerialEnv` loops over single environments in Python. TorchRL resets
    rows itself and may step a part of them. Row i equals environment i of a `SerialEnv` after the same `set_seed`, so
    that training gives the same weights. The keys are those of `GymWrapper`, with the mask in the form of TorchRL's
    `MaskedCategorical`, `ActionMask`, `QValueActor` and `EGreedyModule`:

    - "observation", or the keys of a Dict observation;
    - "action_mask", bool (num_envs, n);
    - "action", int64 (num_envs,), a number from 0 to n - 1;
    - "reward", float32 (num_envs, 1); "done", "terminated" and "truncated", bool (num_envs, 1);
    - "invalid_action", bool (num_envs, 1), where `on_invalid` is not "raise".

    Actions under masks per head, joint masks, and conditional ones of two heads are numbered (`VectorFlatActions`);
    for other kinds an error names the wrapper to use. A `VectorBoundedAction` needs no mask: its actions are those of
    its Box.

    Args:
        envs: of this package (`gymnasium.make_vec`, or wrapped), with the autoreset mode DISABLED.
        device: of the tensors.

    Attributes:
        envs: the vector environment, with the numbering if there is one.

    Raises:
        TypeError: no masked vector environment, or a kind of mask that TorchRL cannot express. ValueError: another
            autoreset mode.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], device: Any = "cpu") -> None:
        envs = FORM.of(type(self).__name__, envs)
        super().__init__(envs, device)
        self._mask_spec = attribute_of(envs, "mask_spec")
        self._is_masked = not isinstance(envs, VectorBoundedAction)
        self._tells_invalid = attribute_of(envs, "on_invalid") not in (None, "raise")
        actions: Any = envs.single_action_space
        rows = envs.num_envs
        seen = spec_of(envs.single_observation_space, rows, self.device)
        parts = dict(seen.items()) if isinstance(seen, Composite) else {"observation": seen}
        if self._is_masked:
            parts["action_mask"] = mask_spec((rows, int(actions.n)), self.device)
        if self._tells_invalid:
            parts["invalid_action"] = mask_spec((rows, 1), self.device)
        self.observation_spec = Composite(parts, shape=(rows,), device=self.device)
        self.action_spec = (
            Categorical(int(actions.n), shape=(rows,), device=self.device)
            if self._is_masked
            else spec_of(actions, rows, self.device)
        )
        self.reward_spec = Unbounded(shape=(rows, 1), device=self.device)

    def _seen(self, observations: Any, info: dict[str, Any]) -> dict[str, Any]:
        seen = dict(tensors(observations)) if isinstance(observations, dict) else {"observation": tensors(observations)}
        if self._is_masked:
            seen["action_mask"] = torch.from_numpy(self._mask_spec.convert(info["action_mask"], to="torchrl"))
            self.full_action_spec["action"].update_mask(seen["action_mask"])  # what random actions are drawn from
        if self._tells_invalid:
            seen["invalid_action"] = torch.from_numpy(info["invalid_action"])[:, None]
        return seen

    def _actions(self, tensordict: TensorDictBase) -> Any:
        return tensordict.get("action").detach().cpu().numpy()

    def _add_rewards(self, seen: dict[str, Any], rewards: Any, info: dict[str, Any]) -> None:
        seen["reward"] = torch.from_numpy(rewards.astype(np.float32))[:, None]
