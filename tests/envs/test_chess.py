"""MaskedChess: published numbers of move sequences, mates and draws."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from positions import changed, read

from masked_envs import make
from masked_envs.core.backends import numba_is_available
from masked_envs.envs.board import chess_moves

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedChess-v0"
LETTERS = ".PNBRQKpnbrqk"
BACKEND = "numba" if numba_is_available() else "python"

# https://www.chessprogramming.org/Perft_Results
START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
POSITIONS = {
    "start": (START, [20, 400, 8902, 197281]),
    "kiwipete": ("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1", [48, 2039, 97862]),
    "en passant and pins": ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", [14, 191, 2812, 43238]),
    "promotion": ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", [6, 264, 9467]),
    "castling lost": ("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", [44, 1486, 62379]),
    "middle game": ("r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10", [46, 2079, 89890]),
}


def cell_of(name: str) -> int:
    return 8 * (8 - int(name[1])) + ord(name[0]) - ord("a")


def from_fen(fen: str, backend: str = "python") -> Any:
    """An environment in the position of a FEN; its list of legal moves is filled in by the rules under test."""
    pieces, mover, castling, behind, quiet, _ = fen.split()
    env = make(ENV_ID, backend=backend)
    env.reset(seed=0)
    rows = ["".join("." * int(letter) if letter.isdigit() else letter for letter in row) for row in pieces.split("/")]
    board = np.array([[LETTERS.index(letter) for letter in row] for row in rows], np.int8)
    state = changed(
        env.get_state(),
        board=board,
        kings=[int(np.flatnonzero(board == king)[0]) for king in (6, 12)],
        rights=sum(2 ** "KQkq".index(letter) for letter in castling.replace("-", "")),
        behind=-1 if behind == "-" else cell_of(behind),
        quiet=int(quiet),
        to_move="wb".index(mover),
    )
    record = read(state)
    chess_moves.find_legal(record, "wb".index(mover))
    env.set_state(changed(state, legal=record["legal"]))
    return env


def perft(env: Any, depth: int) -> list[int]:
    """Sequences of one to `depth` moves; the last layer is counted by its masks."""
    layer, counts = Counter({env.get_state(): 1}), []
    for ply in range(depth):
        following: Counter[Any] = Counter()
        total = 0
        for state, ways in layer.items():
            if state.terminated:
                continue
            env.set_state(state)
            legal = np.flatnonzero(env.action_mask)
            total += ways * len(legal)
            for action in legal if ply < depth - 1 else []:
                env.set_state(state)
                env.step(int(action))
                following[env.get_state()] += ways
        layer = following
        counts.append(total)
    return counts


@pytest.mark.parametrize("name", POSITIONS)
def test_sequences_are_as_many_as_published(name: str) -> None:
    fen, expected = POSITIONS[name]
    depth = 3 if name == "en passant and pins" else 2
    assert perft(from_fen(fen), depth) == expected[:depth]


@pytest.mark.long
@pytest.mark.parametrize("name", POSITIONS)
def test_longer_sequences_are_as_many_as_published(name: str) -> None:
    fen, expected = POSITIONS[name]
    assert perft(from_fen(fen, BACKEND), len(expected)) == expected


def play(env: Any, moves: str) -> tuple[bool, list[float]]:
    """Moves such as "e2e4"; whether the game is over, and the rewards."""
    terminated, info = False, {}
    for move in moves.split():
        assert not terminated
        start, target = cell_of(move[:2]), cell_of(move[2:4])
        mover = int(read(env.get_state())["to_move"])
        legal = [int(a) for a in np.flatnonzero(env.action_mask) if int(a) // 73 == start]
        (action, *_) = [a for a in legal if chess_moves.target_of(mover, start, a % 73) == target]
        *_, terminated, _, info = env.step(action)
    return terminated, info["rewards"].tolist()


def test_checkmate_wins() -> None:
    assert play(from_fen(START), "f2f3 e7e5 g2g4 d8h4") == (True, [-1.0, 1.0])
    assert play(from_fen(START), "e2e4 e7e5 d1h5 b8c6 f1c4 g8f6 h5f7") == (True, [1.0, -1.0])


def test_draws_end_the_game() -> None:
    assert play(from_fen("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1"), "f1f7") == (True, [0.0, 0.0])  # stalemate
    assert play(from_fen("7k/8/6K1/8/8/8/1p6/B7 w - - 0 1"), "a1b2") == (True, [0.0, 0.0])  # a bishop is too little
    knights = "g1f3 g8f6 f3g1 f6g8 "
    assert play(from_fen(START), knights) == (False, [0.0, 0.0])
    env = from_fen(START)
    env.reset(seed=0)  # with the first position remembered
    assert play(env, 2 * knights) == (True, [0.0, 0.0])  # the third time
    assert play(from_fen("7k/8/6K1/8/8/8/8/R7 w - - 98 80"), "a1a2") == (False, [0.0, 0.0])
    assert play(from_fen("7k/8/6K1/8/8/8/8/R7 w - - 99 80"), "a1a2") == (True, [0.0, 0.0])  # fifty moves of each


def test_a_mate_in_the_last_quiet_move_wins() -> None:
    assert play(from_fen("7k/8/6K1/8/8/8/8/R7 w - - 99 80"), "a1a8") == (True, [1.0, -1.0])
