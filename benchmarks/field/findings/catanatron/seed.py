import catanatron_gym  # noqa: F401  registers the environment
import gymnasium as gym

env = gym.make("catanatron-v1")
first, _ = env.reset(seed=0)
second, _ = env.reset(seed=0)
print("two resets with seed 0 are equal:", bool((first == second).all()))
