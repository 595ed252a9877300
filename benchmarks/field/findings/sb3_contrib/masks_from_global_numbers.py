import numpy as np
from sb3_contrib.common.envs import InvalidActionEnvDiscrete

for global_seed in (1, 2):
    np.random.seed(global_seed)
    env = InvalidActionEnvDiscrete(12, n_invalid_actions=5)
    env.action_space.seed(0)
    env.reset(seed=0)
    print([int(allowed) for allowed in env.action_masks()])
