"""MaskedSokoban: optimal numbers of pushes by a second program, a published level, and dead cells.

The program knows a level as sets of cells and a position as the boxes and what the worker can reach.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from positions import changed, read

from masked_envs import make

pytestmark = [pytest.mark.core, pytest.mark.once]

ENV_ID = "MaskedSokoban-v0"
WAYS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
Cell = tuple[int, int]


def ahead(cell: Cell, way: Cell, steps: int = 1) -> Cell:
    return cell[0] + steps * way[0], cell[1] + steps * way[1]


class Level:
    """Floor and goals of an observation."""

    def __init__(self, planes: np.ndarray) -> None:
        walls, goals, boxes, worker = ({tuple(cell) for cell in np.argwhere(plane).tolist()} for plane in planes)
        self.floor = {(int(r), int(c)) for r, c in np.ndindex(planes[0].shape)} - walls
        self.goals, self.boxes, (self.worker,) = frozenset(goals), frozenset(boxes), worker

    def reach(self, boxes: frozenset[Cell], worker: Cell) -> frozenset[Cell]:
        seen, border = {worker}, [worker]
        while border:
            here = border.pop()
            beside = {ahead(here, way) for way in WAYS} & self.floor - boxes - seen
            seen |= beside
            border += beside
        return frozenset(seen)

    def pushes(self, boxes: frozenset[Cell], reach: frozenset[Cell]) -> list[tuple[Cell, Cell]]:
        """(box, way) of every push."""
        return [
            (box, way)
            for box in boxes
            for way in WAYS
            if ahead(box, way, -1) in reach and ahead(box, way) in self.floor - boxes
        ]

    def solve(self) -> list[tuple[Cell, Cell]] | None:
        """A solution with the fewest pushes, breadth first; None if there is none."""
        start = (self.boxes, self.reach(self.boxes, self.worker))
        came: dict[Any, Any] = {start: None}
        border = deque([start])
        while border:
            here = border.popleft()
            boxes, reach = here
            if boxes == self.goals:
                found = []
                while came[here] is not None:
                    here, push = came[here]
                    found.append(push)
                return found[::-1]
            for box, way in self.pushes(boxes, reach):
                after = boxes - {box} | {ahead(box, way)}
                there = (after, self.reach(after, box))
                if there not in came:
                    came[there] = (here, (box, way))
                    border.append(there)
        return None

    def walk(self, to: Cell) -> list[Cell]:
        """The shortest way of the worker to a cell."""
        ways: dict[Cell, list[Cell]] = {self.worker: []}
        border = deque([self.worker])
        while to not in ways:
            here = border.popleft()
            for way in WAYS:
                there = ahead(here, way)
                if there in self.floor - self.boxes and there not in ways:
                    ways[there] = [*ways[here], way]
                    border.append(there)
        return ways[to]


def fewest_pushes(env: Any) -> int | None:
    """By playing every legal move from every position of the environment; moves without a push cost nothing."""
    start = env.get_state()
    pushes, border, seen = {start: 0}, deque([start]), set()
    while border:
        here = border.popleft()
        if here in seen:
            continue
        seen.add(here)
        if here.terminated:
            return pushes[here]
        env.set_state(here)
        boxes = read(here)["boxes"].tobytes()
        for move in np.flatnonzero(env.action_mask):
            env.set_state(here)
            env.step(int(move))
            there = changed(env.get_state(), elapsed_steps=0)
            has_pushed = read(there)["boxes"].tobytes() != boxes
            cost = pushes[here] + has_pushed
            if cost < pushes.get(there, cost + 1):
                pushes[there] = cost
                (border.append if has_pushed else border.appendleft)(there)
    return None


def level_of(env: Any) -> Level:
    return Level(planes_of(env))


def planes_of(env: Any) -> np.ndarray:
    record = read(env.get_state())
    worker = np.zeros_like(record["walls"])
    worker[record["row"], record["column"]] = 1
    return np.stack([record["walls"], record["goals"], record["boxes"], worker])


def play(env: Any, pushes: list[tuple[Cell, Cell]]) -> tuple[float, bool]:
    """Walk to each push and make it; the sum of the rewards, and whether the level is solved."""
    earned, terminated = 0.0, False
    for box, way in pushes:
        level = level_of(env)
        for step in [*level.walk(ahead(box, way, -1)), way]:
            assert not terminated and env.action_mask[WAYS.index(step)]
            _, reward, terminated, _, _ = env.step(WAYS.index(step))
            earned += reward + 1  # without the cost of the move
    return earned, terminated


def drawn(rows: list[str], **parameters: Any) -> Any:
    """An environment at a level in the usual notation."""
    cells = np.array([list(line.ljust(max(map(len, rows)))) for line in rows])
    walls, goals, boxes, worker = (np.isin(cells, list(signs)) for signs in ("#", ".*+", "$*", "@+"))
    sizes = {"rows": cells.shape[0], "columns": cells.shape[1], "num_boxes": int(boxes.sum()), "time_limit": 0}
    env = make(ENV_ID, **sizes, **parameters)
    env.reset(seed=0)
    ((row, column),) = np.argwhere(worker)
    fields = {"walls": walls, "goals": goals, "boxes": boxes, "row": row, "column": column}
    env.set_state(changed(env.get_state(), **fields, on_goal=int((goals & boxes).sum()), alive=1))
    return env


MICROBAN_1 = ["####  ", "# .#  ", "#  ###", "#*@  #", "#  $ #", "#  ###", "####  "]
"""The first level of David W. Skinner's Microban, 2000."""


