from pettingzoo.classic import connect_four_v3

env = connect_four_v3.raw_env()
env.reset()
print(env.action_space("player_0"))
env.step(-1)
print("raw_env, to move:", env.agent_selection, "pieces:", env.observe("player_1")["observation"].sum())

env = connect_four_v3.env()
env.reset()
try:
    env.step(-1)
except AssertionError as error:
    print("env:", error)
