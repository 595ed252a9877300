"""Tianshou: its vector environment over the compiled one, and networks whose policies obey masks.

env = MaskedVectorEnv("MaskedCartPole-v0", 64)
actor = MaskedActor(DiscreteActor(preprocess_net=net, action_shape=6, softmax_output=False))
policy = DiscreteActorPolicy(actor=actor, action_space=env.action_space[0])
algorithm = PPO(policy=policy, critic=ObservationOnly(critic), optim=AdamOptimizerFactory(lr=1e-3))
collector = Collector(algorithm, env, VectorReplayBuffer(4096, 64))

docs/tianshou.md is the page about it.
"""

from __future__ import annotations

try:
    import tianshou  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.tianshou needs Tianshou ({error}): pip install 'masked-envs[tianshou]'", name=error.name
    ) from error

from .networks import MaskedActor, MaskedRandomPolicy, ObservationOnly
from .vector_env import MaskedVectorEnv

__all__ = ["MaskedActor", "MaskedRandomPolicy", "MaskedVectorEnv", "ObservationOnly"]
