import numpy as np
from or_gym.envs.classic_or import VMPackingEnv

np.random.seed(0)
env = VMPackingEnv(mask=True)
first = env.reset()
print("machine 0 at first:", first["state"][0])
second, *_ = env.step(0)
print("the same observation after one step:", first["state"][0])
print("it is the very object that step() returned:", first is second)
