"""How the pieces of chess move and attack, and which moves leave the own king safe.

The state has the fields `board`, `legal`, `kings`, `rights` and `behind` of `chess.py`. Its card says what they and the
numbers of the actions mean.
"""

from ...core import fill, rule

SIDE = 8
EMPTY = 0
PAWN, KNIGHT, BISHOP, ROOK, QUEEN, KING = range(1, 7)  # of player_0; player_1's are six more
KINDS = 6
KING_COLUMN = 4

DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))  # four straight, four diagonal
STRAIGHT, FARTHEST = 4, 7
JUMPS = ((-2, 1), (-1, 2), (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1))
FIRST_JUMP = len(DIRECTIONS) * FARTHEST
FIRST_PROMOTION = FIRST_JUMP + len(JUMPS)
WAYS = FIRST_PROMOTION + 9
EAST, WEST = 1, 3

KING_SIDE, QUEEN_SIDE = 1, 2  # bits of the rights to castle; player_1's are those times 4
NOWHERE = -1


@rule
def ahead_of(player):
    """How many rows down a pawn goes."""
    return -1 if player == 0 else 1


@rule
def target_of(player, cell, way):
    """The cell to which a way leads; it must be on the board."""
    if way < FIRST_JUMP:
        down, right = DIRECTIONS[way // FARTHEST]
        distance = way % FARTHEST + 1
        return cell + distance * (SIDE * down + right)
    if way < FIRST_PROMOTION:
        down, right = JUMPS[way - FIRST_JUMP]
        return cell + SIDE * down + right
    return cell + SIDE * ahead_of(player) + (way - FIRST_PROMOTION) % 3 - 1


@rule
def piece_at(board, cell):
    return int(board[cell // SIDE, cell % SIDE])


@rule
def put(board, cell, piece):
    board[cell // SIDE, cell % SIDE] = piece


@rule
def find_legal(s, player):
    """Mark the legal moves of a player.

    Most pieces can go without leaving the king attacked: unless it is attacked already, only the king itself, a pinned
    piece and a pawn that captures en passant may not. Of these alone (`exposed`) every move is tried.
    """
    board, king = s["board"], s["kings"][player]
    fill(s["legal"], 0)
    in_check = is_attacked(board, king, 1 - player)
    for cell in range(SIDE * SIDE):
        kind = piece_at(board, cell) - KINDS * player
        if not PAWN <= kind <= KING:
            continue
        exposed = in_check or kind == KING or is_pinned(board, king, cell, 1 - player)
        if kind == PAWN:
            find_pawn_moves(s, player, cell, exposed)
        elif kind == KNIGHT:
            for jump in range(len(JUMPS)):
                add_step(s, player, cell, JUMPS[jump][0], JUMPS[jump][1], FIRST_JUMP + jump, exposed)
        else:
            for direction in range(len(DIRECTIONS)):
                is_straight = direction < STRAIGHT
                if not (kind == ROOK and not is_straight) and not (kind == BISHOP and is_straight):
                    find_line(s, player, cell, direction, 1 if kind == KING else FARTHEST, exposed)
    if not in_check:
        find_castling(s, player)


@rule
def is_pinned(board, king, cell, by):
    """Whether a piece is all that stands between its king and an attacker on a line."""
    down, right = cell // SIDE - king // SIDE, cell % SIDE - king % SIDE
    if down != 0 and right != 0 and abs(down) != abs(right):
        return False
    distance = max(abs(down), abs(right))
    down, right = down // distance, right // distance
    _, nearest = first_piece(board, king // SIDE, king % SIDE, down, right)
    if nearest != distance:
        return False
    behind, _ = first_piece(board, cell // SIDE, cell % SIDE, down, right)
    kind = behind - KINDS * by
    return kind == QUEEN or kind == (ROOK if down == 0 or right == 0 else BISHOP)


@rule
def find_line(s, player, cell, direction, farthest, exposed):
    """The moves in one direction, up to the first piece."""
    down, right = DIRECTIONS[direction]
    for distance in range(1, farthest + 1):
        way = FARTHEST * direction + distance - 1
        if not add_step(s, player, cell, distance * down, distance * right, way, exposed):
            return


@rule
def add_step(s, player, cell, down, right, way, exposed):
    """Mark a move to an empty cell or onto a piece of the other; whether the cell is on the board and empty."""
    row, column = cell // SIDE + down, cell % SIDE + right
    if not (0 <= row < SIDE and 0 <= column < SIDE):
        return False
    held = int(s["board"][row, column])
    if held == EMPTY or is_of(held, 1 - player):
        add_if_safe(s, player, cell, row * SIDE + column, way, exposed)
    return held == EMPTY


@rule
def is_of(piece, player):
    return KINDS * player < piece <= KINDS * (player + 1)


@rule
def find_pawn_moves(s, player, cell, exposed):
    ahead, column = ahead_of(player), cell % SIDE
    for right in range(-1, 2):
        if not 0 <= column + right < SIDE:
            continue
        target = cell + SIDE * ahead + right
        held = piece_at(s["board"], target)
        if right == 0 and held != EMPTY:
            continue
        if right != 0 and not is_of(held, 1 - player) and target != s["behind"]:
            continue
        add_pawn_move(s, player, cell, target, right, exposed or target == s["behind"])
        first_row = 6 if player == 0 else 1
        beyond = target + SIDE * ahead
        if right == 0 and cell // SIDE == first_row and piece_at(s["board"], beyond) == EMPTY:
            add_if_safe(s, player, cell, beyond, pawn_way(player, right) + 1, exposed)


@rule
def pawn_way(player, right):
    """The way of a pawn that goes one cell: straight ahead, or diagonally to the right (1) or to the left (-1)."""
    if right == 0:
        return 0 if player == 0 else FARTHEST * 2
    if player == 0:
        return FARTHEST * (4 if right > 0 else 7)
    return FARTHEST * (5 if right > 0 else 6)


@rule
def add_pawn_move(s, player, cell, target, right, exposed):
    add_if_safe(s, player, cell, target, pawn_way(player, right), exposed)
    if target // SIDE == 0 or target // SIDE == SIDE - 1:
        for piece in range(3):
            add_if_safe(s, player, cell, target, FIRST_PROMOTION + 3 * piece + right + 1, exposed)


@rule
def find_castling(s, player):
    """The castling of a king that is not attacked."""
    king = (SIDE - 1) * SIDE + KING_COLUMN if player == 0 else KING_COLUMN
    rights = (s["rights"] >> (2 * player)) & 3
    if rights & KING_SIDE != 0 and is_free(s["board"], king + 1, king + 2):
        if not is_attacked(s["board"], king + 1, 1 - player):
            add_if_safe(s, player, king, king + 2, FARTHEST * EAST + 1, True)
    if rights & QUEEN_SIDE != 0 and is_free(s["board"], king - 3, king - 1):
        if not is_attacked(s["board"], king - 1, 1 - player):
            add_if_safe(s, player, king, king - 2, FARTHEST * WEST + 1, True)


@rule
def is_free(board, first, last):
    for cell in range(first, last + 1):
        if piece_at(board, cell) != EMPTY:
            return False
    return True


@rule
def add_if_safe(s, player, cell, target, way, exposed):
    """Mark a move unless it leaves the player's own king attacked, which only a move that is `exposed` can."""
    if not exposed:
        s["legal"][cell * WAYS + way] = 1
        return
    board = s["board"]
    piece, held = piece_at(board, cell), piece_at(board, target)
    is_king = piece == KING + KINDS * player
    is_en_passant = piece == PAWN + KINDS * player and target == s["behind"]
    passed = target - SIDE * ahead_of(player) if is_en_passant else cell
    pawn = piece_at(board, passed)
    put(board, passed, EMPTY)
    put(board, cell, EMPTY)
    put(board, target, piece)
    king = target if is_king else s["kings"][player]
    s["legal"][cell * WAYS + way] = not is_attacked(board, king, 1 - player)
    put(board, target, held)
    put(board, passed, pawn)
    put(board, cell, piece)


@rule
def is_attacked(board, cell, by):
    """Whether a player attacks a cell."""
    row, column = cell // SIDE, cell % SIDE
    for direction in range(len(DIRECTIONS)):
        down, right = DIRECTIONS[direction]
        attacker, distance = first_piece(board, row, column, down, right)
        kind = attacker - KINDS * by
        if kind == QUEEN or kind == (ROOK if direction < STRAIGHT else BISHOP) or (kind == KING and distance == 1):
            return True
        if kind == PAWN and distance == 1 and direction >= STRAIGHT and down == -ahead_of(by):
            return True
    for jump in range(len(JUMPS)):
        down, right = row + JUMPS[jump][0], column + JUMPS[jump][1]
        if 0 <= down < SIDE and 0 <= right < SIDE and board[down, right] == KNIGHT + KINDS * by:
            return True
    return False


@rule
def first_piece(board, row, column, down, right):
    """The first piece in a direction and its distance, or EMPTY."""
    distance = 1
    row, column = row + down, column + right
    while 0 <= row < SIDE and 0 <= column < SIDE:
        if board[row, column] != EMPTY:
            return int(board[row, column]), distance
        distance += 1
        row, column = row + down, column + right
    return EMPTY, distance
