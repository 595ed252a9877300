import gymnasium as gym
from tetris_gymnasium.envs.tetris import Tetris  # noqa: F401  registers the environment


def first_pieces(seed):
    env = gym.make("tetris_gymnasium/Tetris").unwrapped
    env.reset(seed=seed)
    return [int(env.active_tetromino.id), *map(int, env.queue.get_queue())]


for seed in (0, 1):
    print(f"seed {seed}: ten environments start alike:", len({tuple(first_pieces(seed)) for _ in range(10)}) == 1)
