import pyspiel

state = pyspiel.load_game("tic_tac_toe").new_initial_state()
for move in [0, 3, 1, 4]:
    state.apply_action(move)
print("waiting player:", state.legal_actions_mask(1 - state.current_player()))
state.apply_action(2)
print("over:", state.is_terminal(), state.legal_actions_mask(0), state.legal_actions_mask(1))
