"""MaskedConnectFour: published counts, an independent bitboard, drawn positions, and PettingZoo's connect_four_v3."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from game_trees import grow, started
from positions import changed, read

from masked_envs import make, make_aec, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedConnectFour-v0"

# Plies from the empty rack. Positions: OEIS A212693 (Edelkamp and Kissmann; Tromp). Sequences: 7**n until the first
# columns are full (7 sequences of ply 7), then the bitboard below.
POSITIONS = (1, 7, 49, 238, 1120, 4263, 16422, 54859, 184275)
SEQUENCES = (1, 7, 49, 343, 2401, 16807, 117649, 823536, 5673234)


class Bitboard:
    """The game on two integers, after Tromp: seven bits a column, the lowest cell first, the seventh always empty."""

    def __init__(self, mine: int = 0, theirs: int = 0) -> None:
        self.mine, self.theirs = mine, theirs

    def legal(self) -> list[int]:
        taken = self.mine | self.theirs
        return [column for column in range(7) if not taken >> (7 * column + 5) & 1]

    def play(self, column: int) -> Bitboard:
        """The board as the other player sees it after a disc in the column."""
        taken = self.mine | self.theirs
        disc = (taken + (1 << 7 * column)) & (0b111111 << 7 * column) & ~taken
        return Bitboard(self.theirs, self.mine | disc)

    def mover_has_lost(self) -> bool:
        for shift in (1, 7, 6, 8):
            pairs = self.theirs & self.theirs >> shift
            if pairs & pairs >> 2 * shift:
                return True
        return False

    def is_full(self) -> bool:
        return not self.legal()


def counts_of_bitboard(plies: int) -> tuple[list[int], list[int]]:
    """How many positions, and sequences that lead to them, there are after each number of plies."""
    layer = Counter({(0, 0): 1})
    positions, sequences = [1], [1]
    for _ in range(plies):
        following: Counter[tuple[int, int]] = Counter()
        for (mine, theirs), ways in layer.items():
            board = Bitboard(mine, theirs)
            for column in [] if board.mover_has_lost() else board.legal():
                after = board.play(column)
                following[after.mine, after.theirs] += ways
        layer = following
        positions.append(len(layer))
        sequences.append(sum(layer.values()))
    return positions, sequences


@pytest.mark.parametrize("plies", [5, pytest.param(8, marks=pytest.mark.long)])
def test_positions_and_sequences_are_as_many_as_published(plies: int) -> None:
    expected = [list(counts[: plies + 1]) for counts in (POSITIONS, SEQUENCES)]
    assert list(counts_of_bitboard(plies)) == expected
    tree = grow(started(make(ENV_ID)), plies)
    assert [tree.positions, tree.sequences] == expected


def test_a_column_that_is_filled_leaves_the_mask() -> None:
    env = make(ENV_ID)
    for column in range(7):
        env.reset(seed=0)
        for disc in range(6):
            assert env.action_mask.tolist() == [1] * 7
            assert not env.step(column)[2]
            assert env.action_mask[column] == (disc < 5)
        assert env.action_mask.tolist() == [int(other != column) for other in range(7)]


# --- drawn positions ----------------------------------------------------------------------------------------------


def drop(rack: str, column: int, player: int, backend: str = "python") -> tuple[list[float], bool]:
    """The rewards of both, and whether the game is over, after a disc into a drawn rack (X is player 0)."""
    rows = [row.strip() for row in rack.strip().splitlines()]
    cells = np.array([[".XO".index(cell) for cell in row] for row in rows], np.int8)
    env = make(ENV_ID, backend=backend)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), rack=cells, discs=np.count_nonzero(cells), to_move=player))
    _, reward, terminated, truncated, info = env.step(column)
    assert not truncated and reward == info["rewards"][player]
    assert read(env.get_state())["discs"] == np.count_nonzero(cells) + 1
    return info["rewards"].tolist(), terminated


LINES = {
    "vertical": (".......|.......|.......|X......|X......|X......", [0]),
    "vertical, up to the top": (".......|......X|......X|......X|......O|......O", [6]),
    "horizontal": (".......|.......|.......|.......|.......|.XXX...", [0, 4]),
    "horizontal, gap filled": (".......|.......|.......|.......|.......|...XX.X", [5]),
    "horizontal, at the right edge": (".......|.......|.......|.......|....XXX|...OOXO", [3]),
    "rising": (".......|.......|.......|..XO...|.XOX...|XOXO...", [3]),
    "rising, gap filled": (".......|...X...|...O...|.XOX...|XOXO...|OXOX...", [2]),
    "falling": (".......|.......|.......|...OX..|...XOX.|...OXOX", [3]),
    "falling, gap filled": (".......|...X...|...O...|...XOX.|...OXOX|...XOXO", [4]),
    "five in a row": (".......|.......|.......|.......|.......|XX.XX..", [2]),
    "three only": (".......|.......|.......|.......|O......|XX.....", []),
    "round the edge": (".......|.......|.......|.......|......X|XX...OX", []),
    "broken by the other": (".......|.......|.......|.......|.......|XXOX...", []),
}
"""A rack, row after row, and the columns in which X wins."""


@pytest.mark.parametrize("name", LINES)
def test_a_drawn_line_wins_in_exactly_these_columns(name: str) -> None:
    drawn, wins = LINES[name]
    rack = drawn.replace("|", "\n")
    swapped = rack.translate(str.maketrans("XO", "OX"))
    for column in range(7):
        won = column in wins
        assert drop(rack, column, 0) == ([float(won), -float(won)], won)
        assert drop(swapped, column, 1) == ([-float(won), float(won)], won)


FULL_BUT_ONE = """
    XXOOXX.
    OOXXOOX
    XXOOXXO
    OOXXOOX
    XXOOXXO
    OOXXOOX
