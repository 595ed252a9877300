import gymnasium as gym
import smaclite  # noqa: F401  registers the environments

env = gym.make("smaclite/2s_vs_1sc-v0", use_cpp_rvo2=False).unwrapped
env.reset(seed=0)
env.action_space.seed(0)
action = env.action_space.sample()
while not all(mask[number] for mask, number in zip(env.get_avail_actions(), action, strict=True)):
    action = env.action_space.sample()
print("sampled, and available:", tuple(map(int, action)), "of type", type(action[0]).__name__)
try:
    env.step(action)
except AssertionError as error:
    print("step(action) raises", type(error).__name__)
print("with plain integers it takes it: reward", env.step(tuple(map(int, action)))[1])
