"""rl_games: an id as the `env_name` of its configurations, whose PPO then obeys masks.

envs = register("MaskedCartPole-v0")
runner = Runner()
runner.load({"params": {..., "config": {"env_name": "MaskedCartPole-v0", "use_action_masks": True, ...}}})
runner.run({"train": True})
assert not any(env.invalid_actions.any() for env in envs)

docs/rl_games.md is the page about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv

try:
    from rl_games.common import env_configurations, vecenv
    from rl_games.common.ivecenv import IVecEnv
except ImportError as error:
    raise ImportError(
        f"masked_envs.rl_games needs rl_games ({error}): pip install 'masked-envs[rl-games]'", name=error.name
    ) from error

from .adaptation.rows import attribute_of
from .api.observations import flat_observation, flat_space
from .wrappers import VectorBoundedAction
from .wrappers.for_library import LibraryForm

__all__ = ["MaskedVecEnv", "register"]

FORM = LibraryForm(
    "rl_games", "tianshou", AutoresetMode.SAME_STEP, "resets rows in the step that ends an episode",
    ("per_head", "joint", "conditional"),
)  # fmt: skip
KIND = "MASKED_ENVS"
"""The kind of vector environment under which rl_games finds `MaskedVecEnv`."""


def register(
    id: str, make: Callable[..., VectorEnv[Any, Any, Any]] | None = None, **parameters: Any
) -> list[MaskedVecEnv]:
    """Let rl_games find an environment: `env_name: id` in its configurations, with `use_action_masks: True`.

    `num_actors` rows are stepped at once by the compiled rules. What stands in `env_config` is added to the parameters,
    but for "seed", of the first reset: row i gets seed + i. The player needs `player: {use_vecenv: True}`.

    Args:
        id: of this package, or whatever `gymnasium.make_vec` makes a masked vector environment of. With `make`, a name
            of yours.
        make: `make(num_envs, **parameters)` gives the vector environment, with the autoreset mode SAME_STEP: where it
            is to be wrapped. Without it, `gymnasium.make_vec` does.
        parameters: of the environment; `flat=True`, a vector for rl_games' networks, unless said otherwise.

    Returns:
        A list to which each environment that rl_games makes is appended; read their `invalid_actions` after the run.
    """
    envs: list[MaskedVecEnv] = []

    def made(num_envs: int, **more: Any) -> VectorEnv[Any, Any, Any]:
        given = {**parameters, **more}
        return FORM.make(id, num_envs, **{"flat": True, **given}) if make is None else make(num_envs, **given)

    def create(num_envs: int = 1, seed: int | None = None, **more: Any) -> MaskedVecEnv:
        env = MaskedVecEnv(made(num_envs, **more))
        env.seed(seed)
        envs.append(env)
        return env

    env_configurations.register(id, {"env_creator": create, "vecenv_type": KIND})
    return envs


class MaskedVecEnv(IVecEnv):  # type: ignore[misc]
    """A masked vector environment as rl_games' algorithms and players call it.

    Actions under masks per head, joint masks, and conditional ones of two heads are numbered (`VectorFlatActions`).
    Observations that are no arrays are made vectors, as rl_games' networks take them.
    `infos["time_outs"]` says which rows were truncated, so that rl_games bootstraps them.

    Args:
        envs: of this package (`gymnasium.make_vec`, or wrapped), with the autoreset mode SAME_STEP and without the mask
            in the observation (`mask_in="info"`). `VectorBoundedAction` is for rl_games' continuous algorithms, with
            `use_action_masks: False`.

    Attributes:
        envs: the vector environment, with the numbering if there is one.

    Raises:
        TypeError: no masked vector environment, or a kind of mask that rl_games cannot express; the message names the
            wrapper to use. ValueError: another autoreset mode; the mask is in the observation.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self.envs = FORM.of(type(self).__name__, envs)
        if "action_mask" in (getattr(self.envs.single_observation_space, "spaces", None) or ()):
            raise ValueError(
                'make the vector environment with mask_in="info": rl_games asks get_action_masks() for the mask'
            )
        shown = self.envs.single_observation_space
        self._is_array = isinstance(shown, spaces.Box)
        self.num_envs, self.action_space = envs.num_envs, self.envs.single_action_space
        self.observation_space = shown if self._is_array else flat_space(shown)
        self._seed: int | None = None

    def seed(self, seed: int | None) -> None:
        """Of the next reset; row i gets seed + i."""
        self._seed = seed

    def reset(self) -> Any:
        """Begin an episode in every row; observations (num_envs, ...)."""
        observations, _ = self.envs.reset(seed=self._seed)
        self._seed = None
        return self._vectors(observations)

    def step(self, actions: Any) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], dict[str, Any]]:
        """Carry out one action for each row.

        Raises:
            InvalidActionError: a mask forbids one, with on_invalid="raise"; no row has moved.
        """
        given = np.asarray(actions).reshape(self.envs.action_space.shape)  # a player drops the axis of a single row
        observations, rewards, terminated, truncated, _ = self.envs.step(given)
        time_outs = truncated & ~terminated
        return self._vectors(observations), rewards.astype(np.float32), terminated | truncated, {"time_outs": time_outs}

    def _vectors(self, observations: Any) -> Any:
        space = self.envs.single_observation_space
        return observations if self._is_array else flat_observation(space, observations, batch=True)

    def has_action_masks(self) -> bool:
        return not isinstance(self.envs, VectorBoundedAction)

    def get_action_masks(self) -> npt.NDArray[np.bool_]:
        """The current masks, bool (num_envs, n)."""
        spec = attribute_of(self.envs, "mask_spec")
        masks: npt.NDArray[np.bool_] = spec.convert(attribute_of(self.envs, "action_mask"), to=FORM.dialect)
        return masks

    # A player asks by other names than an algorithm.
    has_action_mask, get_action_mask = has_action_masks, get_action_masks

    def get_env_info(self) -> dict[str, Any]:
        """Spaces and sizes, as rl_games asks for them."""
        return {
            "observation_space": self.observation_space, "action_space": self.action_space, "state_space": None,
            "use_global_observations": False, "agents": 1, "value_size": 1,
        }  # fmt: skip

    @property
    def invalid_actions(self) -> npt.NDArray[np.int64]:
        """The number of invalid actions that each row received since construction, int64 (num_envs,)."""
        counts: npt.NDArray[np.int64] = attribute_of(self.envs, "invalid_actions")
        return counts

    def close(self) -> None:
        self.envs.close()


def _create(config_name: str, num_actors: int, **parameters: Any) -> MaskedVecEnv:
    created: MaskedVecEnv = env_configurations.configurations[config_name]["env_creator"](num_actors, **parameters)
    return created


vecenv.register(KIND, _create)
