import jax
import jax.numpy as jnp
import jumanji

env = jumanji.make("Snake-v1")
step = jax.jit(env.step)


@jax.jit
def choose(key, mask):
    key, chosen = jax.random.split(key)
    return key, jax.random.categorical(chosen, jnp.where(mask, 0.0, -jnp.inf))


for seed in range(3):
    key = jax.random.PRNGKey(seed)
    state, timestep = jax.jit(env.reset)(key)
    steps = 0
    while not timestep.last() and timestep.observation.action_mask.any():
        key, action = choose(key, timestep.observation.action_mask)
        state, timestep = step(state, action)
        steps += 1
    print(f"after {steps} random legal steps: last() is {bool(timestep.last())},", timestep.observation.action_mask)
