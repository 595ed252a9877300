import numpy as np
from or_gym.envs.classic_or import TSPDistCost

np.random.seed(0)
env = TSPDistCost(mask=True)
observation = env.reset()
print("at node", env.current_node, "- visited:", np.flatnonzero(env.visit_log))
print("the mask allows:", np.flatnonzero(observation["action_mask"]))
action = int(np.flatnonzero(observation["action_mask"])[0])
print(f"step({action}):", env.step(action)[1:3])
observation = env.reset()
action = int(np.flatnonzero(observation["action_mask"] == 0)[0])
print(f"step({action}), which it forbids:", env.step(action)[1:3])
