import jax
import jumanji
import numpy as np

env = jumanji.make("FlatPack-v0")
step, rng = jax.jit(env.step), np.random.default_rng(0)
state, timestep = jax.jit(env.reset)(jax.random.PRNGKey(0))
steps = 0
while timestep.observation.action_mask.any():
    action = rng.choice(np.argwhere(timestep.observation.action_mask))
    state, timestep = step(state, action)
    steps += 1
print(f"after {steps} random legal steps nothing fits: last() is {bool(timestep.last())}")
while not timestep.last():
    state, timestep = step(state, np.zeros(4, np.int32))
    steps += 1
print(f"last() after {steps} steps, of {env.num_blocks} blocks")
