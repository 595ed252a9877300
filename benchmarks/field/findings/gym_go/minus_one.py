from gym_go.envs.go_env import GoEnv

env = GoEnv(5)
env.reset()
print("declared:", env.action_space)
state, reward, done, info = env.step(-1)
print("step(-1) was carried out:", state[:2].sum() == 1 or bool(info["prev_player_passed"]))
