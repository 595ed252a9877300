import jax
import jumanji
import numpy as np

env = jumanji.make("MMST-v0")
reset, step = jax.jit(env.reset), jax.jit(env.step)


def choose(rng, mask):
    return np.array([rng.choice(np.flatnonzero(row)) if row.any() else 0 for row in mask], np.int32)


for seed in range(4):
    rng = np.random.default_rng(seed)
    state, timestep = reset(jax.random.PRNGKey(seed))
    first = None
    while not timestep.last():
        mask = np.asarray(timestep.observation.action_mask)
        if first is None and not mask.any(axis=1).all():
            first, finished = int(state.step_count), np.asarray(state.finished_agents)
        state, timestep = step(state, choose(rng, mask))
    if first is not None:
        print(f"seed {seed}: from step {first} of {int(state.step_count)} one row is all zeros; finished: {finished}")
