import numpy as np
from gymnasium import spaces
from ray.rllib.examples.envs.classes.action_mask_env import ActionMaskEnv

env = ActionMaskEnv({"action_space": spaces.Discrete(4), "observation_space": spaces.Box(-1, 1, (2,), np.float32)})
env.observation_space.seed(0)
while not env.reset()[0]["action_mask"][-1]:
    pass
print(env.action_space.contains(-1), env.valid_actions)
env.step(-1)
print("taken")
