"""MaskedPegSolitaire from its card."""

import numpy as np

PARAMETERS = [
    {"side": 3, "empty_hole": "random"},
    {"side": 4, "empty_hole": "random"},
    {"side": 7, "time_limit": 5},
]

DIRECTIONS = ((0, -1), (0, 1), (-1, -1), (-1, 0), (1, 0), (1, 1))  # (down, to the right)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.side, self.empty_hole = parameters["side"], parameters["empty_hole"]
        self.holes = {(row, place) for row in range(self.side) for place in range(row + 1)}

    def reset_from(self, record):
        empty = (0, 0)
        if self.empty_hole == "random":
            (empty,) = [hole for hole in self.holes if not record["pegs"][hole]]
        self.pegs = self.holes - {empty}
        assert self.jumps()

    def jumps(self):
        """The three holes of each legal jump, by its number."""
        jumps = {}
        for row, place in self.holes:
            for direction, (down, right) in enumerate(DIRECTIONS):
                first, over, last = [(row + k * down, place + k * right) for k in range(3)]
                if first in self.pegs and over in self.pegs and last in self.holes and last not in self.pegs:
                    jumps[6 * (row * self.side + place) + direction] = (first, over, last)
        return jumps

    def mask(self, agent):
        mask = np.zeros(6 * self.side * self.side, np.int8)
        mask[list(self.jumps())] = 1
        return mask

    def observation(self, agent):
        seen = np.zeros((self.side, self.side), np.int8)
        for hole in self.pegs:
            seen[hole] = 1
        return seen

    def step(self, action, record):
        first, over, last = self.jumps()[int(action)]
        self.pegs = self.pegs - {first, over} | {last}
        return [1.0], not self.jumps()
