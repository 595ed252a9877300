"""Categorical distributions over legal actions: those of `masked_envs.torch.MaskedCategorical`, as functions.

Logits (..., n) are floating point, masks (..., n) bool or 0 and 1, with the same or broadcastable leading dimensions
and at least one legal action. Half precision is computed in float32. Everything is exact over the legal actions, finite
in value and gradient with a single one, and has gradient 0 at forbidden logits.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

Array = Any


def masked_log_probs(logits: Array, mask: Array) -> Array:
    """Log-probabilities (..., n), -inf where the mask forbids."""
    finite, legal = _finite_log_probs(logits, mask)
    return jnp.where(legal, finite, -jnp.inf)


def masked_sample(key: Array, logits: Array, mask: Array) -> Array:
    """Legal actions, int (...), drawn by the Gumbel-max trick: legal whatever the rounding.

    Args:
        key: of `jax.random.key`.
    """
    finite, legal = _finite_log_probs(logits, mask)
    noisy = finite + jax.random.gumbel(key, finite.shape, finite.dtype)
    return jnp.where(legal, noisy, -jnp.inf).argmax(axis=-1)


def masked_mode(logits: Array, mask: Array) -> Array:
    """The most probable legal actions, int (...), the first of several."""
    finite, legal = _finite_log_probs(logits, mask)
    return jnp.where(legal, finite, -jnp.inf).argmax(axis=-1)


def masked_entropy(logits: Array, mask: Array) -> Array:
    """Entropies (...) over the legal actions, in nats."""
    finite, legal = _finite_log_probs(logits, mask)
    return -jnp.where(legal, jnp.exp(finite) * finite, 0.0).sum(axis=-1)


def masked_kl(logits: Array, other_logits: Array, mask: Array, other_mask: Array | None = None) -> Array:
    """Kullback-Leibler divergences (...) of the second distribution from the first, in nats.

    Args:
        other_mask: of the second, without it that of the first; where it forbids what the first allows, inf.
    """
    finite, legal = _finite_log_probs(logits, mask)
    other, allowed = _finite_log_probs(other_logits, mask if other_mask is None else other_mask)
    both = legal & allowed
    terms = jnp.where(both, jnp.exp(finite) * jnp.where(both, finite - other, 0.0), 0.0)
    return jnp.where((legal & ~allowed).any(axis=-1), jnp.inf, terms.sum(axis=-1))


def _finite_log_probs(logits: Array, mask: Array) -> tuple[Array, Array]:
    """Log-probabilities (..., n), 0 where illegal so that no gradient can come from there, and the mask as bool."""
    logits, legal = jnp.asarray(logits), jnp.asarray(mask).astype(bool)
    logits, legal = jnp.broadcast_arrays(logits.astype(jnp.promote_types(logits.dtype, jnp.float32)), legal)
    known = jnp.where(legal, logits, 0.0)
    highest = jax.lax.stop_gradient(jnp.where(legal, known, -jnp.inf).max(axis=-1, keepdims=True))
    shifted = jnp.where(legal, known - highest, 0.0)
    total = jnp.where(legal, jnp.exp(shifted), 0.0).sum(axis=-1, keepdims=True)
    return jnp.where(legal, shifted - jnp.log(total), 0.0), legal
