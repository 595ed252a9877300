"""MaskedSnake from its card."""

import numpy as np

PARAMETERS = [{"rows": 2, "columns": 2}, {"rows": 3, "columns": 4, "time_limit": 25}, {"rows": 3, "columns": 3}]

STEPS = 300  # a snake that fills a grid is rare

SIDES = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left as (down, to the right)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.columns = parameters["rows"], parameters["columns"]
        self.grid = {(row, column) for row in range(self.rows) for column in range(self.columns)}

    def reset_from(self, record):
        ((row, column),) = np.argwhere(record["cells"]).tolist()
        self.snake = [(row, column)]  # from the tail to the head
        self.food = None
        self.take_food(record)

    def take_food(self, record):
        self.food = divmod(int(record["food"]), self.columns)
        assert self.food in self.grid - set(self.snake)

    def target(self, action):
        (row, column), (down, right) = self.snake[-1], SIDES[action]
        return row + down, column + right

    def mask(self, agent):
        safe = self.grid - set(self.snake[1:])
        return np.array([self.target(action) in safe for action in range(4)], np.int8)

    def observation(self, agent):
        planes = np.zeros((3, self.rows, self.columns), np.int16)
        for number, cell in enumerate(self.snake, start=1):
            planes[0][cell] = number
        planes[1][self.snake[-1]] = 1
        if self.food:
            planes[2][self.food] = 1
        return planes

    def step(self, action, record):
        head = self.target(action)
        if head != self.food:
            self.snake = [*self.snake[1:], head]
            if record["food"] >= 0:
                before = self.food
                self.take_food(record)
                assert self.food == before
            return [0.0], not self.mask(0).any()
        self.snake.append(head)
        self.food = None
        full = set(self.snake) == self.grid
        if not full:
            self.take_food(record)
        return [1.0], full or not self.mask(0).any()
