import numpy as np
from gymnasium import spaces
from ray.rllib.examples.envs.classes.action_mask_env import ActionMaskEnv

for actions in (4, 100):
    observations = spaces.Box(-1, 1, (2,), np.float32)
    env = ActionMaskEnv({"action_space": spaces.Discrete(actions), "observation_space": observations})
    env.observation_space.seed(0)
    masks = [env.reset()[0]["action_mask"] for _ in range(200)]
    print(actions, "actions:", sum(not mask.any() for mask in masks), "of 200 starts allow nothing")
