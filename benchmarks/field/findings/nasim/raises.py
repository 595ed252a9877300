import gymnasium as gym
import nasim  # noqa: F401  registers the environments

env = gym.make("TinyPO-v0").unwrapped
env.reset(seed=0)
print(env.get_action_mask.__doc__.strip().splitlines()[0])
try:
    env.get_action_mask()
except AttributeError as error:
    print("AttributeError:", error)
