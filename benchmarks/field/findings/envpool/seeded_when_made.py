import envpool

env = envpool.make("Game2048-v1", env_type="gymnasium", num_envs=1, seed=0)
boards = [env.reset(seed=7)[0]["board"].copy() for _ in range(2)]
print("the same start:", (boards[0] == boards[1]).all())

boards = [envpool.make("Game2048-v1", env_type="gymnasium", num_envs=1, seed=7).reset()[0]["board"] for _ in range(2)]
print("the same start, seeded when made:", (boards[0] == boards[1]).all())
