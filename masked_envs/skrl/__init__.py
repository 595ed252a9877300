"""skrl: a model whose actions obey masks, and its environment over the compiled vector one.

class Policy(MaskedCategoricalMixin, Model):
    def compute(self, inputs, role=""):
        observation, _ = split(self.observation_space, inputs["observations"])
        return self.net(observation), {}

env = make_env("MaskedCartPole-v0", num_envs=64)

docs/skrl.md is the page about it.
"""

from __future__ import annotations

try:
    import skrl  # noqa: F401
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.skrl needs skrl and PyTorch ({error}): pip install 'masked-envs[skrl]'", name=error.name
    ) from error

from .categorical import MaskedCategoricalMixin, split
from .env import make_env, wrap

__all__ = ["MaskedCategoricalMixin", "make_env", "split", "wrap"]
