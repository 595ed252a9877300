import jax
import jumanji
import numpy as np

for name in ("RobotWarehouse-v0", "LevelBasedForaging-v0"):
    env = jumanji.make(name)
    step, rng = jax.jit(env.step), np.random.default_rng(0)
    state, timestep = jax.jit(env.reset)(jax.random.PRNGKey(0))
    tried = ended = 0
    for _ in range(50):
        mask = np.asarray(timestep.observation.action_mask)
        if not mask.all():
            agent, forbidden = rng.choice(np.argwhere(~mask))
            action = np.zeros(len(mask), np.int32)  # 0 is no-op
            action[agent] = forbidden
            tried, ended = tried + 1, ended + bool(step(state, action)[1].last())
        actions = [rng.choice(np.flatnonzero(row)) for row in mask]
        after, following = step(state, np.array(actions, np.int32))
        if following.last():
            state, timestep = jax.jit(env.reset)(jax.random.PRNGKey(1))
        else:
            state, timestep = after, following
    print(f"{name}: {tried} invalid actions tried, {ended} ended the episode")
