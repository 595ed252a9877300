from cathedral_rl import cathedral_v0 as game

for written in (False, True):
    env = game.env()
    env.reset(seed=0)
    observation, *_ = env.last()
    allowed = int(observation["action_mask"].nonzero()[0][0])
    if written:
        observation["action_mask"][allowed] = 0
    agent = env.agent_selection
    env.step(allowed)
    print(f"mask written: {written!s:5} action {allowed}: reward {env.rewards[agent]}, over {env.terminations[agent]}")
