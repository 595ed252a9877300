import copy

import gymnasium as gym
import numpy as np
import smaclite  # noqa: F401  registers the environments


def play(env, rng, steps):
    """The observations of random available actions."""
    seen = []
    for _ in range(steps):
        available = [np.flatnonzero(mask) for mask in env.get_avail_actions()]
        observations, _, terminated, _, _ = env.step([int(rng.choice(numbers)) for numbers in available])
        seen.append(np.concatenate(observations))
        if terminated:
            break
    return np.array(seen)


def made():
    env = gym.make("smaclite/2s3z-v0", use_cpp_rvo2=False).unwrapped
    env.reset(seed=0)
    return env, play(env, np.random.default_rng(0), 12)


first, second = made(), made()
print("two environments with the same seed and actions are equal:", np.array_equal(first[1], second[1]))
copied = copy.deepcopy(first[0])
goes_on = play(first[0], np.random.default_rng(1), 12)
again = play(second[0], np.random.default_rng(1), 12)
of_the_copy = play(copied, np.random.default_rng(1), 12)
print("both go on equally:", np.array_equal(goes_on, again))
print("a deepcopy goes on equally:", np.array_equal(goes_on, of_the_copy))
