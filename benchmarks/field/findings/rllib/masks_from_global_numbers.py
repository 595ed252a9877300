import random

from ray.rllib.examples.envs.classes.parametric_actions_cartpole import ParametricActionsCartPole

for global_seed in (1, 2):
    random.seed(global_seed)
    observation, info = ParametricActionsCartPole(6).reset(seed=0)
    print(observation["action_mask"].tolist())
