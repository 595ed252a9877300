"""The environments of a run."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
from gymnasium.vector import AutoresetMode

import masked_envs
from masked_envs.catalogue import CATALOGUE
from masked_envs.registration import declaration

from .config import Config
from .registered_envs import RegisteredEnvs


def make_envs(config: Config, num_envs: int, **overrides: Any) -> Any:
    """The vector environment of a run, with the mask in `info` and the reset one step after the end.

    An invalid action does nothing but count ("noop"), in training, evaluation and control alike: that none was taken
    is then read from a counter that would have gone on counting, and not from the absence of an exception.

    Raises:
        ValueError, TypeError: an unknown id, arguments that the environment does not take, or no mask.
    """
    if config.env not in CATALOGUE:
        if ":" not in config.env and config.env not in gymnasium.registry:
            declaration(config.env)  # raises, and suggests the nearest id
        return RegisteredEnvs(config.env, num_envs, {**config.env_args, **overrides})
    arguments = {"on_invalid": "noop", **config.env_args, **overrides}
    return masked_envs.make_vec(
        config.env, num_envs, mask_in="info", autoreset_mode=AutoresetMode.NEXT_STEP, **arguments
    )


def self_play_agents(config: Config) -> int:
    """How many agents take turns under the one policy: 1 unless a turn-based game is played without an opponent."""
    if config.env not in CATALOGUE or CATALOGUE[config.env].play != "turns" or "opponent" in config.env_args:
        return 1
    return len(masked_envs.make_aec(config.env, **config.env_args).possible_agents)


def positions(envs: Any) -> Any:
    """The positions of all rows, as arrays, numbers and text."""
    if isinstance(envs, RegisteredEnvs):
        return envs.recording()
    states = envs.get_state()
    names = [field.name for field in dataclasses.fields(states[0])]
    return [{name: getattr(state, name) for name in names} for state in states]


def set_positions(envs: Any, saved: Any) -> bool:
    """Return to `positions`.

    Returns:
        whether the rows are where they were; an environment that does not repeat itself from its seed cannot return.
    """
    if isinstance(envs, RegisteredEnvs):
        return envs.replay(saved)
    state = type(envs.get_state()[0])
    envs.set_state([state(**fields) for fields in saved])
    return True
