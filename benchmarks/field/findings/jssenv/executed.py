from pathlib import Path

import JSSEnv
from JSSEnv.envs.jss_env import JssEnv

instance = Path(JSSEnv.__file__).parent / "envs" / "instances" / "ta01"
env = JssEnv({"instance_path": str(instance)})
env.reset()
for job in (12, 8, 0, 7, 10):
    observation, *_ = env.step(job)
print("allowed:", [int(job) for job in observation["action_mask"].nonzero()[0]])
print("job 9 starts at:", env.solution[9, 0])
observation, reward, terminated, truncated, info = env.step(9)
print("after step(9), job 9 starts at:", env.solution[9, 0], "reward", round(float(reward), 3), "info", info)
