import numpy as np
from or_gym.envs import classic_or

np.random.seed(0)
for kind in ("KnapsackEnv", "BinaryKnapsackEnv", "OnlineKnapsackEnv", "VMPackingEnv", "TSPEnv", "TSPDistCost"):
    env = getattr(classic_or, kind)(mask=True)
    observation = env.reset()
    wrong = [key for key, space in env.observation_space.spaces.items() if not space.contains(observation[key])]
    shapes = {key: (observation[key].shape, str(observation[key].dtype)) for key in wrong}
    declared = {key: (env.observation_space[key].shape, str(env.observation_space[key].dtype)) for key in wrong}
    print(f"{kind}: {shapes}, declared {declared}")
