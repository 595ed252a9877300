"""MaskedWarehouse: every joint move of small warehouses against an independent one written with sets and dicts."""

from __future__ import annotations

from collections import Counter
from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from positions import changed, read

from masked_envs import InvalidActionError, make_parallel, make_vec
from masked_envs.core.backends import numba_is_available

ENV_ID = "MaskedWarehouse-v0"
NO_NUMBA = pytest.mark.skipif(not numba_is_available(), reason="no numba here")
BACKENDS = ["python", pytest.param("numba", marks=[NO_NUMBA, pytest.mark.long])]  # other sizes compile for seconds

Cell = tuple[int, int]

SMALL = """
    ...
    .##
    ...
"""
DEFAULT = """
    ..........
    .##.##.##.
    ..........
    .##.##.##.
    ..........
    .##.##.##.
    ..........
"""


# --- an independent warehouse ----------------------------------------------------------------------------------------


def drawn(text: str) -> tuple[set[Cell], set[Cell]]:
    """The floor and the shelves of a drawn warehouse."""
    rows = text.split()
    cells = {(r, c): cell for r, row in enumerate(rows) for c, cell in enumerate(row)}
    return {p for p, cell in cells.items() if cell == "."}, {p for p, cell in cells.items() if cell == "#"}


def targets(cell: Cell) -> dict[int, Cell]:
    """Where stay, up, right, down and left lead."""
    row, column = cell
    return {0: cell, 1: (row - 1, column), 2: (row, column + 1), 3: (row + 1, column), 4: (row, column - 1)}


def legal(floor: set[Cell], robots: list[Cell], robot: int) -> set[int]:
    free = floor - set(robots)
    return {0} | {action for action, target in targets(robots[robot]).items() if target in free}


def moved(robots: list[Cell], choices: tuple[int, ...]) -> list[Cell]:
    """Where the robots are after their choices: of those with one target, the lowest number has it."""
    claims: dict[Cell, int] = {}
    for robot in sorted(range(len(robots)), reverse=True):
        claims[targets(robots[robot])[choices[robot]]] = robot
    return [
        targets(cell)[choices[robot]] if claims[targets(cell)[choices[robot]]] == robot else cell
        for robot, cell in enumerate(robots)
    ]


def may_be_goals(floor: set[Cell], robots: list[Cell], goals: list[Cell], robot: int) -> set[Cell]:
    return floor - {robots[robot]} - {goal for other, goal in enumerate(goals) if other != robot}


# --- the environment, as cells ---------------------------------------------------------------------------------------


def cells_of(state: Any) -> tuple[list[Cell], list[Cell]]:
    record = read(state)
    return [tuple(place) for place in record["positions"].tolist()], [tuple(g) for g in record["goals"].tolist()]


def placed(start: Any, robots: list[Cell], goals: list[Cell], **fields: Any) -> Any:
    """The state of a running episode with other places of robots and goals."""
    cells = read(start)["cells"].copy()
    cells[cells == 2] = 0
    for row, column in robots:
        cells[row, column] = 2
    return changed(start, cells=cells, positions=robots, goals=goals, **fields)


def planes(shape: tuple[int, int], *marked: set[Cell]) -> np.ndarray:
    array = np.zeros((len(marked), *shape), np.int8)
    for plane, cells in enumerate(marked):
        for row, column in cells:
            array[plane, row, column] = 1
    return array


def check_views(env: Any, observations: Any, infos: Any, floor: set[Cell], shelves: set[Cell]) -> None:
    """Each robot's observation and mask against the places of robots and goals."""
    robots, goals = cells_of(env.get_state())
    everyone, everything = set(robots), set(goals)
    for robot, agent in enumerate(env.possible_agents):
        own, goal = {robots[robot]}, {goals[robot]}
        shape = observations[agent]["observation"].shape[1:]
        expected = planes(shape, shelves, own, everyone - own, goal, everything - goal)
        assert (observations[agent]["observation"] == expected).all()
        mask = infos[agent]["action_mask"]
        assert set(np.flatnonzero(mask).tolist()) == legal(floor, robots, robot)


