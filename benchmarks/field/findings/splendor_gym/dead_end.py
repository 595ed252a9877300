import numpy as np
from splendor_gym.envs.splendor_env import SplendorEnv

env, rng, found = SplendorEnv(), np.random.default_rng(0), []
for seed in range(100):
    observation, info = env.reset(seed=seed)
    terminated = False
    while not terminated and info["action_mask"].any():
        action = rng.choice(np.flatnonzero(info["action_mask"]))
        observation, reward, terminated, truncated, info = env.step(int(action))
    if not terminated:
        found.append(seed)
        last = [(action, *env.step(action)[1:3]) for action in (0,)]
print(len(found), "of 100 episodes run on with a mask that allows nothing")
print("then (action, reward, terminated):", last)
