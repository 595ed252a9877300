"""What board games share. A cell holds EMPTY, or the index of the player whose piece stands there plus one."""

from ...core import equal_to, rule

EMPTY = 0
AXES = ((0, 1), (1, 0), (1, 1), (1, -1))  # (down, right): along a row, a column, and the two diagonals


@rule
def observe_pieces(board, agent, out):
    """Write two planes: the pieces of the player who looks, and those of the other player."""
    equal_to(board, agent + 1, out[0])
    equal_to(board, 2 - agent, out[1])


@rule
def mark_empty(board, out):
    """Write a mask with one entry for each cell, row by row: 1 where no piece stands."""
    columns = board.shape[1]
    for row in range(board.shape[0]):
        equal_to(board[row], EMPTY, out[row * columns : (row + 1) * columns])


@rule
def completes_line(board, row, column, number):
    """Whether `number` or more equal pieces stand in one line through (row, column)."""
    for down, right in AXES:
        if 1 + run(board, row, column, down, right) + run(board, row, column, -down, -right) >= number:
            return True
    return False


@rule
def run(board, row, column, down, right):
    """How many pieces like the one at (row, column) follow it in one direction."""
    rows, columns = board.shape
    piece, length = board[row, column], 0
    row, column = row + down, column + right
    while 0 <= row < rows and 0 <= column < columns and board[row, column] == piece:
        length += 1
        row, column = row + down, column + right
    return length


@rule
def root_of(parent, cell):
    """The root of a group of cells, kept as a forest (union-find); the path to it is halved on the way."""
    while parent[cell] != cell:
        parent[cell] = parent[parent[cell]]
        cell = parent[cell]
    return cell
