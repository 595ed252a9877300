"""Environments registered with Gymnasium, such as a user's, as the vector environments that the agent plays."""

from __future__ import annotations

import functools
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from masked_envs import MaskSpec, trees
from masked_envs.wrappers.on_observation import WithoutMask

from ..counting import counted


class Episodes(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Begins every episode from a seed of its own, so that it can be replayed, and keeps the mask out of `info`.

    Attributes:
        seed: of the first episode; the later ones have seeds made of it and their number.
        number: of the episode, from 0.
        mask: canonical, of the position that the environment is in.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self.seed, self.number, self.mask = 0, -1, None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode, or with a seed the first one."""
        self.seed, self.number = (self.seed, self.number + 1) if seed is None else (seed, 0)
        if self.number:
            seed = int(np.random.SeedSequence([self.seed, self.number]).generate_state(1)[0])
        observation, info = self.env.reset(seed=seed, options=options)
        self.mask = info["action_mask"]
        return observation, {}

    def step(self, action: Any) -> Any:
        """As the environment's, with an empty info: SyncVectorEnv adds flags to dicts and makes objects of tuples."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.mask = info["action_mask"]
        return observation, reward, terminated, truncated, {}


def make_one(env_id: str, arguments: dict[str, Any]) -> Episodes:
    """One environment in which an invalid action does nothing but count, its mask apart from the observation.

    Raises:
        ValueError: an id that Gymnasium does not know, a module that cannot be imported, or masks that disagree.
        TypeError: an environment without a mask.
    """
    try:
        env = gymnasium.make(env_id, **arguments)
    except (gymnasium.error.Error, ImportError) as error:
        raise ValueError(str(error)) from error
    return Episodes(WithoutMask(counted(env)))


class RegisteredEnvs(SyncVectorEnv):
    """Rows of such an environment, with what the agent asks of a vector environment.

    What a user's environment holds is unknown, so its state cannot be written into a checkpoint of arrays and numbers.
    The seeds and the actions of the running episodes can, and replaying them brings back the state of any environment
    that repeats itself from its seed.
    """

    envs: Any  # each an Episodes

    def __init__(self, env_id: str, num_envs: int, arguments: dict[str, Any]) -> None:
        make = functools.partial(make_one, env_id, arguments)
        super().__init__([make] * num_envs, autoreset_mode=AutoresetMode.NEXT_STEP)
        self.mask_spec: MaskSpec = self.envs[0].get_wrapper_attr("mask_spec")
        self._actions: list[Any] = []  # batches, since the oldest running episode began
        self._begun = np.zeros(num_envs, np.int64)  # where the actions of each row's episode begin in that list
        self._replayed = np.zeros(num_envs, np.int64)  # invalid actions among those of a replay

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """How many invalid actions each row was given."""
        counts = [env.get_wrapper_attr("invalid_actions") for env in self.envs]
        return np.array(counts, np.int64) - self._replayed

    def head_mask(self, row: int, k: int, prefix: Any) -> Any:
        """For a conditional mask: what head k of a row may take after `prefix`."""
        return self.envs[row].get_wrapper_attr("head_mask")(k, prefix)

    def _masks(self) -> Any:
        return trees.stack([env.mask for env in self.envs])

    def reset(self, **arguments: Any) -> tuple[Any, dict[str, Any]]:
        """As Gymnasium's, with the masks of all rows in `info["action_mask"]`."""
        observations: Any = super().reset(**arguments)[0]
        self._actions, self._begun = [], np.zeros(self.num_envs, np.int64)
        return observations, {"action_mask": self._masks()}

    def step(self, actions: Any) -> Any:
        """As Gymnasium's, with the masks of all rows in `info["action_mask"]`."""
        begins = self._autoreset_envs.copy()
        stepped: Any = super().step(actions)[:-1]
        self._actions.append(trees.map(np.array, actions))
        self._begun[begins] = len(self._actions)
        if oldest := int(self._begun.min()):
            del self._actions[:oldest]
            self._begun -= oldest
        return *stepped, {"action_mask": self._masks()}

    # --- checkpoints ----------------------------------------------------------------------------------------------

    def recording(self) -> dict[str, Any]:
        """Seeds and actions of the running episodes, and what the rows show now."""
        return {
            "seeds": [(env.seed, env.number) for env in self.envs],
            "begun": self._begun.copy(),
            "actions": trees.stack(self._actions) if self._actions else None,
            "shown": self._shown(),
        }

    def replay(self, recording: dict[str, Any]) -> bool:
        """Play a recording; whether the rows then show what they showed when it was made."""
        actions = recording["actions"]
        self._actions = [] if actions is None else trees.rows(actions)
        self._begun = recording["begun"].copy()
        for row, (env, (seed, number)) in enumerate(zip(self.envs, recording["seeds"], strict=True)):
            env.seed, env.number = seed, number - 1
            self._env_obs[row], _ = env.reset(seed=seed if number == 0 else None)
            over = False
            for actions in self._actions[self._begun[row] :]:
                if over:
                    return False
                self._env_obs[row], _, terminated, truncated, _ = env.step(trees.row(actions, row))
                over = bool(terminated or truncated)
            self._autoreset_envs[row] = over
        self._replayed += self.invalid_actions
        equal: list[bool] = []
        trees.map(lambda now, then: equal.append(now.tobytes() == then.tobytes()), self._shown(), recording["shown"])
        return all(equal)

    def _shown(self) -> Any:
        observations = gymnasium.vector.utils.concatenate(
            self.single_observation_space, self._env_obs,
            gymnasium.vector.utils.create_empty_array(self.single_observation_space, self.num_envs),
        )  # fmt: skip
        return observations, self._masks(), self._autoreset_envs.copy()
