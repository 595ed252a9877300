import numpy as np
from gym_chess.alphazero import MoveEncoding
from gym_chess.envs import Chess

env = MoveEncoding(Chess())
chess, rng = env.unwrapped, np.random.default_rng(0)
chess.reset()
for ply in range(12):
    legal = env.legal_actions
    for action in sorted(set(range(env.action_space.n)) - set(legal)):
        try:
            move = env.decode(action)
            taken = move in chess.legal_moves
        except (ValueError, IndexError, AttributeError):  # most of them
            continue
        if taken:
            from_rank, from_file, kind = map(int, np.unravel_index(action, (8, 8, 73)))
            print(f"ply {ply}: action {action} (rank {from_rank}, file {from_file}, kind of move {kind})", end=" ")
            print(f"is not in legal_actions, and decodes to {move}, whose action is {env.encode(move)}")
    chess.step(env.decode(int(rng.choice(legal))))
