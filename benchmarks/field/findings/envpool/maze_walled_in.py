import envpool
import numpy as np

walled_in = []
for seed in range(200):
    env = envpool.make("Maze-v0", env_type="gymnasium", num_envs=1, seed=seed)
    observation, info = env.reset()
    if not observation["action_mask"].any():
        walled_in.append(seed)
print(f"{len(walled_in)} of 200 starts allow nothing, seeds {walled_in[:5]}")

env = envpool.make("Maze-v0", env_type="gymnasium", num_envs=1, seed=walled_in[0])
env.reset()
observation, reward, terminated, truncated, info = env.step(np.array([0], np.int32))
print("after one action: terminated", terminated[0], "truncated", truncated[0])
