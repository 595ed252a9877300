import signal

import numpy as np
from jsspetri.envs.mono.gym_env import JsspetriEnv


def first_allowed(env):
    return int(np.flatnonzero(env.action_masks())[0])


env = JsspetriEnv("ta01")
env.reset(seed=0)
print("allowed after reset:", np.flatnonzero(env.action_masks()))
for _ in range(6):
    env.step(first_allowed(env))
env.reset(seed=0)
print("allowed after 6 steps and another reset:", np.flatnonzero(env.action_masks()))


def give_up(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, give_up)
signal.alarm(10)
steps = 0
try:
    while True:
        action = first_allowed(env)
        env.step(action)
        steps += 1
except TimeoutError:
    print(f"step {steps + 1}, which the mask allows, did not return in 10 s")
