"""MaskedTetris from its card."""

import numpy as np

PARAMETERS = [
    {"width": 4, "height": 4},
    {"width": 6, "height": 12, "time_limit": 20},
    {"width": 13, "height": 5, "form": "joint"},
]

PIECES = ("####", "##\n##", ".#.\n###", ".##\n##.", "##.\n.##", "#..\n###", "..#\n###")  # I, O, T, S, Z, J, L


def cells_of(picture):
    return [(row, col) for row, line in enumerate(picture.split("\n")) for col, cell in enumerate(line) if cell == "#"]


def turned(cells):
    """A quarter turn clockwise, back in the upper left corner."""
    lowest = max(row for row, _ in cells)
    return sorted((col, lowest - row) for row, col in cells)


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.width, self.height = parameters["width"], parameters["height"]

    def reset_from(self, record):
        self.filled = set()  # (row, column), row 0 at the top
        self.take_piece(record)

    def take_piece(self, record):
        """The shapes of the piece by quarter turns, without those that a smaller number gives."""
        shapes = [cells_of(PIECES[record["piece"]])]
        for _ in range(3):
            shapes.append(turned(shapes[-1]))
        self.shapes = [shape for turns, shape in enumerate(shapes) if shape not in shapes[:turns]]

    def landed(self, shape, column):
        """The cells of the piece where it comes to rest; None where that is not between the walls and below the top."""
        if max(col for _, col in shape) + column >= self.width:
            return None
        cells = [(row - 4, col + column) for row, col in shape]  # above the board
        while all(row + 1 < self.height and (row + 1, col) not in self.filled for row, col in cells):
            cells = [(row + 1, col) for row, col in cells]
        return cells if cells[0][0] >= 0 else None

    def mask(self, agent):
        mask = np.zeros((4, self.width), np.int8)
        for turns, shape in enumerate(self.shapes):
            mask[turns] = [self.landed(shape, column) is not None for column in range(self.width)]
        return mask

    def observation(self, agent):
        planes = np.zeros((2, self.height, self.width), np.int8)
        planes[0] = 1
        for cell in self.filled:
            planes[0][cell] = 0
        for cell in self.shapes[0]:
            planes[1][cell] = 1
        return planes

    def step(self, action, record):
        self.filled |= set(self.landed(self.shapes[action[0]], int(action[1])))
        full = [row for row in range(self.height) if all((row, col) in self.filled for col in range(self.width))]
        self.filled = {(row + sum(row < each for each in full), col) for row, col in self.filled if row not in full}
        self.take_piece(record)
        return [float(len(full))], not self.mask(0).any()
