"""MaskedMicroRTS: a second game of sets and named units, played beside it; every triple of a 4x4 map is tried on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import pytest

from masked_envs import InvalidActionError, make, make_aec

ENV_ID = "MaskedMicroRTS-v0"
Cell = tuple[int, int]

# microRTS, UnitTypeTable.java, "original finetuned": cost, hit points, damage, range
TABLE = {
    "base": (10, 10, 0, 0),
    "barracks": (5, 4, 0, 0),
    "worker": (1, 1, 1, 1),
    "light": (2, 4, 2, 1),
    "heavy": (3, 8, 4, 1),
    "ranged": (2, 1, 1, 3),
}
PRODUCES = {"base": ["worker"], "barracks": ["light", "heavy", "ranged"], "worker": ["base", "barracks"]}
FIGHTERS = ("worker", "light", "heavy", "ranged")
WORDS = ["wait", "move", "harvest", "return", *(f"produce {name}" for name in TABLE), "attack"]


@dataclass
class Unit:
    kind: str
    player: int
    health: int
    load: int = 0


@dataclass
class Game:
    """The same rules from the other side: each unit lists what it can do."""

    rows: int
    cols: int
    units: dict[Cell, Unit] = field(default_factory=dict)
    gold: dict[Cell, int] = field(default_factory=dict)
    stock: list[int] = field(default_factory=lambda: [5, 5])
    player: int = 0

    def __post_init__(self) -> None:
        last = (self.rows - 1, self.cols - 1)
        for player, turn in enumerate((lambda r, c: (r, c), lambda r, c: (last[0] - r, last[1] - c))):
            self.gold[turn(0, 0)] = 20
            self.units[turn(1, 1)] = Unit("base", player, 10)
            self.units[turn(0, 1)] = Unit("worker", player, 1)

    def beside(self, cell: Cell) -> list[Cell]:
        around = [(cell[0] + down, cell[1] + right) for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1))]
        return [(r, c) for r, c in around if 0 <= r < self.rows and 0 <= c < self.cols]

    def orders(self) -> Iterator[tuple[Cell, str, Cell]]:
        for cell, unit in self.units.items():
            if unit.player != self.player:
                continue
            yield cell, "wait", cell
            free = [c for c in self.beside(cell) if c not in self.units and not self.gold.get(c)]
            for name in PRODUCES.get(unit.kind, []):
                if TABLE[name][0] <= self.stock[self.player]:
                    yield from ((cell, f"produce {name}", c) for c in free)
            if unit.kind in FIGHTERS:
                yield from ((cell, "move", c) for c in free)
                for other, enemy in self.units.items():
                    if enemy.player != self.player and np.hypot(*np.subtract(cell, other)) <= TABLE[unit.kind][3]:
                        yield cell, "attack", other
            if unit.kind == "worker" and not unit.load:
                yield from ((cell, "harvest", c) for c in self.beside(cell) if self.gold.get(c))
            if unit.load:
                bases = [c for c in self.beside(cell) if c in self.units and self.units[c].kind == "base"]
                yield from ((cell, "return", c) for c in bases if self.units[c].player == self.player)

    def play(self, cell: Cell, word: str, target: Cell) -> bool:
        unit = self.units[cell]
        if word == "move":
            self.units[target] = self.units.pop(cell)
        elif word == "harvest":
            self.gold[target] -= 1
            unit.load = 1
        elif word == "return":
            unit.load = 0
            self.stock[self.player] += 1
        elif word == "attack":
            self.units[target].health -= TABLE[unit.kind][2]
            if self.units[target].health <= 0:
                del self.units[target]
        elif word != "wait":
            name = word.removeprefix("produce ")
            self.stock[self.player] -= TABLE[name][0]
            self.units[target] = Unit(name, self.player, TABLE[name][1])
        self.player = 1 - self.player
        return all(other.player != self.player for other in self.units.values())

    def planes(self, player: int) -> np.ndarray:
        out = np.zeros((18, self.rows, self.cols), np.float32)
        for cell, amount in self.gold.items():
            out[(0, *cell)] = amount
        for cell, unit in self.units.items():
            out[(1 + list(TABLE).index(unit.kind) + 6 * (unit.player != player), *cell)] = 1
            out[(13, *cell)], out[(14, *cell)] = unit.health, unit.load
        out[15], out[16], out[17] = self.stock[player], self.stock[1 - player], player
        return out


def number(order: tuple[Cell, str, Cell], cols: int) -> tuple[int, int, int]:
    cell, word, target = order
    return cell[0] * cols + cell[1], WORDS.index(word), target[0] * cols + target[1]


def likely(orders: list[Any], rng: np.random.Generator, saving: bool = False) -> Any:
    """Orders that bring the game forward, so that it sees all kinds; when saving, nothing is bought but a base."""
    eager = [order for order in orders if order[1] not in ("wait", "move")]
    if saving:
        eager = [order for order in eager if order[1] in ("harvest", "return", "produce base")]
    choices = eager if eager and rng.random() < 0.6 else orders
    return choices[rng.integers(len(choices))]


@pytest.mark.parametrize(("rows", "cols", "games"), [(4, 4, 12), (6, 6, 3), (4, 7, 3)])
def test_it_is_the_game_of_named_units(rows: int, cols: int, games: int) -> None:
    env, rng, seen, won = make_aec(ENV_ID, rows=rows, cols=cols, time_limit=0), np.random.default_rng(0), set(), 0
    for k in range(games):
        env.reset(seed=0)
        game, over, steps = Game(rows, cols), False, 0
        while not over and steps < 400:
            agent = env.agent_selection
            assert agent == f"player_{game.player}"
            observed, orders = env.observe(agent), list(game.orders())
            assert np.array_equal(observed["observation"], game.planes(game.player))
            listed = env.mask_spec(agent).list_legal(observed["action_mask"], head_mask=env.head_mask)
            assert sorted(listed) == sorted(number(order, cols) for order in orders)
            order = likely(orders, rng, saving=k % 3 == 2)
            seen.add(order[1])
            env.step(np.array(number(order, cols)))
            over, steps = game.play(*order), steps + 1
            assert any(env.terminations.values()) == over
        if over:
            won += 1
            winner, loser = f"player_{1 - game.player}", f"player_{game.player}"
            assert (env.rewards[winner], env.rewards[loser]) == (1.0, -1.0)
    assert won > 0
    if (rows, cols) == (4, 4):
        assert seen == set(WORDS)


def test_every_triple_of_a_four_by_four_map_is_refused_or_played_as_the_other_game_says() -> None:
    env, rng = make_aec(ENV_ID, rows=4, cols=4), np.random.default_rng(3)
    env.reset(seed=0)
    game, tried = Game(4, 4), 0
    for step in range(60):
        orders = list(game.orders())
        if step % 12 == 11:
            legal, state = {number(order, 4) for order in orders}, env.get_state()
            for triple in product(range(16), range(11), range(16)):
                tried += 1
                try:
                    env.step(np.array(triple))
                    assert triple in legal
                    env.set_state(state)
                except InvalidActionError:
                    assert triple not in legal
        order = likely(orders, rng)
        env.step(np.array(number(order, 4)))
        if game.play(*order):
            env.reset(seed=0)
            game = Game(4, 4)
    assert tried == 5 * 16 * 11 * 16


def test_both_sides_start_alike_turned_by_half_a_turn() -> None:
    env = make_aec(ENV_ID, rows=5, cols=8)
    env.reset(seed=0)
    first, second = (env.observe(agent)["observation"][:17] for agent in env.possible_agents)
    assert np.array_equal(first, second[:, ::-1, ::-1])
    assert (first[15] == first[16]).all()


def test_the_picture_has_the_orders_at_their_units_and_their_letters_where_they_act() -> None:
    env = make("MaskedMicroRTS-v0")
    env.reset(seed=0)
    rng, seen = np.random.default_rng(0), 0
    for _ in range(40):
        scene, mask = env.picture.scene(0), env.action_mask
        marks = {mark.path: mark for mark in scene.marks}
        letters = [
            (int(text.y), int(text.x), text.string) for text in scene.shapes if getattr(text, "ink", "") == "legal"
        ]
        for cell, order in np.argwhere(mask).tolist():
            mark = marks[cell, order]
            assert (int(mark.y), int(mark.x)) == divmod(cell, 6)
            for target in np.flatnonzero(env.head_mask(2, (cell, order))).tolist() if order else ():
                assert any((row, col) == divmod(target, 6) and mark.label in words for row, col, words in letters)
                seen += 1
        if env.step(env.sample_legal(rng))[2]:
            break
    assert seen > 100
