"""JAX: the compiled vector environment inside `jit` and `scan`, and masked distributions in `jax.numpy`.

reset, step = vector_step(gym.make_vec("MaskedCartPole-v0", num_envs=64, mask_in="info", autoreset_mode="SameStep"))
seen = reset(seed=0)
action = masked_sample(key, logits(params, seen.observation), seen.action_mask)
seen = step(action)  # also within jax.jit and jax.lax.scan

docs/jax.md is the page about it.
"""

from __future__ import annotations

try:
    import jax  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"masked_envs.jax needs JAX ({error}): pip install 'masked-envs[jax]'", name=error.name
    ) from error

from .distributions import masked_entropy, masked_kl, masked_log_probs, masked_mode, masked_sample
from .vector_step import Seen, vector_step

__all__ = ["Seen", "masked_entropy", "masked_kl", "masked_log_probs", "masked_mode", "masked_sample", "vector_step"]
