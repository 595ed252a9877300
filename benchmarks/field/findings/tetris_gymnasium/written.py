import gymnasium as gym
from tetris_gymnasium.envs.tetris import Tetris  # noqa: F401  registers the environment
from tetris_gymnasium.wrappers.grouped import GroupedActionsObservations

env = GroupedActionsObservations(gym.make("tetris_gymnasium/Tetris"))
for written in (False, True):
    observation, info = env.reset(seed=1)
    allowed = int(info["action_mask"].nonzero()[0][0])
    if written:
        info["action_mask"][allowed] = 0
    observation, reward, terminated, truncated, info = env.step(allowed)
    print(f"mask written: {written!s:5} action {allowed}: reward {reward}, terminated {terminated}")
