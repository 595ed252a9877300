"""MaskedBinPack: places and packings against sets of cells, and the best packing by brute force."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from positions import read

from masked_envs import make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.envs.packing.bin_pack import INSTANCE

ENV_ID = "MaskedBinPack-v0"
LONG = pytest.mark.long
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


# --- instances --------------------------------------------------------------------------------------------------------


def filling(rows: int, cols: int, items: list[tuple[int, int]]) -> list[Cells] | None:
    """The cells of each rectangle where they fill the bin, by trying all in the first free cell; the largest first."""
    order = sorted(range(len(items)), key=lambda item: -items[item][0] * items[item][1])
    placed: dict[int, Cells] = {}

    def fill(taken: Cells) -> bool:
        if len(placed) == len(items):
            return True
        row, col = next(cell for cell in product(range(rows), range(cols)) if cell not in taken)
        for item in order:
            if item in placed:
                continue
            for height, width in {items[item], items[item][::-1]}:
                cells = cells_of(row, col, height, width)
                if row + height <= rows and col + width <= cols and not cells & taken:
                    placed[item] = cells
                    if fill(taken | cells):
                        return True
                    del placed[item]
        return False

    return [placed[item] for item in range(len(items))] if fill(frozenset()) else None


@pytest.mark.parametrize("name", ["C1P1", pytest.param("C1P2", marks=LONG), pytest.param("C1P3", marks=LONG)])
def test_the_rectangles_of_an_instance_fill_its_bin_and_can_be_placed_so(name: str) -> None:
    env = make(ENV_ID, instance=name)
    observed, _ = env.reset(seed=0)
    items = [(int(height), int(width)) for height, width in read(env.get_state())["items"]]
    places = filling(20, 20, items)
    assert places is not None and sum(map(len, places)) == INSTANCE.raw(name)["optimum"] == 400
    total, ended = 0.0, []
    for cells in places:
        observed, reward, terminated, _, _ = env.step(shown_places(observed, 20, 20).index(cells))
        total += reward
        ended.append(terminated)
    assert total == pytest.approx(1.0) and ended == [False] * (len(items) - 1) + [True]


def test_an_own_instance_is_played(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("# mine\n2 3  # rows and columns\n\n3 1\n1 1\n2 2\n", encoding="utf-8")
    for given in (path, {"bin": [2, 3], "items": [[3, 1], [1, 1], [2, 2]]}):
        env = make(ENV_ID, instance=given)
        observed, _ = env.reset(seed=0)
        assert observed["observation"].tolist() == [0] * 6 + [3, 1, 1, 1, 2, 2]
        assert shown_places(observed, 2, 3) == [cells_of(0, 0, 1, 3), cells_of(1, 0, 1, 3)]
        rewards = [env.step(0)[1] for _ in range(2)]
        assert rewards == [pytest.approx(1 / 2), pytest.approx(1 / 6)] and env.get_state().terminated


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 3\n", "at least one rectangle follows"),
        ("2 3\n1 1 1\n", "a line holds two whole numbers"),
        ("2 3\n1 x\n", "a line holds two whole numbers"),
        ("2 3\n3 3\n", "fits into the empty bin"),
        ("2 3\n1 4\n", "fits into the empty bin"),
        ("2 3\n0 1\n", "'items' holds whole numbers from 1 to 50"),
        ("51 3\n1 1\n", "'bin' holds whole numbers from 1 to 50"),
        ("2 3\n" + 101 * "1 1\n", "at most 100"),
        ('{"bin": [2], "items": [[1, 1]]}', "rows and columns"),
    ],
)
def test_what_is_no_instance_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "own.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance=path)
