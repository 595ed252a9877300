"""MaskedMastermind from its card."""

from itertools import product

import numpy as np

PARAMETERS = [
    {"num_pegs": 1, "num_colors": 2, "num_guesses": 1},
    {"num_pegs": 2, "num_colors": 10, "num_guesses": 3},
    {"num_pegs": 6, "num_colors": 2},
    {"num_pegs": 3, "num_colors": 4, "time_limit": 2},
]


def answer(guess, secret):
    """The black and the white number."""
    black = sum(a == b for a, b in zip(guess, secret, strict=True))
    common = sum(min(guess.count(colour), secret.count(colour)) for colour in set(guess))
    return black, common - black


class Reference:
    to_move = 0

    def __init__(self, parameters):
        self.parameters = parameters
        self.shape = (parameters["num_colors"],) * parameters["num_pegs"]

    def reset_from(self, record):
        self.secret = tuple(record["secret"].tolist())
        self.board = []
        self.codes = list(product(*map(range, self.shape)))

    def mask(self, agent):
        mask = np.zeros(self.shape, np.int8)
        for code in self.codes:
            mask[code] = 1
        return mask

    def observation(self, agent):
        rows = np.full((self.parameters["num_guesses"], self.parameters["num_pegs"] + 2), -1, np.int8)
        for row, (guess, numbers) in zip(rows, self.board, strict=False):
            row[:] = (*guess, *numbers)
        return rows

    def step(self, action, record):
        guess = tuple(int(colour) for colour in action)
        numbers = answer(guess, self.secret)
        self.board.append((guess, numbers))
        self.codes = [code for code in self.codes if answer(guess, code) == numbers]
        return [-1.0], guess == self.secret or len(self.board) == self.parameters["num_guesses"]
