import numpy as np
from gym_microrts import microrts_ai
from gym_microrts.envs.vec_env import MicroRTSGridModeVecEnv


def make():
    return MicroRTSGridModeVecEnv(
        num_selfplay_envs=0,
        num_bot_envs=1,
        max_steps=200,
        ai2s=[microrts_ai.passiveAI],
        map_paths=["maps/4x4/base4x4.xml"],
        reward_weight=np.array([10.0, 1.0, 1.0, 0.2, 1.0, 4.0]),
    )


env = make()
env.reset()
nothing = np.zeros((1, len(env.action_space.nvec)), int)
try:
    env.step(nothing)
except AttributeError as error:
    print("step() before get_action_mask():", error)
mask = env.get_action_mask()
print("cells with a unit:", np.flatnonzero(env.source_unit_mask[0]))
cell, choices = 1, mask[0, 1]
move = nothing.copy()
directions = np.flatnonzero(choices[6:10])
move[0, cell * 7 : cell * 7 + 2] = [1, directions[0]]
for _ in range(12):
    env.step(move)
print("the same, 12 steps later and not asked again:", np.flatnonzero(env.source_unit_mask[0]))
env.get_action_mask()
print("asked again:", np.flatnonzero(env.source_unit_mask[0]))
