"""MaskedTetris: placements by sets of cells that fall step by step, on empty boards and in whole games.

The reference knows the seven one-sided tetrominoes as what a search for connected sets of four cells finds, turns them
by multiplying with -i, lets them fall a row at a time, and clears rows of a list of lists.
"""

from __future__ import annotations

import numpy as np
import pytest
from positions import changed, read

import masked_envs
from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedTetris-v0"
BACKENDS = ("python", *(["numba"] if numba_is_available() else []))
PIECES = "IOTSZJL"  # by the number of the piece in a state
Cells = frozenset[tuple[int, int]]  # (row, column)


def at_corner(cells) -> Cells:
    """Moved so that the least row and the least column are 0."""
    top, left = min(row for row, _ in cells), min(column for _, column in cells)
    return frozenset((row - top, column - left) for row, column in cells)


def turn(cells: Cells) -> Cells:
    """A quarter turn clockwise: of x + iy, with y upwards, the product with -i."""
    numbers = [complex(column, -row) * -1j for row, column in cells]
    return at_corner([(round(-z.imag), round(z.real)) for z in numbers])


def turns_of(cells: Cells) -> list[Cells]:
    """The four turned shapes, those that repeat earlier ones too."""
    shapes = [cells]
    while len(shapes) < 4:
        shapes.append(turn(shapes[-1]))
    return shapes


def tetrominoes() -> set[frozenset[Cells]]:
    """Every connected set of four cells, as the set of its turned shapes."""
    found = {frozenset({(0, 0)})}
    for _ in range(3):
        beside = {
            (c, (row + a, col + b)) for c in found for row, col in c for a, b in ((0, 1), (1, 0), (0, -1), (-1, 0))
        }
        found = {at_corner(cells | {cell}) for cells, cell in beside if cell not in cells}
    return {frozenset(turns_of(cells)) for cells in found}


def rest(board: list[list[int]], cells: Cells, left: int) -> Cells | None:
    """Where cells come to rest that fall from above the board; None if not wholly on it."""
    if any(left + column >= len(board[0]) for _, column in cells):
        return None

    def free(top: int) -> bool:
        places = [(top + row, left + column) for row, column in cells]
        return all(row < len(board) and (row < 0 or not board[row][column]) for row, column in places)

    top = -4
    while free(top + 1):
        top += 1
    placed = frozenset((top + row, left + column) for row, column in cells)
    return placed if min(row for row, _ in placed) >= 0 else None


def placements(board: list[list[int]], piece: Cells) -> dict[tuple[int, int], Cells]:
    """(quarter turns, column) -> where the cells come to rest, each shape by its least number of turns."""
    shapes = turns_of(piece)
    every = [(k, column) for k in range(4) if shapes[k] not in shapes[:k] for column in range(len(board[0]))]
    resting = {(k, column): rest(board, shapes[k], column) for k, column in every}
    return {placement: cells for placement, cells in resting.items() if cells is not None}


def after(board: list[list[int]], placed: Cells) -> tuple[list[list[int]], int]:
    """The board with the cells, full rows cleared, and how many there were."""
    filled = [[cell or (row, column) in placed for column, cell in enumerate(line)] for row, line in enumerate(board)]
    left = [line for line in filled if not all(line)]
    cleared = len(board) - len(left)
    return [[0] * len(board[0]) for _ in range(cleared)] + [[int(cell) for cell in line] for line in left], cleared


def shown(observed) -> tuple[list[list[int]], Cells]:
    """The board and the piece that an observation shows."""
    empty, piece = observed["observation"]
    assert piece.sum() == 4
    return (1 - empty).tolist(), frozenset(map(tuple, np.argwhere(piece).tolist()))


def pieces() -> dict[str, Cells]:
    """The unturned pieces by name, as observations at the start of episodes show them."""
    env, seen = make(ENV_ID), {}
    for seed in range(60):
        board, piece = shown(env.reset(seed=seed)[0])
        assert not np.any(board) and seen.setdefault(read(env.get_state())["piece"], piece) == piece
    return {name: seen[number] for number, name in enumerate(PIECES)}


def test_the_pieces_are_the_seven_one_sided_tetrominoes() -> None:
    shapes = {name: frozenset(turns_of(cells)) for name, cells in pieces().items()}
    assert set(shapes.values()) == tetrominoes() and len(tetrominoes()) == 7
    assert {name: len(turned) for name, turned in shapes.items()} == dict(
        zip(PIECES, (2, 1, 4, 2, 2, 4, 4), strict=True)
    )
    mirrored = {n: frozenset(at_corner([(row, -column) for row, column in c]) for c in shapes[n]) for n in PIECES}
    assert {n: next(m for m in PIECES if shapes[m] == mirrored[n]) for n in PIECES} == dict(
        zip(PIECES, "IOTZSLJ", strict=True)
    )
    assert {(0, 1), (0, 2), (1, 0), (1, 1)} in shapes["S"] and {(0, 0), (1, 0), (1, 1), (1, 2)} in shapes["J"]


