import numpy as np
from or_gym.envs.classic_or import TSPEnv

np.random.seed(0)
env = TSPEnv(mask=True)
observation = env.reset()
declared = env.observation_space["action_mask"]
for _ in range(6):
    mask = observation["action_mask"]
    values = [int(value) for value in np.unique(mask)]
    print("values in the mask:", values, "declared:", declared.low.min(), "to", declared.high.max())
    observation, *_ = env.step(int(np.flatnonzero(mask == 1)[0]))
