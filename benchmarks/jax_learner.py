"""PPO in JAX with optax, for `adapter_jax.py`: to act, to update, the optimizer, and fresh weights."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from masked_envs.jax import masked_entropy, masked_log_probs, masked_sample

GAMMA, LAMBDA, EPOCHS, MINIBATCHES = 0.99, 0.95, 4, 8

optimizer = optax.adam(1e-3)


def first_weights() -> Any:
    return {"policy": layers(jax.random.key(0), [4, 64, 64, 6]), "value": layers(jax.random.key(2), [4, 64, 64, 1])}


def layers(key: Any, sizes: list[int]) -> Any:
    ends = zip(jax.random.split(key, len(sizes) - 1), sizes[:-1], sizes[1:], strict=True)
    return [(jax.random.normal(k, (a, b)) / np.sqrt(a), jnp.zeros(b)) for k, a, b in ends]


def network(weights: Any, x: Any) -> Any:
    for weight, bias in weights[:-1]:
        x = jnp.tanh(x @ weight + bias)
    return x @ weights[-1][0] + weights[-1][1]


def log_prob(logits: Any, mask: Any, action: Any) -> Any:
    return jnp.take_along_axis(masked_log_probs(logits, mask), action[..., None], axis=-1)[..., 0]


@jax.jit
def act(weights: Any, seen: Any, key: Any) -> Any:
    """An action of each row, and its log-probability."""
    logits = network(weights["policy"], seen.observation)
    action = masked_sample(key, logits, seen.action_mask)
    return action, log_prob(logits, seen.action_mask, action)


def loss(weights: Any, batch: Any) -> Any:
    x, mask, action, old, advantage, target = batch
    logits = network(weights["policy"], x)
    ratio = jnp.exp(log_prob(logits, mask, action) - old)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    gain = jnp.minimum(ratio * advantage, jnp.clip(ratio, 0.8, 1.2) * advantage).mean()
    error = ((network(weights["value"], x)[:, 0] - target) ** 2).mean()
    return 0.5 * error - gain - 0.01 * masked_entropy(logits, mask).mean()


def advantages(delta: Any, over: Any) -> Any:
    """Generalized advantage estimation over (steps, rows)."""

    def back(advantage: Any, step: Any) -> Any:
        advantage = step[0] + GAMMA * LAMBDA * ~step[1] * advantage
        return advantage, advantage

    return jax.lax.scan(back, jnp.zeros(delta.shape[1]), (delta, over), reverse=True)[1]


@jax.jit
def update(weights: Any, state: Any, trajectory: Any, key: Any) -> Any:
    """The weights and the optimizer's state after some epochs over a trajectory."""
    seen, (action, old), after = trajectory
    value, following = (network(weights["value"], x)[..., 0] for x in (seen.observation, after.final_observation))
    delta = after.reward + GAMMA * following * ~after.terminated - value
    advantage = advantages(delta, after.terminated | after.truncated)
    batch = (seen.observation, seen.action_mask, action, old, advantage, advantage + value)
    flat = jax.tree.map(lambda array: array.reshape(-1, *array.shape[2:]), batch)

    def one(carry: Any, chosen: Any) -> Any:
        weights, state = carry
        gradient = jax.grad(loss)(weights, jax.tree.map(lambda array: array[chosen], flat))
        change, state = optimizer.update(gradient, state)
        return (optax.apply_updates(weights, change), state), None

    orders = [jax.random.permutation(k, delta.size) for k in jax.random.split(key, EPOCHS)]
    minibatches = jnp.concatenate([order.reshape(MINIBATCHES, -1) for order in orders])
    return jax.lax.scan(one, (weights, state), minibatches)[0]
