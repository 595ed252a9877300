"""MaskedSokoban from its card."""

import json
import math

import numpy as np

OWN = {
    "walls": [
        [1, 1, 1, 1, 1, 1],
        [1, 0, 0, 0, 0, 1],
        [1, 0, 0, 0, 1, 0],
        [1, 1, 1, 1, 1, 0],
    ],  # the last column is outside
    "goals": [[0] * 6, [0, 1, 0, 0, 0, 0], [0] * 6, [0] * 6],
    "boxes": [[0] * 6, [0, 0, 0, 1, 0, 0], [0] * 6, [0] * 6],
    "worker": [2, 2],
}
PARAMETERS = [
    {"instance": OWN, "time_limit": 30},
    {"instance": "microban_1", "prune_dead": True},
    {"rows": 5, "columns": 5, "num_boxes": 1, "scramble": 4},
    {"rows": 5, "columns": 7, "num_boxes": 2, "scramble": 30, "prune_dead": True},
    {"rows": 6, "columns": 5, "num_boxes": 4, "time_limit": 20},
    {"rows": 5, "columns": 6, "num_boxes": 1, "time_limit": 0, "prune_dead": True},
    {"rows": 9, "columns": 11, "num_boxes": 6},
]

STEPS = 400  # a level that random play solves is rare
LARGEST = 5_000  # positions of a level that is searched for a solution

SIDES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left as (down, to the right)

MICROBAN_1 = ["####  ", "# .#  ", "#  ###", "#*@  #", "#  $ #", "#  ###", "####  "]


def beside(cell, side, sign=1):
    return cell[0] + sign * side[0], cell[1] + sign * side[1]


def marked(plane):
    return {(row, column) for row, column in np.argwhere(plane).tolist()}


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.shape = parameters["rows"], parameters["columns"]
        self.num_boxes, self.prune_dead = parameters["num_boxes"], parameters["prune_dead"]
        self.instance = parameters["instance"]
        if self.instance == "microban_1":
            self.shape = len(MICROBAN_1), len(MICROBAN_1[0])
        elif self.instance != "random":
            self.shape = np.shape(json.loads(self.instance)["walls"])
        self.inside = {(row, column) for row in range(1, self.shape[0] - 1) for column in range(1, self.shape[1] - 1)}

    def reset_from(self, record):
        self.walls, self.goals, self.boxes = (marked(record[name]) for name in ("walls", "goals", "boxes"))
        self.floor = {(row, column) for row in range(self.shape[0]) for column in range(self.shape[1])} - self.walls
        self.worker = int(record["row"]), int(record["column"])
        self.alive = self.find_alive()
        if self.instance != "random":
            self.check_instance()
            return
        assert self.floor <= self.inside and len(self.floor) == len(self.inside) * 3 // 4
        assert (
            self.reached({self.worker}, lambda cell: {beside(cell, side) for side in SIDES} & self.floor) == self.floor
        )
        assert self.goals <= self.floor and len(self.goals) == self.num_boxes
        assert self.boxes <= self.alive and len(self.boxes) == self.num_boxes and self.boxes != self.goals
        assert self.worker in self.floor - self.boxes
        self.check_solvable()

    def check_instance(self):
        if self.instance == "microban_1":
            cells = {(r, c): sign for r, row in enumerate(MICROBAN_1) for c, sign in enumerate(row)}
            goals, boxes, worker = ({cell for cell in cells if cells[cell] in signs} for signs in (".*", "$*", "@"))
            walls = {cell for cell in cells if cells[cell] == "#"}
        else:
            own = json.loads(self.instance)
            walls, goals, boxes = (marked(np.array(own[name])) for name in ("walls", "goals", "boxes"))
            worker = {tuple(own["worker"])}
        everywhere = {(row, column) for row in range(self.shape[0]) for column in range(self.shape[1])}
        floor = self.reached(worker, lambda cell: {beside(cell, side) for side in SIDES} & everywhere - walls)
        assert (self.goals, self.boxes, {self.worker}, self.floor) == (goals, boxes, worker, floor)

    def reached(self, start, following):
        found, waiting = set(start), list(start)
        while waiting:
            new = following(waiting.pop()) - found
            found |= new
            waiting.extend(new)
        return found

    def check_solvable(self):
        free = len(self.floor) - self.num_boxes
        if free * math.comb(len(self.floor), self.num_boxes) > LARGEST:
            return

        def following(position):
            worker, boxes = position
            moves = (side for side in SIDES if self.is_legal(worker, boxes, side))
            return {(beside(worker, side), self.pushed(worker, boxes, side)) for side in moves}

        positions = self.reached({(self.worker, frozenset(self.boxes))}, following)
        assert any(boxes == self.goals for _, boxes in positions)

    def find_alive(self):
        alive = set(self.goals)
        while True:
            more = {
                cell
                for cell in self.floor - alive
                for side in SIDES
                if beside(cell, side) in alive and beside(cell, side, -1) in self.floor
            }
            if not more:
                return alive
            alive |= more

    def is_legal(self, worker, boxes, side):
        following = beside(worker, side)
        behind = beside(following, side)
        if following in boxes:
            return behind in self.floor - boxes and (behind in self.alive or not self.prune_dead)
        return following in self.floor

    def pushed(self, worker, boxes, side):
        following = beside(worker, side)
        return boxes - {following} | {beside(following, side)} if following in boxes else boxes

    def mask(self, agent):
        return np.array([self.is_legal(self.worker, self.boxes, side) for side in SIDES], np.int8)

    def observation(self, agent):
        planes = np.zeros((4, *self.shape), np.int8)
        for plane, cells in zip(planes, (self.walls, self.goals, self.boxes, {self.worker}), strict=True):
            for cell in cells:
                plane[cell] = 1
        return planes

    def step(self, action, record):
        before = len(self.boxes & self.goals)
        self.boxes = self.pushed(self.worker, self.boxes, SIDES[action])
        self.worker = beside(self.worker, SIDES[action])
        solved = self.boxes == self.goals
        return [-1.0 + 10.0 * (len(self.boxes & self.goals) - before) + 100.0 * solved], solved
