"""MaskedCheckers from its card."""

import numpy as np

PARAMETERS = [
    {"size": 4, "draw_after": 3},
    {"size": 6, "draw_after": 1},
    {"size": 6, "draw_after": 12, "time_limit": 15},
    {"size": 10},
]
STEPS = 800

DIRECTIONS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
AHEAD = (1, -1)  # of player_0, of player_1


class Reference:
    def __init__(self, parameters):
        self.size, self.draw_after = parameters["size"], parameters["draw_after"]

    def reset_from(self, record):
        self.pieces = {}  # (row, column) -> (player, is a king)
        for row in range(self.size):
            for column in range(self.size):
                if (row + column) % 2 == 1:
                    if row < self.size // 2 - 1:
                        self.pieces[row, column] = (0, False)
                    elif row >= self.size - (self.size // 2 - 1):
                        self.pieces[row, column] = (1, False)
        self.to_move = 0
        self.capturing = None  # the cell of the piece whose capture goes on
        self.quiet = 0

    def is_free(self, row, column):
        return 0 <= row < self.size and 0 <= column < self.size and (row, column) not in self.pieces

    def targets(self, cell, jump):
        """Direction -> cell, of what the piece on the cell may do by its own: moves, or jumps."""
        player, is_king = self.pieces[cell]
        row, column = cell
        found = {}
        for direction, (down, right) in enumerate(DIRECTIONS):
            if not is_king and down != AHEAD[player]:
                continue
            if not jump and self.is_free(row + down, column + right):
                found[direction] = (row + down, column + right)
            beside = self.pieces.get((row + down, column + right))
            if jump and beside and beside[0] != player and self.is_free(row + 2 * down, column + 2 * right):
                found[direction] = (row + 2 * down, column + 2 * right)
        return found

    def legal(self):
        """(cell, direction) -> the cell to which the piece goes."""
        if self.capturing:
            return {(self.capturing, way): to for way, to in self.targets(self.capturing, True).items()}
        own = [cell for cell, (player, _) in self.pieces.items() if player == self.to_move]
        for jump in (True, False):
            found = {(cell, way): to for cell in own for way, to in self.targets(cell, jump).items()}
            if found:
                return found
        return {}

    def mask(self, agent):
        mask = np.zeros(4 * self.size**2, np.int8)
        for (row, column), way in self.legal():
            mask[4 * (row * self.size + column) + way] = 1
        return mask

    def observation(self, agent):
        planes = np.zeros((6, self.size, self.size), np.int8)
        for (row, column), (player, is_king) in self.pieces.items():
            planes[(0 if player == agent else 2) + is_king, row, column] = 1
        if self.capturing:
            planes[4][self.capturing] = 1
        planes[5] = agent == 0
        return planes

    def step(self, action, record):
        cell, way = divmod(action, 4)
        source = divmod(cell, self.size)
        target = self.legal()[source, way]
        player, was_king = self.pieces.pop(source)
        is_jump = abs(target[0] - source[0]) == 2
        if is_jump:
            del self.pieces[(source[0] + target[0]) // 2, (source[1] + target[1]) // 2]
        is_crowned = not was_king and target[0] == (self.size - 1 if player == 0 else 0)
        self.pieces[target] = (player, was_king or is_crowned)
        self.quiet = self.quiet + 1 if was_king and not is_jump else 0
        self.capturing = target if is_jump and not is_crowned and self.targets(target, True) else None
        if self.capturing:
            return [0.0, 0.0], False
        self.to_move = 1 - player
        if not self.legal():
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        return [0.0, 0.0], self.quiet >= self.draw_after
