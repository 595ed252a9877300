"""TorchRL: its environment over the compiled vector one, and actors that obey masks.

env = make_env("MaskedCartPole-v0", num_envs=64)
actor = masked_actor(network)  # a ProbabilisticActor over MaskedCategorical
q = masked_q(network, env)  # a QValueActor for DQN
env.rollout(100, actor, break_when_any_done=False)

docs/torchrl.md is the page about it.
"""

from __future__ import annotations

try:
    import torchrl  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.torchrl needs TorchRL ({error}): pip install 'masked-envs[torchrl]'", name=error.name
    ) from error

from .actors import masked_actor, masked_q
from .env import MaskedEnv, make_env
from .parallel_env import MaskedParallelEnv, make_parallel

__all__ = ["MaskedEnv", "MaskedParallelEnv", "make_env", "make_parallel", "masked_actor", "masked_q"]
