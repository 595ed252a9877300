"""MaskedTaxi from its card: the town of Gymnasium's Taxi-v3."""

import numpy as np

PARAMETERS = [{"time_limit": 7}, {"time_limit": 0}]
STEPS = 1500

TOWN = (
    "+---------+",
    "|R: | : :G|",
    "| : | : : |",
    "| : : : : |",
    "| | : | : |",
    "|Y| : |B: |",
    "+---------+",
)
LANDMARKS = ((0, 0), (0, 4), (4, 0), (4, 3))  # R, G, Y, B
IN_TAXI = 4
SOUTH, NORTH, EAST, WEST, PICK_UP, DROP_OFF = range(6)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        pass

    def reset_from(self, record):
        self.place = (int(record["row"]), int(record["column"]))
        self.passenger, self.destination = int(record["passenger"]), int(record["destination"])
        assert self.passenger != IN_TAXI and self.passenger != self.destination

    def moved(self, action):
        row, column = self.place
        if action == SOUTH:
            return (min(row + 1, 4), column)
        if action == NORTH:
            return (max(row - 1, 0), column)
        line = TOWN[row + 1]  # cells at the odd places, walls or openings between them
        side = 1 if action == EAST else -1
        return (row, column + side) if line[2 * column + 1 + side] == ":" else self.place

    def mask(self, agent):
        useful = [int(self.moved(action) != self.place) for action in (SOUTH, NORTH, EAST, WEST)]
        waiting = self.passenger != IN_TAXI and LANDMARKS[self.passenger] == self.place
        useful += [int(waiting), int(self.passenger == IN_TAXI and self.place in LANDMARKS)]
        return np.array(useful, np.int8)

    def observation(self, agent):
        row, column = self.place
        return np.int64(((row * 5 + column) * 5 + self.passenger) * 4 + self.destination)

    def step(self, action, record):
        if action == PICK_UP:
            self.passenger = IN_TAXI
        elif action == DROP_OFF:
            self.passenger = LANDMARKS.index(self.place)
            if self.passenger == self.destination:
                return [20.0], True
        else:
            self.place = self.moved(action)
        return [-1.0], False