"""


def test_a_full_rack_without_a_line_is_a_draw() -> None:
    assert drop(FULL_BUT_ONE, 6, 1) == ([0.0, 0.0], True)


def test_the_last_disc_can_win() -> None:
    assert drop(FULL_BUT_ONE.replace("XXOOXX.", "XXXOOO."), 6, 1) == ([-1.0, 1.0], True)


# --- whole games against others -----------------------------------------------------------------------------------


def test_random_games_are_those_of_the_bitboard() -> None:
    """Many rows at once, where numba is installed: every legal column, every end and who won it."""
    rows, finished = 256, Counter()
    envs = make_vec(ENV_ID, rows, autoreset_mode="Disabled", backend="auto" if numba_is_available() else "python")
    masks = envs.reset(seed=0)[1]["action_mask"]
    boards, rng = [Bitboard() for _ in range(rows)], np.random.default_rng(0)
    while finished.total() < 4000:
        actions = np.array([rng.choice(board.legal()) for board in boards])
        assert masks.tolist() == [[int(column in board.legal()) for column in range(7)] for board in boards]
        _, rewards, terminated, truncated, info = envs.step(actions)
        boards = [board.play(int(action)) for board, action in zip(boards, actions, strict=True)]
        lost = np.array([board.mover_has_lost() for board in boards])
        full = np.array([board.is_full() for board in boards])
        assert terminated.tolist() == (lost | full).tolist() and not truncated.any()
        assert rewards.tolist() == lost.astype(float).tolist()
        assert (info["rewards"].sum(axis=1) == 0).all()
        finished.update(zip(lost[terminated].tolist(), full[terminated].tolist(), strict=True))
        if terminated.any():
            info = envs.reset(options={"reset_mask": terminated})[1]
            boards = [Bitboard() if over else board for board, over in zip(boards, terminated, strict=True)]
        masks = info["action_mask"]
    assert finished[True, False] > 1000 and finished[False, True] > 3  # wins, and draws, were among them


def test_random_games_are_those_of_pettingzoo() -> None:
    peer_module = pytest.importorskip("pettingzoo.classic.connect_four_v3")
    peer, env = peer_module.env(), make_aec(ENV_ID)
    rng, ends = np.random.default_rng(1), Counter()
    for game in range(150):
        peer.reset(seed=game)
        env.reset(seed=game)
        for _ in range(42):
            mover = env.agent_selection
            assert mover == peer.agent_selection
            seen, expected = env.observe(mover), peer.observe(mover)
            assert np.array_equal(seen["action_mask"], expected["action_mask"])
            assert np.array_equal(np.moveaxis(seen["observation"], 0, 2), expected["observation"])
            action = int(rng.choice(np.flatnonzero(seen["action_mask"])))
            peer.step(action)
            env.step(action)
            assert env.rewards == peer.rewards and env.terminations == peer.terminations
            assert env.truncations == peer.truncations
            if any(env.terminations.values()):
                break
        ends[env.rewards["player_0"]] += 1
        assert all(env.terminations.values())
    assert ends[1.0] > 20 and ends[-1.0] > 20
