import numpy as np
from or_gym.envs import classic_or

for kind in ("KnapsackEnv", "BinaryKnapsackEnv"):
    weights = []
    for global_seed in (0, 1):
        np.random.seed(global_seed)
        env = getattr(classic_or, kind)(mask=True)
        env.set_seed(7)
        env.reset()
        weights.append(env.item_weights)
    print(f"{kind}: set_seed(7) twice gives the same item weights:", bool((weights[0] == weights[1]).all()))
