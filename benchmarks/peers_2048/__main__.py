"""See the package."""

from __future__ import annotations

import argparse
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import masked_envs
from masked_envs.core.parameters import as_record
from masked_envs.core.random import seed_words
from masked_envs.files import atomic_write
from masked_envs.registration import declaration

from .implementations import IMPLEMENTATIONS, MOVES, Boards, Played

ENV_ID = "Masked2048-v0"
RESULTS = Path(__file__).parents[1] / "results" / f"{ENV_ID}_peers.json"
NEW_TILES = (1, 2)


class Ours:
    """The rules of Masked2048 on a board, one move at a time."""

    def __init__(self) -> None:
        declared = declaration(ENV_ID)
        values = declared.resolve({})
        self.rules, self.state = declared.rules, np.zeros(1, declared.state(values))[0]
        self.parameters = as_record(declared.all_parameters, values)
        self.state["rng"] = seed_words([0])[0]

    def mask(self, board: Boards) -> npt.NDArray[np.bool_]:
        """Which moves are legal on a board."""
        self.state["board"] = board
        self.rules.find_moves(self.state, len(board))
        mask = np.zeros(MOVES, np.int8)
        self.rules.action_mask(self.state, self.parameters, 0, mask)
        return mask.astype(bool)

    def move(self, board: Boards, move: int) -> tuple[Boards, float]:
        """The board after a legal move, with a new tile, and the reward."""
        self.state["board"], rewards = board, np.zeros(1)
        self.rules.step(self.state, self.parameters, move, rewards)
        return self.state["board"].astype(np.int64), float(rewards[0])


def boards_to_play(number: int) -> Boards:
    """Half from random games, half drawn cell by cell up to 2**12, so that full boards and merges are many."""
    rng, env, found = np.random.default_rng(0), masked_envs.make(ENV_ID, backend="python"), []
    seen, _ = env.reset(seed=0)
    while len(found) < number // 2:
        found.append(seen["observation"].astype(np.int64))
        seen, _, terminated, _, _ = env.step(env.mask_spec.sample(seen["action_mask"], rng))
        if terminated:
            seen, _ = env.reset()
    while len(found) < number:
        highest, share_empty = rng.integers(1, 13), rng.choice([0.0, 0.2, 0.6])
        board = rng.integers(1, highest + 1, (4, 4))
        board[rng.random((4, 4)) < share_empty] = 0
        if board.any():
            found.append(board)
    return np.array(found)


def without_new_tile(board: Boards) -> set[bytes]:
    """What a board may have been before the new tile came."""
    found = set()
    for cell in np.argwhere(np.isin(board, NEW_TILES)).tolist():
        before = board.copy()
        before[tuple(cell)] = 0
        found.add(before.tobytes())
    return found


def same_but_for_new_tiles(one: Boards, other: Boards) -> bool:
    """Whether two boards are one board with one new tile each, maybe in the same place."""
    return not without_new_tile(one).isdisjoint(without_new_tile(other))


def compare(boards: Boards, played: Played) -> dict[str, Any]:
    """How many moves, masks and ends were compared, how many differ, and the first board of each that does."""
    ours, counts, first = Ours(), {}, {}

    def note(what: str, agrees: bool, board: Boards, move: int | None) -> None:
        of = counts.setdefault(what, {"compared": 0, "different": 0})
        of["compared"] += 1
        of["different"] += not agrees
        if not agrees:
            first.setdefault(what, {"board": board.tolist(), "move": move})

    for k, board in enumerate(boards):
        legal = ours.mask(board)
        for move in range(MOVES):
            if played.moved is not None:
                note("move changes the board", bool(legal[move] == played.moved[k, move]), board, move)
            if not legal[move]:
                continue
            theirs = played.boards[k, move]
            after, reward = ours.move(board, move)
            note("board after the move", same_but_for_new_tiles(after, theirs), board, move)
            note("score of the move", reward == played.scores[k, move], board, move)
            mask = ours.mask(theirs)
            if played.masks is not None and not played.ended[k, move]:
                note("mask", bool((mask == played.masks[k, move]).all()), theirs, None)
            note("end", bool(played.ended[k, move]) == (not mask.any()), theirs, None)
    return {"counts": counts, "first_differences": first}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=IMPLEMENTATIONS)
    parser.add_argument("path", nargs="?", help="of the checkout, for the original")
    parser.add_argument("--boards", type=int, default=4_000)
    given = parser.parse_args()
    boards = boards_to_play(given.boards)
    played, versions = IMPLEMENTATIONS[given.name](boards, *([given.path] if given.path else []))
    found = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d"), "versions": versions, "boards": len(boards)}
    whole = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    whole[given.name] = {**found, **compare(boards, played)}
    with atomic_write(RESULTS) as file:
        file.write((json.dumps(dict(sorted(whole.items())), indent=1) + "\n").encode())
    print(json.dumps(whole[given.name], indent=1))


if __name__ == "__main__":
    main()
