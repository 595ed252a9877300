"""Masked2048: moves against a second way to merge and public implementations, and the chances of new tiles."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from positions import changed

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]


def merged(line: list[int]) -> tuple[list[int], int]:
    """Slide a line to its beginning: the line, and the sum of what came from merging."""
    tiles, out, score = [tile for tile in line if tile], [], 0
    while tiles:
        if len(tiles) > 1 and tiles[0] == tiles[1]:
            out.append(tiles[0] + 1)
            score += 2 ** (tiles[0] + 1)
            tiles = tiles[2:]
        else:
            out.append(tiles[0])
            tiles = tiles[1:]
    return out + [0] * (len(line) - len(out)), score


def moved(board: np.ndarray, move: int) -> tuple[np.ndarray, int]:
    """The board after a move, by turning it so that every move is one to the left."""
    turned = np.rot90(board, move + 1)  # 0 up, 1 right, 2 down, 3 left
    lines = [merged(line.tolist()) for line in turned]
    return np.rot90(np.array([line for line, _ in lines]), -move - 1), sum(score for _, score in lines)


@pytest.mark.parametrize("size", [2, 3, 4, 7])
def test_random_boards_move_as_by_a_second_implementation(size: int) -> None:
    env, rng = make("Masked2048-v0", size=size), np.random.default_rng(size)
    env.reset(seed=0)
    start, ended = env.get_state(), 0
    for _ in range(150):
        board = rng.choice(4, (size, size), p=[0.3, 0.4, 0.2, 0.1]).astype(np.int8)
        after = [moved(board, move) for move in range(4)]
        changes = np.array([not np.array_equal(board, other) for other, _ in after], np.int8)
        if not changes.any():
            continue
        here = changed(start, board=board, changes=changes)
        for move in np.flatnonzero(changes):
            env.set_state(here)
            seen, reward, terminated, _, _ = env.step(int(move))
            expected, score = after[move]
            new = np.argwhere(seen["observation"] != expected)
            assert len(new) == 1 and expected[tuple(new[0])] == 0
            assert seen["observation"][tuple(new[0])] in (1, 2) and reward == score
            can_move = [not np.array_equal(moved(seen["observation"], m)[0], seen["observation"]) for m in range(4)]
            assert terminated == (not any(can_move))
            assert terminated or seen["action_mask"].tolist() == can_move
            ended += terminated
    assert ended or size > 2


def test_new_tiles_have_the_chances_of_the_card() -> None:
    env, fours, cells, episodes = make("Masked2048-v0"), 0, np.zeros(16), 3000
    for seed in range(episodes):
        board = env.reset(seed=seed)[0]["observation"]
        cells += (board > 0).ravel()
        fours += int((board == 2).sum())
    tiles = 2 * episodes
    assert abs(fours - 0.1 * tiles) < 5 * np.sqrt(tiles * 0.09)
    assert (abs(cells - tiles / 16) < 5 * np.sqrt(tiles / 16)).all()


def test_public_implementations_move_alike_on_identical_boards() -> None:
    """What `python -m benchmarks.peers_2048` found: no difference in boards, scores, legality and ends."""
    path = Path(__file__).parents[2] / "benchmarks" / "results" / "Masked2048-v0_peers.json"
    found = json.loads(path.read_text())
    assert set(found) == {"original", "pgx", "jumanji"}
    for peer in found.values():
        counts = peer["counts"]
        assert {"board after the move", "score of the move", "end"} <= set(counts)
        assert {"mask", "move changes the board"} & set(counts)
        assert all(count["compared"] > 5_000 and count["different"] == 0 for count in counts.values())