@pytest.mark.parametrize("form", ["conditional", "joint"])
def test_an_empty_board_has_as_many_placements_as_are_known(form: str) -> None:
    env, empty = make(ENV_ID, form=form), [[0] * 10 for _ in range(20)]
    env.reset(seed=0)
    start, counts = env.get_state(), {}
    for number, (name, cells) in enumerate(pieces().items()):
        env.set_state(changed(start, piece=number))
        legal = env.mask_spec.list_legal(env.action_mask)
        assert set(legal) == set(placements(empty, cells))
        counts[name] = len(legal)
        assert counts[name] == sum(10 - max(c for _, c in shape) for shape in set(turns_of(cells)))
    assert counts == {"I": 17, "S": 17, "Z": 17, "O": 9, "J": 34, "L": 34, "T": 34}


@pytest.mark.parametrize(("width", "height", "games"), [(10, 20, 6), (4, 6, 60), (5, 9, 25)])
def test_conditional_and_joint_games_are_those_of_the_reference(width: int, height: int, games: int) -> None:
    """Every mask, board, reward and end; head by head in the conditional form."""
    conditional, joint = (make(ENV_ID, form=form, width=width, height=height) for form in ("conditional", "joint"))
    rng, cleared_at_once = np.random.default_rng(width), set()
    for seed in range(games):
        observed, terminated = conditional.reset(seed=seed)[0], False
        assert joint.reset(seed=seed)[0]["observation"].tobytes() == observed["observation"].tobytes()
        while not terminated:
            board, piece = shown(observed)
            expected = placements(board, piece)
            assert set(map(tuple, np.argwhere(joint.action_mask).tolist())) == set(expected)
            turns = np.flatnonzero(conditional.head_mask(0, ())).tolist()
            assert {(k, c) for k in turns for c in np.flatnonzero(conditional.head_mask(1, (k,)))} == set(expected)
            action = sorted(expected)[rng.integers(len(expected))]
            observed, reward, terminated, truncated, _ = conditional.step(np.array(action))
            other = joint.step(np.array(action))
            assert other[1:4] == (reward, terminated, truncated) and not truncated
            assert other[0]["observation"].tobytes() == observed["observation"].tobytes()
            new_board, cleared = after(board, expected[action])
            assert (shown(observed)[0], reward) == (new_board, cleared)
            assert terminated == (not placements(*shown(observed)))
            cleared_at_once.add(cleared)
    assert cleared_at_once >= {0, 1, 2} or width == 10


def test_four_rows_at_once() -> None:
    env = make(ENV_ID)
    env.reset(seed=0)
    board = np.zeros((20, 10), np.int8)
    board[16:, :9], board[15, 0] = 1, 1
    tops = [15, *[16] * 8, 20]
    env.set_state(changed(env.get_state(), board=board, tops=tops, piece=PIECES.index("I")))
    observed, reward, terminated, _, _ = env.step(np.array([1, 9]))
    assert reward == 4 and not terminated
    assert np.argwhere(observed["observation"][0] == 0).tolist() == [[19, 0]]
    assert read(env.get_state())["tops"].tolist() == [19, *[20] * 9]


def test_nothing_is_slid_under_a_ledge() -> None:
    """A cell that is empty under a filled one is out of reach: a piece rests on the ledge."""
    env = make(ENV_ID, width=4, height=5)
    env.reset(seed=0)
    board = np.zeros((5, 4), np.int8)
    board[3, :3] = 1  # a ledge over the empty row 4
    env.set_state(changed(env.get_state(), board=board, tops=[3, 3, 3, 5], piece=PIECES.index("O")))
    assert env.mask_spec.list_legal(env.action_mask) == [(0, 0), (0, 1), (0, 2)]
    observed = env.step(np.array([0, 2]))[0]
    assert (1 - observed["observation"][0]).tolist() == [[0] * 4, [0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 0], [0] * 4]


def test_pieces_are_equally_likely_and_independent() -> None:
    stats = pytest.importorskip("scipy.stats")
    envs = make_vec(ENV_ID, 3000, backend=BACKENDS[-1])
    _, info = envs.reset(seed=0)
    first = [read(state)["piece"] for state in envs.get_state()]
    envs.step(envs.mask_spec.sample(info["action_mask"], np.random.default_rng(0)))
    second = [read(state)["piece"] for state in envs.get_state()]
    pairs = np.zeros((7, 7), int)
    np.add.at(pairs, (first, second), 1)
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-4


@pytest.mark.parametrize("backend", [BACKENDS[0], pytest.param(BACKENDS[-1], marks=pytest.mark.long)])
def test_the_joint_form_obeys_every_law(backend: str) -> None:
    for env in (make(ENV_ID, form="joint", backend=backend), make_vec(ENV_ID, 3, form="joint", backend=backend)):
        assert env.mask_spec.kind == "joint" and masked_envs.check_masked_env(env, steps=25).passed
