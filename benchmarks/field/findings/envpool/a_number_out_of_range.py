import envpool
import numpy as np

env = envpool.make("Snake-v1", env_type="gymnasium", num_envs=1, seed=0)
env.reset()
observation, reward, terminated, truncated, info = env.step(np.array([-1], np.int32))
print(env.action_space, "ended:", terminated[0], "step_count:", int(observation["step_count"][0]))
