from pettingzoo.classic import leduc_holdem_v4

env = leduc_holdem_v4.raw_env()
env.reset(seed=0)
mover = env.agent_selection
print("mask of", mover, env.observe(mover)["action_mask"].tolist(), "(call, raise, fold, check)")
env.step(3)  # check, which the mask forbids
print(env.env.action_recorder, env.terminations)

env = leduc_holdem_v4.env()
env.reset(seed=0)
env.step(3)
print(env.rewards, env.terminations)
