import numpy as np
from generals import AgentFactory, GridFactory
from generals.envs import GymnasiumGenerals


def armies(global_seed):
    """Passing 30 times against the random agent."""
    np.random.seed(global_seed)
    npc = AgentFactory.make_agent("random")
    env = GymnasiumGenerals(grid_factory=GridFactory(grid_dims=(6, 6)), npc=npc)
    env.reset(seed=0)
    passing = {"pass": 1, "cell": np.array([0, 0]), "direction": 0, "split": 0}
    for _ in range(30):
        env.step(passing)
    return env.game.channels.army.copy()


print("the same seed twice, NumPy's global stream alike:", bool((armies(0) == armies(0)).all()))
print("the same seed twice, NumPy's global stream otherwise:", bool((armies(0) == armies(1)).all()))
