"""MaskedMaze from its card."""

import numpy as np

PARAMETERS = [
    {"rows": 2, "columns": 2},
    {"rows": 3, "columns": 5, "time_limit": 25},
    {"rows": 6, "columns": 2, "time_limit": 0},
]

SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))  # south, north, east, west as (down, to the right)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.columns = parameters["rows"], parameters["columns"]
        self.cells = {(row, column) for row in range(self.rows) for column in range(self.columns)}

    def reset_from(self, record):
        south, east = record["open_sides"].tolist()
        self.openings = {((row, column), (row + 1, column)) for row, column in self.cells if south[row][column]}
        self.openings |= {((row, column), (row, column + 1)) for row, column in self.cells if east[row][column]}
        self.agent = (0, 0)
        self.check_maze()

    def check_maze(self):
        """One way to every cell, and what only a walk that steps back leaves: of two neighbours, one lies on the way to
        the other. Otherwise the walk would have gone from the first of them to the second before it stepped back."""
        ways = {(0, 0): [(0, 0)]}
        waiting = [(0, 0)]
        while waiting:
            cell = waiting.pop()
            for side in range(4):
                neighbour = self.beside(cell, side)
                if self.is_open(cell, neighbour) and neighbour not in ways:
                    ways[neighbour] = [*ways[cell], neighbour]
                    waiting.append(neighbour)
        assert set(ways) == self.cells and len(self.openings) == len(self.cells) - 1
        for cell in self.cells:
            for neighbour in {self.beside(cell, side) for side in range(4)} & self.cells:
                assert cell in ways[neighbour] or neighbour in ways[cell]

    def beside(self, cell, side):
        return (cell[0] + SIDES[side][0], cell[1] + SIDES[side][1])

    def is_open(self, cell, neighbour):
        return (cell, neighbour) in self.openings or (neighbour, cell) in self.openings

    def mask(self, agent):
        return np.array([self.is_open(self.agent, self.beside(self.agent, side)) for side in range(4)], np.int8)

    def observation(self, agent):
        planes = np.zeros((3, self.rows, self.columns), np.int8)
        for (row, column), neighbour in self.openings:
            planes[0 if neighbour[0] > row else 1, row, column] = 1
        planes[2, self.agent[0], self.agent[1]] = 1
        return planes

    def step(self, action, record):
        self.agent = self.beside(self.agent, int(action))
        return [-1.0], self.agent == (self.rows - 1, self.columns - 1)
