import jax
import pgx

game = pgx.make("tic_tac_toe")
state = jax.jit(game.init)(jax.random.PRNGKey(0))
state = jax.jit(game.step)(state, 1000)
print(game.num_actions, bool(state.terminated), state.legal_action_mask.astype(int).tolist())
