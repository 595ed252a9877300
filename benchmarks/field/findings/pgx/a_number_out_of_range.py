import jax
import pgx

game = pgx.make("tic_tac_toe")
state = jax.jit(game.init)(jax.random.PRNGKey(0))
state = jax.jit(game.step)(state, 1000)
print(game.num_actions, bool(state.terminated), state.legal_action_mask.astype(int).tolist())

game = pgx.make("othello")  # 65 actions, the last of which is to pass
step, key = jax.jit(game.step), jax.random.PRNGKey(0)
state = jax.jit(game.init)(key)
while not state.terminated and not state.legal_action_mask[64]:
    key, chosen = jax.random.split(key)
    state = step(state, jax.random.categorical(chosen, jax.numpy.log(state.legal_action_mask.astype(float))))
print("othello, pass is legal:", bool(state.legal_action_mask[64]), "1000 ends:", bool(step(state, 1000).terminated))
