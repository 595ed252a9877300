import rlcard

env = rlcard.make("no-limit-holdem", config={"seed": 0})
state, player = env.reset()
print("legal:", [action.name for action in state["raw_legal_actions"]])
illegal = next(number for number in range(env.num_actions) if number not in state["legal_actions"])
try:
    env.step(illegal)
except AttributeError as error:
    print("step raises AttributeError:", error)
