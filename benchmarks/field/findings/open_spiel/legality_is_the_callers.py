import pyspiel

state = pyspiel.load_game("breakthrough").new_initial_state()
print("breakthrough:", 304 in state.legal_actions(), state.action_to_string(0, 304))
state.apply_action(304)
print("to move:", state.current_player())

state = pyspiel.load_game("leduc_poker").new_initial_state()
for card in (0, 2):
    state.apply_action(card)
print("leduc_poker:", [state.action_to_string(action) for action in state.legal_actions()])
state.apply_action(0)  # fold, with nothing to call
print("over:", state.is_terminal(), state.returns())

state = pyspiel.load_game("othello").new_initial_state()
state.apply_action(state.legal_actions()[0])
print("othello:", state.legal_actions(), "to move:", state.current_player())
state.apply_action(64)  # pass
print("to move:", state.current_player())

state = pyspiel.load_game("breakthrough").new_initial_state()
try:
    state.apply_action_with_legality_check(304)
except pyspiel.SpielError as error:
    print("with the check: SpielError", "304" in str(error))
