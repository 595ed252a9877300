import pyspiel
from shimmy import OpenSpielCompatibilityV0

game = pyspiel.load_game("kuhn_poker")
print("max_game_length:", game.max_game_length(), "max_chance_nodes_in_history:", game.max_chance_nodes_in_history())

env = OpenSpielCompatibilityV0(game_name="kuhn_poker")
env.reset(seed=0)
env.step(0)
print("after one action:", env.terminations, env.truncations, "terminal:", env.game_state.is_terminal())
