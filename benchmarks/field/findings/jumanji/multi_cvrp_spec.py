import jax
import jumanji

env = jumanji.make("MultiCVRP-v0")
state, timestep = env.reset(jax.random.PRNGKey(0))
print("mask:", timestep.observation.action_mask.shape)
print("action_spec:", int(env.action_spec.minimum), "to", int(env.action_spec.maximum), "inclusive")
env.action_spec.validate(env.action_spec.maximum.repeat(2))
print("two times", int(env.action_spec.maximum), "is valid")
