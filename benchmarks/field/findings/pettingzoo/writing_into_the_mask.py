from pettingzoo.classic import tictactoe_v3

env = tictactoe_v3.env()
env.reset()
observation, *_ = env.last()
observation["action_mask"][:] = 0  # as a policy does that masks in place
env.step(4)  # the middle of an empty board
print(env.terminations, env.rewards)
