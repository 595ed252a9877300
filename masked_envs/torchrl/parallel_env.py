"""`MaskedParallelEnv`: games whose agents move at once, as multi-agent environments of TorchRL."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from tensordict import TensorDict, TensorDictBase
from torchrl.data import Categorical, Composite, Unbounded

from .. import trees
from .env import FORM, RowsEnv
from .specs import mask_spec, spec_of, tensors

GROUP = "agents"


def make_parallel(id: str, num_envs: int = 8, device: Any = "cpu", flat: bool = False, **parameters: Any) -> Any:
    """A game of this package, all its agents learning, as a batched multi-agent environment of TorchRL.

    Args:
        id: of a game whose agents move at once, such as "MaskedWarehouse-v0".
        num_envs: games, the batch size.
        device: of the tensors; the rules run on the CPU.
        flat: whether each agent's observation is one vector of float32.
        parameters: of `gymnasium.make_vec`; not `autoreset_mode` or `opponent`.

    Raises:
        TypeError: `autoreset_mode` or `opponent`; an environment of one agent, or whose agents take turns.
    """
    if "opponent" in parameters:
        raise TypeError("make_parallel lets your policies play every agent: for one seat, make_env(id, opponent=...)")
    return MaskedParallelEnv(FORM.make(id, num_envs, **parameters), device, flat)


class MaskedParallelEnv(RowsEnv):
    """A vector environment of games as TorchRL has multi-agent environments, such as BenchMARL trains on.

    All agents are one group, "agents", and their tensors have one more axis (num_envs, agents, ...):

    - ("agents", "observation"); ("agents", "action_mask"), bool (..., n);
    - ("agents", "action"), int64, a number from 0 to n - 1; ("agents", "reward"), float32 (..., 1);
    - "done", "terminated" and "truncated", bool (num_envs, 1), of the game.

    Args:
        envs: of a game whose agents move at once, made by `gymnasium.make_vec` without `opponent`, with
            `mask_in="info"` and the autoreset mode DISABLED.
        device: of the tensors.
        flat: whether each agent's observation is one vector of float32.

    Attributes:
        agents: their names, in the order of the axis.
        group_map: {"agents": names}.

    Raises:
        TypeError: another environment. ValueError: another autoreset mode.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any], device: Any = "cpu", flat: bool = False) -> None:
        if not plays_all(envs):
            raise TypeError(
                "make_parallel and MaskedParallelEnv need a game whose agents move at once, made without opponent= "
                f"and with mask_in='info', not {envs}: make_env(id, opponent='random') plays one seat of any game"
            )
        if envs.metadata.get("autoreset_mode") is not AutoresetMode.DISABLED:
            raise ValueError("TorchRL resets rows itself: make the games with autoreset_mode=AutoresetMode.DISABLED")
        super().__init__(envs, device)
        game: Any = envs
        self.agents: list[str] = game.unwrapped.agents
        self.group_map = {GROUP: self.agents}
        self._flat = flat
        shape = (envs.num_envs, len(self.agents))
        self._choices = int(game.single_action_space.nvec[0])
        space: Any = envs.single_observation_space
        if flat:
            size = sum(int(np.prod(part.shape[1:])) for part in trees.leaves(spaces_of(space)))
            observation = Unbounded(shape=(*shape, size), device=self.device)
        else:
            observation = spec_of(space, envs.num_envs, self.device)
        group = {"observation": observation, "action_mask": mask_spec((*shape, self._choices), self.device)}
        self.observation_spec = self._grouped(group, shape)
        self.action_spec = self._grouped({"action": Categorical(self._choices, shape=shape, device=self.device)}, shape)
        self.reward_spec = self._grouped({"reward": Unbounded(shape=(*shape, 1), device=self.device)}, shape)

    def _grouped(self, parts: dict[str, Any], shape: tuple[int, ...]) -> Composite:
        inner = Composite(parts, shape=shape, device=self.device)
        return Composite({GROUP: inner}, shape=shape[:1], device=self.device)

    def _seen(self, observations: Any, info: dict[str, Any]) -> dict[str, Any]:
        shape = (self.batch_size[0], len(self.agents))
        masks = torch.from_numpy(info["action_mask"].reshape(*shape, self._choices).astype(bool))
        self.full_action_spec[GROUP, "action"].update_mask(masks)  # what random actions are drawn from
        if self._flat:
            parts = [part.reshape(*shape, -1) for part in trees.leaves(observations)]
            observations = np.concatenate(parts, axis=-1).astype(np.float32)
        group = {"observation": tensors(observations), "action_mask": masks}
        return {GROUP: TensorDict(group, batch_size=shape)}

    def _actions(self, tensordict: TensorDictBase) -> Any:
        return tensordict.get((GROUP, "action")).detach().cpu().numpy()

    def _add_rewards(self, seen: dict[str, Any], rewards: Any, info: dict[str, Any]) -> None:
        seen[GROUP]["reward"] = torch.from_numpy(info["rewards"].astype(np.float32))[..., None]


def plays_all(envs: Any) -> bool:
    """Whether the actions of a vector environment of this package control every agent of a game at once, and its
    observations are without the mask.
    """
    agents = getattr(envs.unwrapped, "agents", None)
    seen = getattr(envs.single_observation_space, "spaces", None) or ()
    plays = agents is not None and getattr(envs.single_action_space, "shape", ()) == (len(agents),)
    return plays and "action_mask" not in seen


def spaces_of(space: Any) -> Any:
    """The spaces of a Dict as a tree, or the one space."""
    parts = getattr(space, "spaces", None)
    return space if parts is None else {key: spaces_of(part) for key, part in parts.items()}
