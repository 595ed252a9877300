import random

import catanatron_gym  # noqa: F401  registers the environment
import gymnasium as gym

random.seed(0)
env = gym.make("catanatron-v1").unwrapped
last = int(env.action_space.n) - 1
observation, info = env.reset(seed=0)
while last not in info["valid_actions"]:
    observation, reward, terminated, truncated, info = env.step(random.choice(info["valid_actions"]))
print(f"action {last} is valid:", last in info["valid_actions"])
observation, reward, terminated, truncated, info = env.step(-1)
print("step(-1): reward", reward, "and it was carried out:", info["valid_actions"] == [0])
