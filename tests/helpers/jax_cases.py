"""PPO in JAX and optax for the contract of the adapters: linear, and the same shapes for all environments.

What takes time in JAX is to compile; so the update, which has the same shapes everywhere, is compiled once.
"""

from __future__ import annotations

import functools

import gymnasium as gym
import jax
import jax.numpy as jnp
import numpy as np
import optax
from gymnasium import spaces

from masked_envs.jax import Seen, masked_entropy, masked_log_probs, masked_mode, masked_sample

OPTIMIZER = optax.adam(1e-3)


WIDTH = 16  # features of an observation
MOST = (64, 640, 4096)  # actions: as many as there are, up to one of these


@functools.partial(jax.jit, static_argnames="choices")
def features(observation, choices=0):
    """Float32 (rows, WIDTH): a fixed mixture of all numbers; one of `choices` of a Discrete space as one-hot."""
    x = jax.nn.one_hot(observation, choices) if choices else numbers(observation)
    mixture = np.random.default_rng(0).normal(size=(x.shape[1], WIDTH)) / np.sqrt(x.shape[1])
    return jnp.tanh(x @ mixture.astype(np.float32))


def numbers(observation):
    """All numbers of a batch of observations in one row."""
    if isinstance(observation, dict):
        return jnp.concatenate([numbers(observation[key]) for key in sorted(observation)], axis=-1)
    return observation.reshape(len(observation), -1).astype(jnp.float32)


def choices_of(space):
    """Of a Discrete space its n, else 0."""
    return int(space.n) if isinstance(space, spaces.Discrete) else 0


def fresh(seed, actions):
    """Parameters of a policy and a critic."""
    rng = np.random.default_rng(seed)
    sizes = {"policy": (WIDTH, min(most for most in MOST if actions <= most)), "value": (WIDTH, 1)}
    return {name: (rng.normal(size=size) / np.sqrt(WIDTH)).astype(np.float32) for name, size in sizes.items()}


def logits_of(parameters, x, mask):
    return x @ parameters["policy"][:, : mask.shape[1]]


def log_prob(parameters, x, mask, action):
    found = masked_log_probs(logits_of(parameters, x, mask), mask)
    return jnp.take_along_axis(found, action[:, None], axis=1)[:, 0]


@functools.partial(jax.jit, static_argnames=("choices", "masked"))
def act(parameters, seen, key, choices=0, masked=True):
    """Numbers of the observation, its mask, an action, and its log-probability."""
    x = features(seen.observation, choices)
    mask = seen.action_mask if masked else jnp.ones_like(seen.action_mask)
    action = masked_sample(key, logits_of(parameters, x, mask), mask)
    return x, mask, action, log_prob(parameters, x, mask, action)


@functools.partial(jax.jit, static_argnames="choices")
def greedy(parameters, seen, choices=0):
    x = features(seen.observation, choices)
    return masked_mode(logits_of(parameters, x, seen.action_mask), seen.action_mask)


@functools.partial(jax.jit, static_argnames=("step", "steps", "choices", "masked"))
def collect(parameters, seen, key, step, steps, choices=0, masked=True):
    """A trajectory (steps, rows), all of it within one scan."""

    def one(seen, key):
        x, mask, action, old = act(parameters, seen, key, choices, masked)
        after = step(action)
        last = features(after.final_observation, choices)
        return after, (x, mask, action, old, after.reward, last, after.terminated, after.truncated)

    return jax.lax.scan(one, seen, jax.random.split(key, steps))


def update(parameters, state, trajectory):
    """One step of PPO on the whole trajectory, and its losses; the advantages are computed in NumPy."""
    x, mask, action, old, reward, last, terminated, truncated = map(np.asarray, trajectory)
    value, bootstrap = ((part @ np.asarray(parameters["value"]))[..., 0] for part in (x, last))
    delta, over = reward + 0.99 * bootstrap * ~terminated - value, terminated | truncated
    advantage = np.zeros_like(delta)
    for k in reversed(range(len(delta))):
        later = advantage[k + 1] if k + 1 < len(delta) else 0
        advantage[k] = delta[k] + 0.99 * 0.95 * ~over[k] * later
    unused = parameters["policy"].shape[1] - mask.shape[-1]
    mask = np.pad(mask, [(0, 0), (0, 0), (0, unused)])  # so that _improved is not compiled for each environment
    whole = (x, mask, action, old, (advantage - advantage.mean()) / (advantage.std() + 1e-8), advantage + value)
    return _improved(parameters, state, [part.reshape(-1, *part.shape[2:]) for part in whole])


@jax.jit
def _improved(parameters, state, batch):
    def loss(parameters):
        x, mask, action, old, advantage, target = batch
        ratio = jnp.exp(log_prob(parameters, x, mask, action) - old)
        gain = jnp.minimum(ratio * advantage, jnp.clip(ratio, 0.8, 1.2) * advantage).mean()
        entropy = masked_entropy(logits_of(parameters, x, mask), mask).mean()
        error = (((x @ parameters["value"])[:, 0] - target) ** 2).mean()
        return 0.5 * error - gain - 0.01 * entropy, {"policy": -gain, "value": error, "entropy": entropy}

    gradient, terms = jax.grad(loss, has_aux=True)(parameters)
    change, state = OPTIMIZER.update(gradient, state)
    return optax.apply_updates(parameters, change), state, terms


# --- the ordinary way -----------------------------------------------------------------------------------------------


class InPython:
    """Gymnasium's SyncVectorEnv of single environments, stepped from Python."""

    def __init__(self, env_id, num_envs, parameters):
        singles = [lambda: gym.make(env_id, mask_in="info", **parameters)] * num_envs
        self.envs = gym.vector.SyncVectorEnv(singles, autoreset_mode=gym.vector.AutoresetMode.SAME_STEP)

    def reset(self, seed=None):
        shown, info = self.envs.reset(seed=seed)
        never = np.zeros(self.envs.num_envs, bool)
        mask = info["action_mask"].astype(bool)
        return Seen(shown, mask, np.zeros(len(never), np.float32), never, never, shown)

    def step(self, actions):
        shown, rewards, terminated, truncated, info = self.envs.step(np.asarray(actions))
        final, mask = shown.copy(), info["action_mask"].astype(bool)
        for row in np.flatnonzero(terminated | truncated):
            final[row] = info["final_obs"][row]
        return Seen(shown, mask, rewards.astype(np.float32), terminated, truncated, final)

    def collect(self, parameters, seen, key, steps, choices, masked):
        """What `collect` gives, by a loop."""
        trajectory = []
        for one in list(jax.random.split(key, steps)):
            x, mask, action, old = act(parameters, seen, one, choices, masked)
            seen = self.step(action)
            last = features(seen.final_observation, choices)
            trajectory.append((x, mask, action, old, seen.reward, last, seen.terminated, seen.truncated))
        return seen, jax.tree.map(lambda *parts: np.stack(parts), *trajectory)
