"""PPO in JAX and optax, over `masked_envs.jax`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from . import OF_NUMBERS, ONE_SEAT, Adapter, ratios


@dataclass
class Env:
    """A vector environment and its functions."""

    envs: Any
    reset: Any
    step: Any

    def collect(self, parameters, seen, key, steps, choices, masked):
        import jax_cases

        return jax_cases.collect(parameters, seen, key, self.step, steps, choices, masked)


@dataclass
class Trained:
    """What `train` gives."""

    parameters: Any
    losses: list[float]
    decisions: int


class Jax(Adapter):
    """A loop of one's own with optax; `vector_step` and the masked distributions."""

    title, page = "`masked_envs.jax`", "jax.md"
    requires = ("jax", "optax")
    mode = AutoresetMode.SAME_STEP
    kinds, plays = OF_NUMBERS, ONE_SEAT

    def wrap(self, envs):
        from masked_envs.jax import vector_step

        return Env(envs, *vector_step(envs))

    def train(self, env, decisions, seed=0, masked=True):
        import jax
        import jax_cases

        rows, choices = env.envs.num_envs, jax_cases.choices_of(env.envs.single_observation_space)
        seen = env.reset(seed)
        parameters = jax_cases.fresh(seed, seen.action_mask.shape[1])
        state, key = jax_cases.OPTIMIZER.init(parameters), jax.random.key(seed)
        steps = max(4, min(decisions, 512) // rows)
        updates = -(-decisions // (rows * steps))
        for _ in range(updates):
            key, one = jax.random.split(key)
            seen, trajectory = env.collect(parameters, seen, one, steps, choices, masked)
            parameters, state, losses = jax_cases.update(parameters, state, trajectory)
        return Trained(parameters, [float(loss) for loss in losses.values()], updates * rows * steps)

    def play(self, model, env, decisions, greedy):
        import jax
        import jax_cases

        seen, choices = env.reset(), jax_cases.choices_of(env.envs.single_observation_space)
        for step in range(-(-decisions // env.envs.num_envs)):
            if greedy:
                action = jax_cases.greedy(model.parameters, seen, choices)
            else:
                _, _, action, _ = jax_cases.act(model.parameters, seen, jax.random.key(step), choices)
            seen = env.step(action)

    def invalid(self, env):
        import jax

        jax.effects_barrier()  # a step may still run
        return int(env.envs.unwrapped.invalid_actions.sum())

    def weights(self, model):
        import jax

        return np.concatenate([np.ravel(array) for array in jax.tree.leaves(model.parameters)]).astype(np.float64)

    def first_minibatch(self, env):
        import jax
        import jax_cases

        seen = env.reset(0)
        parameters = jax_cases.fresh(0, seen.action_mask.shape[1])
        _, trajectory = env.collect(parameters, seen, jax.random.key(1), 8, 0, True)
        x, mask, action, old, *_ = (np.reshape(part, (-1, *part.shape[2:])) for part in trajectory)
        return ratios(jax_cases.log_prob(parameters, x, mask, action), old)

    def ordinary(self, case, num_envs, **parameters):
        """The same training over Gymnasium's SyncVectorEnv of single environments, one step at a time from Python."""
        import jax_cases

        return jax_cases.InPython(case.env_id, num_envs, {**case.parameters, **parameters})


ADAPTER = Jax()
