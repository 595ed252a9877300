from ray.rllib.examples.envs.classes.parametric_actions_cartpole import ParametricActionsCartPoleNoEmbeddings

env = ParametricActionsCartPoleNoEmbeddings(6)
observation, info = env.reset()
observation["valid_avail_actions_mask"][:] = 0  # as a policy does that masks in place
observation, *_ = env.step(env.left_idx)
print(observation["valid_avail_actions_mask"])
