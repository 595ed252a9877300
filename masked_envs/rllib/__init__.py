"""RLlib on its new API stack, without invalid actions: `configure` turns RLlib's own configs into masked ones.

from ray.rllib.algorithms.ppo import PPOConfig
from masked_envs.rllib import configure

algorithm = configure(PPOConfig(), "MaskedCartPole-v0").build_algo()
"""

try:
    import ray.rllib  # noqa: F401
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.rllib needs RLlib and PyTorch ({error}): pip install 'masked-envs[rllib]'", name=error.name
    ) from error

from .configure import configure
from .learners import BootstrappedAPPOLearner, BootstrappedIMPALALearner, KeepsBootstrap
from .metrics import MaskMetrics, count_invalid_actions
from .modules import MaskedAPPOModule, MaskedLogits, MaskedObservations, MaskedPPOModule
from .multi_agent import MaskedMultiAgentEnv
from .random_module import MaskedRandomModule
from .ray_internals.distributions import LegalCategorical, LegalMultiCategorical
from .ray_internals.dqn_module import MaskedDQNModule
from .ray_internals.env_runner import BatchedEnvRunner
from .trained_policy import TrainedPolicy, load

__all__ = [
    "BatchedEnvRunner",
    "BootstrappedAPPOLearner",
    "BootstrappedIMPALALearner",
    "KeepsBootstrap",
    "LegalCategorical",
    "LegalMultiCategorical",
    "MaskMetrics",
    "MaskedAPPOModule",
    "MaskedDQNModule",
    "MaskedLogits",
    "MaskedMultiAgentEnv",
    "MaskedObservations",
    "MaskedPPOModule",
    "MaskedRandomModule",
    "TrainedPolicy",
    "configure",
    "count_invalid_actions",
    "load",
]
