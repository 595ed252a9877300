import jax
import jumanji

env = jumanji.make("Knapsack-v1")
step = jax.jit(env.step)
state, timestep = jax.jit(env.reset)(jax.random.PRNGKey(0))
while not timestep.last():
    state, timestep = step(state, timestep.observation.action_mask.argmax())
print("allowed in the last state:", int(timestep.observation.action_mask.sum()))
