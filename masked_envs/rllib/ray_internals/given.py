"""What a user has set on a config before `configure`, where RLlib has no public way to ask."""

from __future__ import annotations

from typing import Any

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core.rl_module.multi_rl_module import MultiRLModuleSpec


def module_spec_of(config: AlgorithmConfig) -> Any:
    """The user's RLModuleSpec or MultiRLModuleSpec; None if RLlib's default stands."""
    return config._rl_module_spec


def set_env_config(config: AlgorithmConfig, arguments: Any) -> None:
    """Replace env_config; `config.environment(env_config=...)` would add to what is there."""
    config.env_config = arguments


def specs_in(spec: Any) -> dict[str, Any]:
    """Module id -> RLModuleSpec of a spec of one or several; "" for one."""
    if isinstance(spec, MultiRLModuleSpec):
        return dict(spec.rl_module_specs)
    return {} if spec is None else {"": spec}
