"""MaskedBinPack from its card."""

import json

import numpy as np

OWN = {"bin": [4, 6], "items": [[4, 1], [2, 2], [6, 2], [1, 3], [3, 3], [2, 4]]}
BINS = {"C1P1": (20, 20, 16), "C1P2": (20, 20, 17), "C1P3": (20, 20, 16)}  # rows, columns and rectangles

PARAMETERS = [
    {"instance": OWN},
    {"instance": "C1P1"},
    {"rows": 1, "cols": 1, "num_items": 1, "longest_side": 1},
    {"rows": 2, "cols": 5, "num_items": 9, "longest_side": 2, "time_limit": 3},
    {"rows": 9, "cols": 8, "num_items": 20, "longest_side": 5},
]


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.rows, self.cols, self.num_items = (parameters[name] for name in ("rows", "cols", "num_items"))
        self.longest_side, self.given = parameters["longest_side"], parameters["instance"]
        if self.given in BINS:
            self.rows, self.cols, self.num_items = BINS[self.given]
            self.longest_side = 20
        elif self.given != "random":
            own = json.loads(self.given)
            self.rows, self.cols, self.num_items = *own["bin"], len(own["items"])
            self.longest_side = max(map(max, own["items"]))

    def reset_from(self, record):
        if self.given != "random" and self.given not in BINS:
            assert record["items"].tolist() == json.loads(self.given)["items"]
        self.items = [tuple(sides) for sides in record["items"].tolist()]
        assert len(self.items) == self.num_items
        assert all(1 <= side <= self.longest_side for sides in self.items for side in sides)
        self.taken = set()
        self.places = self.find_places()

    def cells(self, row, col, height, width):
        return {(row + i, col + j) for i in range(height) for j in range(width)}

    def find_places(self):
        """(row, column, height, width): upright row by row, then turned, which for a square is the same."""
        if not self.items:
            return []
        height, width = self.items[0]
        return [
            (row, col, *sides)
            for sides in dict.fromkeys([(height, width), (width, height)])
            for row in range(self.rows - sides[0] + 1)
            for col in range(self.cols - sides[1] + 1)
            if not self.cells(row, col, *sides) & self.taken
        ]

    def mask(self, agent):
        mask = np.zeros(2 * self.rows * self.cols, np.int8)
        mask[: len(self.places)] = 1
        return mask

    def observation(self, agent):
        seen = np.zeros(self.rows * self.cols + 2 * self.num_items, np.float32)
        for row, col in self.taken:
            seen[row * self.cols + col] = 1
        sides = [side for item in self.items for side in item]
        seen[self.rows * self.cols :][: len(sides)] = sides
        embeddings = np.zeros((2 * self.rows * self.cols, 4), np.float32)
        for embedding, place in zip(embeddings, self.places, strict=False):
            embedding[:] = [share / side for share, side in zip(place, (self.rows, self.cols) * 2, strict=True)]
        return {"observation": seen, "action_embeddings": embeddings}

    def step(self, action, record):
        place = self.places[action]
        self.taken |= self.cells(*place)
        self.items = self.items[1:]
        self.places = self.find_places()
        return [place[2] * place[3] / (self.rows * self.cols)], not self.places