def test_a_published_level_takes_its_eight_pushes() -> None:
    env = drawn(MICROBAN_1)
    solution = level_of(env).solve()
    assert solution is not None and len(solution) == 8
    start = env.get_state()
    assert fewest_pushes(env) == 8
    env.set_state(start)
    assert play(env, solution) == (110.0, True)  # a box on a goal at the start and at the end


@pytest.mark.parametrize("prune_dead", [False, True])
def test_levels_take_as_many_pushes_as_the_second_program_says(prune_dead: bool) -> None:
    env, numbers = make(ENV_ID, rows=7, columns=6, num_boxes=2, prune_dead=prune_dead, time_limit=0), []
    for seed in range(4):
        env.reset(seed=seed)
        level, start = level_of(env), env.get_state()
        solution = level.solve()
        assert solution is not None, "a level that cannot be solved"
        assert fewest_pushes(env) == len(solution)
        env.set_state(start)
        assert play(env, solution) == (10.0 * (2 - len(level.goals & level.boxes)) + 100.0, True)
        numbers.append(len(solution))
    assert len(set(numbers)) > 1


def test_what_is_pruned_could_not_be_solved_and_every_dead_push_is() -> None:
    """A push is dead if the box, alone in the level, could not be brought to a goal wherever the worker stood."""
    legal = make(ENV_ID, rows=6, columns=7, num_boxes=2)
    pruned = make(ENV_ID, rows=6, columns=7, num_boxes=2, prune_dead=True)
    rng, found, kept = np.random.default_rng(0), 0, 0
    for seed in range(40):
        legal.reset(seed=seed)
        pruned.reset(seed=seed)
        for _ in range(25):
            level = level_of(pruned)
            for move, way in enumerate(WAYS):
                box = ahead(level.worker, way)
                expected = bool(legal.action_mask[move])
                if expected and box in level.boxes:
                    expected = can_reach_a_goal(level, ahead(box, way))
                    found, kept = found + (not expected), kept + expected
                assert pruned.action_mask[move] == expected
            move = int(rng.choice(np.flatnonzero(pruned.action_mask)))
            legal.step(move)
            if pruned.step(move)[2]:
                break
    assert found > 20 and kept > 10


def can_reach_a_goal(level: Level, box: Cell) -> bool:
    """Forwards, from the box: cells to which it can be pushed by a worker who flies."""
    seen, border = {box}, [box]
    while border:
        here = border.pop()
        ways = [way for way in WAYS if {ahead(here, way), ahead(here, way, -1)} <= level.floor]
        beside = {ahead(here, way) for way in ways} - seen
        seen |= beside
        border += beside
    return bool(seen & level.goals)


# --- levels of the user's own -----------------------------------------------------------------------------------------


MICROBAN_1_IN_WALLS = ["######", "# .###", "#  ###", "#*@  #", "#  $ #", "#  ###", "######"]


def test_a_level_in_a_file_is_the_one_that_is_drawn(tmp_path: Any) -> None:
    """The data file, a file with comments and blanks at the ends, and a position made by hand."""
    path = tmp_path / "mine.xsb"
    path.write_text("; mine\n\n" + "\n".join(line.rstrip() for line in MICROBAN_1) + "\n", encoding="utf-8")
    for instance in ("microban_1", path):
        env = make(ENV_ID, instance=instance, time_limit=0)
        env.reset(seed=0)
        assert (planes_of(env) == planes_of(drawn(MICROBAN_1_IN_WALLS))).all()
        solution = level_of(env).solve()
        assert solution is not None and len(solution) == 8 and play(env, solution) == (110.0, True)


NO_LEVELS = {
    "two workers": (["####", "#@@#", "#$.#", "####"], "one worker, not 2"),
    "a strange sign": (["####", "#@x#", "####"], "a level has no 'x'"),
    "a hole in the wall": (["#####", "#@$. ", "#####"], "walls must stand around"),
    "a box too many": (["######", "#@$$.#", "#    #", "######"], "as many boxes as goals"),
    "solved": (["#####", "#@ *#", "#####"], "some box is not on a goal"),
    "a goal outside": (["#####   ", "#@$ # . ", "#####   "], "where the worker can reach"),
    "shut in": (["#####", "#@$##", "## .#", "#####"], "the worker can make no move"),
}


@pytest.mark.parametrize("name", NO_LEVELS)
def test_what_is_no_level_is_refused_with_words(tmp_path: Any, name: str) -> None:
    rows, words = NO_LEVELS[name]
    path = tmp_path / "level.txt"
    path.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        make(ENV_ID, instance=path)


def test_a_worker_that_can_only_push_is_refused_where_pushes_may_be_pruned(tmp_path: Any) -> None:
    path = tmp_path / "level.txt"
    path.write_text("#######\n#@$  .#\n#######\n", encoding="utf-8")
    assert make(ENV_ID, instance=path).reset(seed=0)[1]["action_mask"].tolist() == [0, 1, 0, 0]
    with pytest.raises(ValueError, match="can only push at the start"):
        make(ENV_ID, instance=path, prune_dead=True)