def check_step(env: Any, state: Any, choices: tuple[int, ...], floor: set[Cell], shelves: set[Cell]) -> list[int]:
    """One joint move from a state against the independent warehouse; who reached a goal."""
    env.set_state(state)
    robots, goals = cells_of(state)
    actions = dict(zip(env.possible_agents, choices, strict=True))
    if any(choice not in legal(floor, robots, robot) for robot, choice in enumerate(choices)):
        with pytest.raises(InvalidActionError):
            env.step(actions)
        assert env.get_state() == state
        return []
    observations, rewards, terminations, truncations, infos = env.step(actions)
    expected = moved(robots, choices)
    arrived = [robot for robot, cell in enumerate(expected) if cell == goals[robot]]
    after, new_goals = cells_of(env.get_state())
    assert after == expected
    assert rewards == {agent: float(robot in arrived) for robot, agent in enumerate(env.possible_agents)}
    assert read(env.get_state())["orders_done"] == read(state)["orders_done"] + len(arrived)
    for robot, goal in enumerate(new_goals):
        if robot in arrived:
            assert goal in may_be_goals(floor, after, new_goals, robot)
        else:
            assert goal == goals[robot]
    assert not any(terminations.values()) and not any(truncations.values())
    check_views(env, observations, infos, floor, shelves)
    return arrived


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_joint_move_of_two_robots(backend: str) -> None:
    """Every placement of two robots and their goals on 3x3, every pair of choices, legal or not."""
    floor, shelves = drawn(SMALL)
    env = make_parallel(ENV_ID, rows=3, cols=3, num_robots=2, num_orders=1000, backend=backend)
    env.reset(seed=0)
    start = env.get_state()
    rng, both = np.random.default_rng(0), 0
    for robots in permutations(sorted(floor), 2):
        for goals in permutations(sorted(floor), 2):
            if robots[0] == goals[0] or robots[1] == goals[1]:
                continue
            if backend == "numba" and rng.random() < 0.7:  # a call costs ten times as much; a part is enough here
                continue
            state = placed(start, list(robots), list(goals))
            for choices in product(range(5), repeat=2):
                both += len(check_step(env, state, choices, floor, shelves)) == 2
    assert both > 10


@pytest.mark.parametrize("num_robots", [3, 6])
def test_every_joint_move_of_more_robots(num_robots: int) -> None:
    """Three robots in every placement; six, which leave one cell free, in every hundredth."""
    floor, shelves = drawn(SMALL)
    env = make_parallel(ENV_ID, rows=3, cols=3, num_robots=num_robots, num_orders=1000)
    env.reset(seed=0)
    start, rng, conflicts = env.get_state(), np.random.default_rng(0), 0
    for robots in list(permutations(sorted(floor), num_robots))[:: 1 if num_robots == 3 else 100]:
        goals: list[Cell] = []
        for cell in robots:
            goals.append(sorted(floor - {cell, *goals})[rng.integers(7 - len({cell, *goals}))])
        state = placed(start, list(robots), goals)
        for joint in product(*(sorted(legal(floor, list(robots), robot)) for robot in range(num_robots))):
            check_step(env, state, joint, floor, shelves)
            wanted = [targets(cell)[choice] for cell, choice in zip(robots, joint, strict=True)]
            conflicts += len(set(wanted)) < num_robots
    assert conflicts > 20


@pytest.mark.parametrize("backend", BACKENDS)
def test_long_random_play_in_a_crowd(backend: str) -> None:
    floor, shelves = drawn(DEFAULT)
    env = make_parallel(ENV_ID, num_robots=12, num_orders=10**6, time_limit=0, backend=backend)
    observations, infos = env.reset(seed=0)
    check_views(env, observations, infos, floor, shelves)
    rng, orders = np.random.default_rng(0), 0
    for _ in range(400):
        choices = tuple(int(rng.choice(np.flatnonzero(mask))) for mask in env.action_mask.values())
        orders += len(check_step(env, env.get_state(), choices, floor, shelves))
    assert orders > 20


def test_the_lowest_number_wins_whatever_the_order_of_the_actions() -> None:
    """Three robots around the free cell (0, 1) of an aisle; the numbers in every order."""
    env = make_parallel(ENV_ID, rows=3, cols=4, num_robots=3)
    env.reset(seed=0)
    around = {(0, 0): 2, (0, 2): 4}  # a shelf is below (0, 1)
    for robots in permutations([(0, 0), (0, 2), (2, 3)]):
        for reverse in (False, True):
            state = placed(env.get_state(), list(robots), [(2, 0), (2, 1), (2, 2)])
            env.set_state(state)
            actions = {f"robot_{robot}": around.get(cell, 0) for robot, cell in enumerate(robots)}
            items = list(actions.items())
            env.step(dict(reversed(items) if reverse else items))
            after, _ = cells_of(env.get_state())
            winner = min(robot for robot, cell in enumerate(robots) if cell in around)
            assert after == [(0, 1) if robot == winner else cell for robot, cell in enumerate(robots)]


def test_robots_neither_swap_nor_follow() -> None:
    env = make_parallel(ENV_ID, rows=1, cols=4, num_robots=2)
    env.reset(seed=0)
    env.set_state(placed(env.get_state(), [(0, 1), (0, 2)], [(0, 3), (0, 0)]))
    masks = env.action_mask
    assert masks["robot_0"].tolist() == [1, 0, 0, 0, 1]
    assert masks["robot_1"].tolist() == [1, 0, 1, 0, 0]


# --- the floor ----------------------------------------------------------------------------------------------------


def shelves_of(rows: int, cols: int) -> np.ndarray:
    env = make_parallel(ENV_ID, rows=rows, cols=cols, num_robots=1)
    shelves: np.ndarray = env.reset(seed=0)[0]["robot_0"]["observation"][0]
    return shelves


def test_shelves_stand_as_drawn() -> None:
    for text in (SMALL, DEFAULT):
        floor, shelves = drawn(text)
        rows, cols = (1 + max(index) for index in zip(*floor, strict=True))
        assert {tuple(cell) for cell in np.argwhere(shelves_of(rows, cols)).tolist()} == shelves


