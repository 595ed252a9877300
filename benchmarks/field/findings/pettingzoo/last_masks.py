from pettingzoo.classic import tictactoe_v3

env = tictactoe_v3.raw_env()
env.reset()
for move in [0, 3, 1, 4, 2]:
    env.step(move)
print(env.terminations, {agent: env.observe(agent)["action_mask"].tolist() for agent in env.possible_agents})
