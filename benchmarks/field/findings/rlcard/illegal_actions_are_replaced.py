import rlcard

env = rlcard.make("leduc-holdem", config={"seed": 0})
state, player = env.reset()
print("legal:", state["raw_legal_actions"])
env.step(env.actions.index("check"))
print("played:", env.action_recorder, "over:", env.is_over())
