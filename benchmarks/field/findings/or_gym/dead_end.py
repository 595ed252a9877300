import numpy as np
from or_gym.envs.classic_or import BinaryKnapsackEnv, KnapsackEnv

for kind in (KnapsackEnv, BinaryKnapsackEnv):
    np.random.seed(0)
    rng, env, dead_ends = np.random.default_rng(0), kind(mask=True), 0
    for _ in range(200):
        observation, done = env.reset(), False
        while not done:
            allowed = np.flatnonzero(observation["action_mask"])
            dead_ends += not len(allowed)
            observation, reward, done, _ = env.step(int(rng.choice(allowed)) if len(allowed) else 0)
    print(f"{kind.__name__}: {dead_ends} of 200 episodes came to a state in which nothing is allowed, and ran on")
