import jax
import jumanji

env = jumanji.make("Knapsack-v1")
state, timestep = jax.jit(env.reset)(jax.random.PRNGKey(0))
print("action_spec:", int(env.action_spec.minimum), "to", int(env.action_spec.maximum))
state, timestep = jax.jit(env.step)(state, 50)
print("last:", bool(timestep.last()), "packed:", int(timestep.observation.packed_items.sum()))
print("paid for item 49:", float(timestep.reward) == float(timestep.observation.values[49]))
