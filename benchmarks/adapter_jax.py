"""`masked_envs.jax` beside the ordinary way: Gymnasium's `SyncVectorEnv` of single environments, stepped from Python.

Environment steps: rollouts of random legal play, drawing included, by one `jax.lax.scan` against a loop in Python over
the same compiled drawing. Training: PPO with optax, its rollouts made in the same two ways; the update is the same
compiled function. JAX uses every core on both sides. Both trainings end with the same weights, which is checked.
Seconds are of processor time.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from measure import Comparison, require
from ways import pair

ENV_ID = "MaskedCartPole-v0"
ORDINARY = "SyncVectorEnv"
TRAINED, ROWS, STEPS, COUNT = 4_096, 64, 32, 8_192  # decisions of a training, environments, steps of a rollout


def comparisons() -> list[Comparison]:
    return pair(
        "JAX", ORDINARY, ENV_ID, ways, play=play, train=train, rows=ROWS, count=COUNT, decisions=TRAINED, calls=STEPS
    )


def ways() -> dict[str, Callable[[], Any]]:
    """Of each way, `begin(seed)` and `roll(act, seen, keys)`, which returns the last `Seen` and a trajectory."""
    require("jax", "optax")
    return {"ours": Scanned, "ordinary": InPython}


class Scanned:
    """The compiled vector environment within `jax.lax.scan`."""

    def __init__(self) -> None:
        import gymnasium as gym

        from masked_envs.jax import vector_step

        mode = gym.vector.AutoresetMode.SAME_STEP
        envs = gym.make_vec(ENV_ID, num_envs=ROWS, mask_in="info", autoreset_mode=mode)
        self.begin, step = vector_step(envs)

        def roll(act: Any, weights: Any, seen: Any, keys: Any) -> Any:
            import jax

            def one(seen: Any, key: Any) -> Any:
                chosen = act(weights, seen, key)
                after = step(chosen[0])
                return after, (seen, chosen, after)

            return jax.lax.scan(one, seen, keys)

        import jax

        self._roll = jax.jit(roll, static_argnums=0)

    def roll(self, act: Any, weights: Any, seen: Any, keys: Any) -> Any:
        import jax

        return jax.block_until_ready(self._roll(act, weights, seen, keys))


class InPython:
    """Gymnasium's SyncVectorEnv."""

    def __init__(self) -> None:
        import gymnasium as gym

        mode = gym.vector.AutoresetMode.SAME_STEP
        make = lambda: gym.make(ENV_ID, mask_in="info")  # noqa: E731
        self._envs = gym.vector.SyncVectorEnv([make] * ROWS, autoreset_mode=mode)

    def begin(self, seed: int) -> Any:
        import numpy as np

        shown, info = self._envs.reset(seed=seed)
        never = np.zeros(ROWS, bool)
        return seen_of(shown, info, np.zeros(ROWS), never, never, shown)

    def roll(self, act: Any, weights: Any, seen: Any, keys: Any) -> Any:
        import jax
        import numpy as np

        trajectory = []
        for key in keys:
            chosen = act(weights, seen, key)
            shown, rewards, terminated, truncated, info = self._envs.step(np.asarray(chosen[0]))
            final = shown.copy()
            for row in np.flatnonzero(terminated | truncated):
                final[row] = info["final_obs"][row]
            after = seen_of(shown, info, rewards, terminated, truncated, final)
            trajectory.append((seen, chosen, after))
            seen = after
        return seen, jax.tree.map(lambda *parts: jax.numpy.stack(parts), *trajectory)


def seen_of(shown: Any, info: Any, rewards: Any, terminated: Any, truncated: Any, final: Any) -> Any:
    import numpy as np

    from masked_envs.jax import Seen

    return Seen(shown, info["action_mask"].astype(bool), np.float32(rewards), terminated, truncated, final)


def play(env: Any) -> Callable[[], float]:
    import jax

    seen, key = env.begin(0), jax.random.key(0)

    def once() -> float:
        nonlocal seen, key
        key, other = jax.random.split(key)
        keys = jax.random.split(other, STEPS)
        began = time.process_time()
        seen, _ = env.roll(at_random(), None, seen, keys)
        return time.process_time() - began

    return once


@functools.cache
def at_random() -> Any:
    import jax

    from masked_envs.jax import masked_sample

    @jax.jit
    def act(weights: Any, seen: Any, key: Any) -> Any:
        return (masked_sample(key, jax.numpy.zeros(seen.action_mask.shape), seen.action_mask),)

    return act


def train(env: Any) -> tuple[float, float]:
    import jax
    import numpy as np
    from jax_learner import act, first_weights, optimizer, update

    weights = first_weights()
    state, key = optimizer.init(weights), jax.random.key(1)
    _, trajectory = env.roll(act, weights, env.begin(0), jax.random.split(key, STEPS))
    update(weights, state, trajectory, key)  # all is compiled now
    seen = env.begin(0)
    began = time.process_time()
    for _ in range(TRAINED // (ROWS * STEPS)):
        key, one, other = jax.random.split(key, 3)
        seen, trajectory = env.roll(act, weights, seen, jax.random.split(one, STEPS))
        weights, state = jax.block_until_ready(update(weights, state, trajectory, other))
    seconds = time.process_time() - began
    return float(sum(np.asarray(leaf, np.float64).sum() for leaf in jax.tree.leaves(weights))), seconds
