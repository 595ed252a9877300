"""MaskedWarehouse from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 1, "cols": 4, "num_robots": 1, "num_orders": 3},
    {"rows": 3, "cols": 4, "num_robots": 5, "num_orders": 4},
    {"rows": 8, "cols": 11, "num_robots": 11, "num_orders": 12, "time_limit": 30},
    {"rows": 2, "cols": 3, "num_robots": 2, "num_orders": 2, "time_limit": 5},
]

MOVES = ((0, 0), (-1, 0), (0, 1), (1, 0), (0, -1))  # stay, up, right, down, left


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.cols = parameters["rows"], parameters["cols"]
        self.num_robots, self.num_orders = parameters["num_robots"], parameters["num_orders"]
        cells = {(row, col) for row in range(self.rows) for col in range(self.cols)}
        self.shelves = {(row, col) for row, col in cells if row % 2 == 1 and col % 3 != 0}
        self.floor = cells - self.shelves

    def reset_from(self, record):
        self.robots = [tuple(cell) for cell in record["positions"].tolist()]
        assert len(set(self.robots)) == self.num_robots and set(self.robots) <= self.floor
        self.orders_done = 0
        self.take_goals(record)

    def take_goals(self, record):
        self.goals = [tuple(cell) for cell in record["goals"].tolist()]
        assert len(set(self.goals)) == self.num_robots and set(self.goals) <= self.floor
        assert all(goal != robot for goal, robot in zip(self.goals, self.robots, strict=True))

    def target(self, agent, action):
        (row, col), (down, right) = self.robots[agent], MOVES[action]
        return row + down, col + right

    def mask(self, agent):
        free = self.floor - set(self.robots)
        return np.array([action == 0 or self.target(agent, action) in free for action in range(5)], np.int8)

    def observation(self, agent):
        planes = np.zeros((5, self.rows, self.cols), np.int8)
        others = [i for i in range(self.num_robots) if i != agent]
        marks = (
            self.shelves, {self.robots[agent]}, {self.robots[i] for i in others},
            {self.goals[agent]}, {self.goals[i] for i in others},
        )  # fmt: skip
        for plane, cells in zip(planes, marks, strict=True):
            for cell in cells:
                plane[cell] = 1
        return planes

    def step(self, actions, record):
        targets = [self.target(agent, action) for agent, action in enumerate(actions)]
        self.robots = [
            here if target in targets[:agent] else target
            for agent, (here, target) in enumerate(zip(self.robots, targets, strict=True))
        ]
        arrived = [robot == goal for robot, goal in zip(self.robots, self.goals, strict=True)]
        self.orders_done += sum(arrived)
        before = self.goals
        self.take_goals(record)
        for agent, done in enumerate(arrived):
            if done:  # drawn robot by robot: those with higher numbers still have their old goals
                assert self.goals[agent] not in self.goals[:agent] + before[agent:]
            else:
                assert self.goals[agent] == before[agent]
        return [float(done) for done in arrived], self.orders_done >= self.num_orders
