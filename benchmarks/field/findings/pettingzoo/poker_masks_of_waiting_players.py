from pettingzoo.classic import leduc_holdem_v4, texas_holdem_no_limit_v6, texas_holdem_v4

for game in (leduc_holdem_v4, texas_holdem_v4, texas_holdem_no_limit_v6):
    env = game.raw_env()
    env.reset(seed=0)
    print(env.metadata["name"], "to move:", env.agent_selection)
    print({agent: env.observe(agent)["action_mask"].tolist() for agent in env.possible_agents})
