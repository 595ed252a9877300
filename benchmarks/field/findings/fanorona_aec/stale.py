from env import fanorona_env

env = fanorona_env.env(render_mode=None)
env.reset(seed=0)
for turn in range(4):
    observation, reward, terminated, truncated, info = env.last()
    allowed = [int(move) for move in observation["action_mask"].nonzero()[0]]
    print(f"turn {turn}: mask {allowed}, info['legal_moves'] {sorted(map(int, info.get('legal_moves', [])))}")
    env.step(allowed[0])
