"""MaskedChess from its card, a mailbox of cells."""

import numpy as np

PARAMETERS = [{"time_limit": 9}]
STEPS = 1000

KINDS = "PNBRQK"
DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))
JUMPS = ((-2, 1), (-1, 2), (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1))
GOES = {"B": DIRECTIONS[4:], "R": DIRECTIONS[:4], "Q": DIRECTIONS, "K": DIRECTIONS}
AHEAD, HOME = (-1, 1), (7, 0)  # of player_0, of player_1
KING_SIDE, QUEEN_SIDE = 0, 1


def on_board(cell):
    return 0 <= cell[0] < 8 and 0 <= cell[1] < 8


def is_attacked(board, cell, by):
    """Whether the player could capture on the cell."""
    row, column = cell
    if any(board.get((row + down, column + right)) == (by, "N") for down, right in JUMPS):
        return True
    if any(board.get((row - AHEAD[by], column + right)) == (by, "P") for right in (-1, 1)):
        return True
    for down, right in DIRECTIONS:
        for distance in range(1, 8):
            piece = board.get((row + distance * down, column + distance * right))
            if piece:
                player, kind = piece
                if player == by and (down, right) in GOES.get(kind, ()) and (kind != "K" or distance == 1):
                    return True
                break
    return False


def moved(board, source, target, becomes):
    """The board after a move; a pawn that goes diagonally to an empty cell captures beside it."""
    player, kind = board[source]
    after = {cell: piece for cell, piece in board.items() if cell not in (source, target)}
    after[target] = (player, becomes or kind)
    if kind == "P" and source[1] != target[1] and target not in board:
        del after[source[0], target[1]]
    if kind == "K" and abs(source[1] - target[1]) == 2:
        rook_from, rook_to = (7, 5) if target[1] == 6 else (0, 3)
        after[source[0], rook_to] = after.pop((source[0], rook_from))
    return after


def is_in_check(board, player):
    (king,) = [cell for cell, piece in board.items() if piece == (player, "K")]
    return is_attacked(board, king, 1 - player)


class Reference:
    def __init__(self, parameters):
        pass

    def reset_from(self, record):
        self.board = {}  # (row, column) -> (player, kind)
        for column, kind in enumerate("RNBQKBNR"):
            for player in (0, 1):
                self.board[HOME[player], column] = (player, kind)
                self.board[HOME[player] + AHEAD[player], column] = (player, "P")
        self.rights = {(player, side) for player in (0, 1) for side in (KING_SIDE, QUEEN_SIDE)}
        self.behind = None  # plane 16
        self.to_move = self.quiet = 0
        self.times = {self.position(): 1}
        self.legal = self.find_legal()

    def position(self):
        return frozenset(self.board.items()), frozenset(self.rights), self.behind, self.to_move

    def pawn_moves(self, cell):
        row, column = cell
        ahead = AHEAD[self.to_move]
        if (row + ahead, column) not in self.board:
            yield row + ahead, column
            if row == HOME[self.to_move] + ahead and (row + 2 * ahead, column) not in self.board:
                yield row + 2 * ahead, column
        for target in ((row + ahead, column - 1), (row + ahead, column + 1)):
            if target == self.behind or self.board.get(target, (None,))[0] == 1 - self.to_move:
                yield target

    def castlings(self, cell):
        row, other = HOME[self.to_move], 1 - self.to_move
        for side, empty, passed, goal in ((KING_SIDE, (5, 6), (4, 5, 6), 6), (QUEEN_SIDE, (1, 2, 3), (4, 3, 2), 2)):
            if (
                (self.to_move, side) in self.rights
                and not any((row, column) in self.board for column in empty)
                and not any(is_attacked(self.board, (row, column), other) for column in passed)
            ):
                assert cell == (row, 4)
                yield row, goal

    def piece_moves(self, cell, kind):
        """Cells that a piece but a pawn could go to."""
        steps = JUMPS if kind == "N" else GOES[kind]
        for down, right in steps:
            for distance in range(1, 2 if kind in "NK" else 8):
                target = (cell[0] + distance * down, cell[1] + distance * right)
                if not on_board(target):
                    break
                piece = self.board.get(target)
                if piece is None or piece[0] != self.to_move:
                    yield target
                if piece:
                    break
        if kind == "K":
            yield from self.castlings(cell)

    def actions(self, source, target, kind):
        """Each way to name the move, with what a pawn becomes."""
        down, right = target[0] - source[0], target[1] - source[1]
        first = 73 * (8 * source[0] + source[1])
        if kind == "N":
            yield first + 56 + JUMPS.index((down, right)), None
            return
        distance = max(abs(down), abs(right))
        direction = DIRECTIONS.index((down // distance, right // distance))
        is_promotion = kind == "P" and target[0] in (0, 7)
        yield first + 7 * direction + distance - 1, "Q" if is_promotion else None
        if is_promotion:
            for place, becomes in enumerate("NBR"):
                yield first + 64 + 3 * place + right + 1, becomes

    def find_legal(self):
        """Action -> (source, target, what the pawn becomes), of every move that leaves the own king safe."""
        legal = {}
        for source, (player, kind) in self.board.items():
            if player != self.to_move:
                continue
            for target in self.pawn_moves(source) if kind == "P" else self.piece_moves(source, kind):
                if not is_in_check(moved(self.board, source, target, None), player):
                    for action, becomes in self.actions(source, target, kind):
                        legal[action] = (source, target, becomes)
        return legal

    def mask(self, agent):
        mask = np.zeros(4672, np.int8)
        mask[list(self.legal)] = 1
        return mask

    def observation(self, agent):
        planes = np.zeros((19, 8, 8), np.int8)
        for (row, column), (player, kind) in self.board.items():
            planes[KINDS.index(kind) + (0 if player == agent else 6), row, column] = 1
        for player, side in self.rights:
            planes[12 + side + (0 if player == agent else 2)] = 1
        if self.behind:
            planes[16][self.behind] = 1
        planes[17] = agent == 0
        planes[18] = self.quiet
        return planes

    def step(self, action, record):
        player, (source, target, becomes) = self.to_move, self.legal[action]
        kind = self.board[source][1]
        self.quiet = 0 if kind == "P" or target in self.board else self.quiet + 1
        self.board = moved(self.board, source, target, becomes)
        for owner in (0, 1):
            for side, column in ((KING_SIDE, 7), (QUEEN_SIDE, 0)):
                if {source, target} & {(HOME[owner], column), (HOME[owner], 4)}:
                    self.rights.discard((owner, side))
        self.behind = None
        if kind == "P" and abs(target[0] - source[0]) == 2:
            beside = [self.board.get((target[0], target[1] + right)) for right in (-1, 1)]
            if (1 - player, "P") in beside:
                self.behind = (source[0] + AHEAD[player], source[1])
        self.to_move = 1 - player
        self.times[self.position()] = self.times.get(self.position(), 0) + 1
        self.legal = self.find_legal()
        if not self.legal and is_in_check(self.board, self.to_move):
            return [1.0 if agent == player else -1.0 for agent in (0, 1)], True
        return [0.0, 0.0], not self.legal or self.is_drawn()

    def is_drawn(self):
        rest = sorted(kind for _, kind in self.board.values() if kind != "K")
        return self.times[self.position()] >= 3 or self.quiet >= 100 or rest in ([], ["B"], ["N"])
