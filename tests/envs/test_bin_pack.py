"""MaskedBinPack: places and packings against sets of cells, and the best packing by brute force."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedBinPack-v0"
BACKEND = "numba" if numba_is_available() else "python"
Cells = frozenset[tuple[int, int]]


def cells_of(row: int, col: int, height: int, width: int) -> Cells:
    return frozenset(product(range(row, row + height), range(col, col + width)))


def places_of(height: int, width: int, taken: Cells, rows: int, cols: int) -> set[Cells]:
    """All sets of free cells that the rectangle could take, either way round."""
    found = set()
    for h, w in {(height, width), (width, height)}:
        for row, col in product(range(rows), range(cols)):
            cells = cells_of(row, col, h, w)
            if max(r for r, _ in cells) < rows and max(c for _, c in cells) < cols and not cells & taken:
                found.add(cells)
    return found


def shown_places(observed: dict[str, np.ndarray], rows: int, cols: int) -> list[Cells]:
    """The cells of each legal place, as its embedding describes it."""
    whole = np.array([rows, cols, rows, cols])
    legal = observed["action_embeddings"][observed["action_mask"] == 1] * whole
    return [cells_of(*(round(float(number)) for number in place)) for place in legal]


@pytest.mark.parametrize(("rows", "cols", "longest"), [(6, 6, 3), (3, 5, 2), (1, 7, 1), (4, 4, 4)])
def test_places_are_those_of_sets_of_cells_and_nothing_ever_overlaps(rows: int, cols: int, longest: int) -> None:
    env, rng = make(ENV_ID, rows=rows, cols=cols, longest_side=longest, num_items=20), np.random.default_rng(0)
    for seed in range(40):
        observed, _ = env.reset(seed=seed)
        taken, terminated, total, placed = frozenset(), False, 0.0, 0
        while not terminated:
            grid = observed["observation"][: rows * cols].reshape(rows, cols)
            assert {(int(r), int(c)) for r, c in np.argwhere(grid)} == taken
            height, width = (int(side) for side in observed["observation"][rows * cols :][:2])
            shown = shown_places(observed, rows, cols)
            assert len(set(shown)) == len(shown)
            assert set(shown) == places_of(height, width, taken, rows, cols)
            assert not observed["action_embeddings"][len(shown) :].any()
            action = int(rng.integers(len(shown)))
            assert not shown[action] & taken
            taken |= shown[action]
            observed, reward, terminated, _, _ = env.step(action)
            total += reward
            placed += 1
        assert total == pytest.approx(len(taken) / (rows * cols))
        items = read(env.get_state())["items"]
        assert placed == 20 or not places_of(*map(int, items[placed]), taken, rows, cols)


def best_packing(items: list[tuple[int, int]], rows: int, cols: int) -> int:
    """The most cells that can be taken by a first part of the items, each in its turn, by trying everything."""

    @cache
    def most(k: int, taken: Cells) -> int:
        if k == len(items):
            return len(taken)
        return max(
            (most(k + 1, taken | place) for place in places_of(*items[k], taken, rows, cols)), default=len(taken)
        )

    return most(0, frozenset())


def best_play(env, observed) -> float:
    """The best return from here, by playing every legal action from copies of the position."""
    state, best = env.get_state(), -np.inf
    for action in np.flatnonzero(observed["action_mask"]):
        env.set_state(state)
        after, reward, terminated, _, _ = env.step(int(action))
        best = max(best, reward + (0.0 if terminated else best_play(env, after)))
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_best_return_of_small_bins_is_that_of_brute_force(seed: int) -> None:
    env = make(ENV_ID, rows=3, cols=3, longest_side=2, num_items=4)
    observed, _ = env.reset(seed=seed)
    items = [tuple(map(int, item)) for item in read(env.get_state())["items"]]
    assert best_play(env, observed) == pytest.approx(best_packing(items, 3, 3) / 9)


def test_random_play_of_many_bins_takes_no_cell_twice() -> None:
    rows = 500 if BACKEND == "numba" else 10
    envs, rng = make_vec(ENV_ID, rows, backend=BACKEND, autoreset_mode="Disabled"), np.random.default_rng(2)
    observed, _ = envs.reset(seed=1)
    over, area = np.zeros(rows, bool), np.zeros(rows)
    while not over.all():
        actions = np.array([rng.choice(np.flatnonzero(mask)) for mask in observed["action_mask"]])
        height, width = observed["action_embeddings"][np.arange(rows), actions, 2:].T
        area += np.where(over, 0, height * width)
        observed, _, terminated, _, _ = envs.step(actions)
        over |= terminated
        assert np.allclose(observed["observation"][:, :36].mean(axis=1)[~over], area[~over])
        if terminated.any():
            assert np.allclose(observed["observation"][terminated, :36].mean(axis=1), area[terminated])
            break  # the batch waits for a reset


def test_rectangles_longer_than_the_bin_are_refused() -> None:
    with pytest.raises(ValueError, match="longest_side=4 is longer than a side of the bin"):
        make(ENV_ID, rows=3, cols=9, longest_side=4)


def test_the_picture_has_each_place_on_the_cells_that_it_takes() -> None:
    env = make("MaskedBinPack-v0")
    env.reset(seed=3)
    rng, seen = np.random.default_rng(0), 0
    while True:
        places = env.picture.scene(0).marks
        listed = env.picture.engine.states[0]["places"]
        assert [mark.index for mark in places] == list(range(int(env.action_mask.sum())))
        for mark in places:
            row, col, height, width = listed[mark.index].tolist()
            assert mark.covers == (col, row, width, height) and 0 < mark.x - col < 1 and 0 < mark.y - row < 1
            assert mark.name == f"row {row}, column {col}, {height} high, {width} wide"
            seen += 1
        if env.step(env.sample_legal(rng))[2]:
            break
    assert seen > 50
