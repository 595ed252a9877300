from pathlib import Path

import JSSEnv
from JSSEnv.envs.jss_env import JssEnv

instance = Path(JSSEnv.__file__).parent / "envs" / "instances" / "ta01"
env = JssEnv({"instance_path": str(instance)})
observation = env.reset()
mask = observation["action_mask"]
print("at first:      ", mask.astype(int))
env.step(0)
print("after one step:", mask.astype(int), mask is env.legal_actions)

observation = env.reset()
observation["action_mask"][1:] = False
print("asked again after writing into it:", env.get_legal_actions().astype(int))