def test_the_floor_is_connected_whatever_the_size() -> None:
    for rows, cols in product(range(1, 10), repeat=2):
        if rows * cols < 2:
            continue
        floor = {tuple(cell) for cell in np.argwhere(shelves_of(rows, cols) == 0).tolist()}
        reached, waiting = {(0, 0)}, [(0, 0)]
        while waiting:
            for cell in targets(waiting.pop()).values():
                if cell in floor - reached:
                    reached.add(cell)
                    waiting.append(cell)
        assert reached == floor


# --- chance --------------------------------------------------------------------------------------------------------


def rows_of(envs: Any) -> list[tuple[list[Cell], list[Cell]]]:
    return [cells_of(state) for state in envs.get_state()]


def test_robots_start_anywhere_with_any_goal() -> None:
    """Two robots on 3x3: 42 placements alike; the first goal one of 6, the second one of the 5 or 6 that are left."""
    stats = pytest.importorskip("scipy.stats")
    floor, _ = drawn(SMALL)
    envs = make_vec(ENV_ID, 20000, rows=3, cols=3, num_robots=2)
    envs.reset(seed=0)
    starts = rows_of(envs)
    placements = Counter(tuple(robots) for robots, _ in starts)
    assert set(placements) == set(permutations(floor, 2))
    assert stats.chisquare(list(placements.values())).pvalue > 1e-4

    expected: dict[Any, float] = {}
    for robots in permutations(floor, 2):
        firsts = floor - {robots[0]}
        for first in firsts:
            seconds = floor - {robots[1], first}
            for second in seconds:
                expected[robots, (first, second)] = 1 / 42 / len(firsts) / len(seconds)
    counts = Counter((tuple(robots), tuple(goals)) for robots, goals in starts)
    assert set(counts) <= set(expected)
    cells = list(expected)
    observed = np.array([counts[cell] for cell in cells])
    assert stats.chisquare(observed, np.array([expected[cell] for cell in cells]) * len(starts)).pvalue > 1e-4


def test_a_new_goal_may_be_any_cell_but_the_own_and_the_goals_of_others() -> None:
    stats = pytest.importorskip("scipy.stats")
    floor, _ = drawn(SMALL)
    rows = 4000
    envs = make_vec(ENV_ID, rows, rows=3, cols=3, num_robots=2)
    envs.reset(seed=0)
    # robot 0 steps onto its goal (0, 1); the goal of robot 1 is taken, the cell of robot 1 is not
    envs.set_state([placed(state, [(0, 0), (2, 2)], [(0, 1), (2, 0)]) for state in envs.get_state()])
    _, rewards, _, _, info = envs.step(np.tile([2, 0], (rows, 1)))
    assert (rewards == 1).all() and (info["rewards"] == [1, 0]).all()
    counts = Counter(goals[0] for _, goals in rows_of(envs))
    assert set(counts) == floor - {(0, 1), (2, 0)}
    assert stats.chisquare(list(counts.values())).pvalue > 1e-4


# --- ends and impossible values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("done", "terminated"), [(0, False), (1, False), (2, True), (3, True)])
def test_the_last_orders_end_the_episode_for_all(done: int, terminated: bool) -> None:
    """Two robots carry out an order each in one step; four orders are wanted."""
    env = make_parallel(ENV_ID, rows=3, cols=3, num_robots=2, num_orders=4)
    env.reset(seed=0)
    env.set_state(placed(env.get_state(), [(0, 0), (2, 2)], [(0, 1), (2, 1)], orders_done=done))
    _, rewards, terminations, truncations, infos = env.step({"robot_0": 2, "robot_1": 4})
    assert rewards == {"robot_0": 1.0, "robot_1": 1.0}
    assert terminations == {"robot_0": terminated, "robot_1": terminated} and not any(truncations.values())
    assert env.agents == ([] if terminated else ["robot_0", "robot_1"])
    if terminated:
        assert all((info["action_mask"] == 1).all() for info in infos.values())


def test_the_episode_is_cut_after_a_hundred_steps() -> None:
    env = make_parallel(ENV_ID)
    env.reset(seed=0)
    for step in range(1, 101):
        _, _, terminations, truncations, _ = env.step(dict.fromkeys(env.agents, 0))
        assert set(truncations.values()) == {step == 100} and not any(terminations.values())


@pytest.mark.parametrize(("rows", "cols", "most"), [(3, 3, 6), (1, 5, 4), (7, 10, 51), (2, 2, 2)])
def test_one_floor_cell_must_stay_free(rows: int, cols: int, most: int) -> None:
    env = make_parallel(ENV_ID, rows=rows, cols=cols, num_robots=most)
    observations, _ = env.reset(seed=0)
    assert len(observations) == most
    with pytest.raises(ValueError, match=rf"num_robots={most + 1} .*rows={rows}, cols={cols}.*at most {most} "):
        make_parallel(ENV_ID, rows=rows, cols=cols, num_robots=most + 1)


def test_a_single_cell_has_no_room() -> None:
    with pytest.raises(ValueError, match="1 floor cells"):
        make_parallel(ENV_ID, rows=1, cols=1, num_robots=1)
