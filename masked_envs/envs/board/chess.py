"""Action-masked chess: all of the rules, with 4,672 actions of which about thirty are legal.

Description
    Chess by the laws of FIDE, with castling, en passant and promotion. The game is a draw at once, without a claim, by
    stalemate, by the third occurrence of a position, after fifty moves of each player without a capture or a pawn move,
    and when only the kings and at most one bishop or knight are left.

Action space
    `Discrete(4672)`: 73 * (8 * row + column) of the piece, plus the move type. Row 0 is the eighth rank, column 0 the
    a-file. Directions are given as (rows down, columns to the right).

    | move type | meaning |
    |---|---|
    | 0 to 27 | 7 * k + distance - 1, k being the direction: 0 (-1, 0), 1 (0, 1), 2 (1, 0), 3 (0, -1) |
    | 28 to 55 | the same with k: 4 (-1, 1), 5 (1, 1), 6 (1, -1), 7 (-1, -1) |
    | 56 to 63 | a knight: (-2, 1), (-1, 2), (1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1) |
    | 64 to 66 | promotion to a knight, to the column on the left, the same, the column on the right |
    | 67 to 69 | promotion to a bishop, likewise |
    | 70 to 72 | promotion to a rook, likewise |

    A pawn that reaches the last rank by move types 0 to 55 becomes a queen. Castling is the king's move by two columns.

Mask
    Kind flat, meaning legal: int8 (4672,); 1 for each legal move of chess. It is a function of what the player to move
    observes, and never empty before the end.

Observation
    `Box (19, 8, 8) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 to 5 | the player's pawns, knights, bishops, rooks, queens, king |
    | 6 to 11 | the opponent's, in the same order |
    | 12, 13 | all cells while the player may still castle on the king's side, on the queen's side |
    | 14, 15 | the same of the opponent |
    | 16 | the cell behind a pawn that has just moved two cells, if a pawn of the other player stands beside it |
    | 17 | all cells for player_0 (White, who moves to smaller rows); none for player_1 |
    | 18 | everywhere the number of moves, by both players, since the last capture or pawn move |

Rewards
    `+1` to the player who checkmates and `-1` to the opponent; 0 for both in a draw.

Start
    The initial position of chess; player_0 moves first.

Episode end
    Terminated by checkmate or a draw. Never truncated, unless `time_limit` is set.

Arguments
    None besides the time limit.

References
    FIDE Laws of Chess, 2023. The actions are those of Silver et al., "A general reinforcement learning algorithm that
    masters chess, shogi, and Go through self-play", Science 362, 2018, but the board is not turned. From the start
    there are 20, 400, 8902 and 197281 sequences of one to four moves (OEIS A048987). Positions are compared by the
    pieces, the rights to castle, plane 16 and who is to move.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, copy_to, count_nonzero, equal_to, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .chess_moves import (
    BISHOP,
    EMPTY,
    FIRST_PROMOTION,
    KINDS,
    KING,
    KING_COLUMN,
    KING_SIDE,
    KNIGHT,
    NOWHERE,
    PAWN,
    QUEEN,
    QUEEN_SIDE,
    ROOK,
    SIDE,
    WAYS,
    ahead_of,
    find_legal,
    is_attacked,
    piece_at,
    put,
    target_of,
)

BACK_RANK = (ROOK, KNIGHT, BISHOP, QUEEN, KING, BISHOP, KNIGHT, ROOK)
MOST_QUIET, MOST_EQUAL = 100, 3
BITS = np.random.default_rng(0).integers(1, 2**62, (2 * KINDS + 1, SIDE * SIDE))  # of each piece on each cell
OTHER_BITS = np.random.default_rng(1).integers(1, 2**62, 2 + 16 + SIDE * SIDE)  # of mover, rights, en passant


def state(values):
    return state_record(
        board=(np.int8, (SIDE, SIDE)),
        legal=(np.int8, (SIDE * SIDE * WAYS,)),
        kings=(np.int64, (2,)),  # the cell of each
        rights=np.int64,
        behind=np.int64,  # the cell behind a pawn that can be captured en passant, or NOWHERE
        quiet=np.int64,  # moves since the last capture or move of a pawn
        positions=(np.int64, (MOST_QUIET + 1,)),  # since then, as bits
    )


@rule
def reset(s, p):
    board = s["board"]
    fill(board, EMPTY)
    for column in range(SIDE):
        board[0, column] = BACK_RANK[column] + KINDS
        board[1, column] = PAWN + KINDS
        board[6, column] = PAWN
        board[7, column] = BACK_RANK[column]
    s["kings"][0] = 7 * SIDE + KING_COLUMN
    s["kings"][1] = KING_COLUMN
    s["rights"] = 5 * (KING_SIDE + QUEEN_SIDE)
    s["behind"] = NOWHERE
    s["quiet"] = 0
    s["positions"][0] = position_bits(s, 0)
    find_legal(s, 0)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["legal"], out)


@rule
def step(s, p, action, rewards):
    player = s["to_move"]
    move_piece(s, player, action // WAYS, action % WAYS)
    s["to_move"] = 1 - player
    s["positions"][s["quiet"]] = position_bits(s, 1 - player)
    find_legal(s, 1 - player)
    if count_nonzero(s["legal"]) == 0:
        if is_attacked(s["board"], s["kings"][1 - player], player):
            rewards[player] += 1.0
            rewards[1 - player] -= 1.0
        return True
    return s["quiet"] == MOST_QUIET or count_equal(s) == MOST_EQUAL or is_too_little(s["board"])


@rule
def observe(s, p, agent, out):
    for kind in range(KINDS):
        equal_to(s["board"], 1 + kind + KINDS * agent, out[kind])
        equal_to(s["board"], 1 + kind + KINDS * (1 - agent), out[KINDS + kind])
    for k in range(4):
        bit = 2 * (agent if k < 2 else 1 - agent) + k % 2
        fill(out[12 + k], (s["rights"] >> bit) & 1)
    fill(out[16], 0)
    if s["behind"] != NOWHERE:
        out[16, s["behind"] // SIDE, s["behind"] % SIDE] = 1
    fill(out[17], 1 - agent)
    fill(out[18], s["quiet"])


# --- moving -------------------------------------------------------------------------------------------------------


@rule
def move_piece(s, player, cell, way):
    """Carry out a legal move, with the rook of castling, the pawn captured en passant, and the promotion."""
    board, target = s["board"], target_of(player, cell, way)
    piece, kind = piece_at(board, cell), piece_at(board, cell) - KINDS * player
    is_capture = piece_at(board, target) != EMPTY
    put(board, cell, EMPTY)
    put(board, target, piece)
    if kind == PAWN and target == s["behind"]:
        put(board, target - SIDE * ahead_of(player), EMPTY)
    if kind == PAWN and (target // SIDE == 0 or target // SIDE == SIDE - 1):
        promoted = QUEEN if way < FIRST_PROMOTION else KNIGHT + (way - FIRST_PROMOTION) // 3
        put(board, target, promoted + KINDS * player)
    if kind == KING:
        s["kings"][player] = target
        if abs(target - cell) == 2:
            rook = cell + 3 if target > cell else cell - 4
            put(board, rook, EMPTY)
            put(board, (cell + target) // 2, ROOK + KINDS * player)
    s["rights"] &= rights_left(cell) & rights_left(target)
    s["behind"] = (cell + target) // 2 if kind == PAWN and leaves_behind(board, player, cell, target) else NOWHERE
    s["quiet"] = 0 if is_capture or kind == PAWN else s["quiet"] + 1


@rule
def rights_left(cell):
    """The rights to castle that are left when a piece has gone from, or come to, a cell."""
    row, column = cell // SIDE, cell % SIDE
    lost = 0
    if column == KING_COLUMN or column == SIDE - 1:
        lost += KING_SIDE
    if column == KING_COLUMN or column == 0:
        lost += QUEEN_SIDE
    if row == 0:
        lost *= 4
    elif row != SIDE - 1:
        lost = 0
    return 15 - lost


@rule
def leaves_behind(board, player, cell, target):
    """Whether a pawn has gone two cells, to the side of a pawn of the other."""
    if abs(target - cell) != 2 * SIDE:
        return False
    column, other = target % SIDE, PAWN + KINDS * (1 - player)
    on_left = column > 0 and piece_at(board, target - 1) == other
    return on_left or (column < SIDE - 1 and piece_at(board, target + 1) == other)


# --- draws ----------------------------------------------------------------------------------------------------------


@rule
def position_bits(s, mover):
    bits = OTHER_BITS[mover] ^ OTHER_BITS[2 + s["rights"]]
    if s["behind"] != NOWHERE:
        bits ^= OTHER_BITS[18 + s["behind"]]
    for cell in range(SIDE * SIDE):
        piece = piece_at(s["board"], cell)
        if piece != EMPTY:
            bits ^= BITS[piece, cell]
    return bits


@rule
def count_equal(s):
    """How often the position has been there since the last capture or move of a pawn, now included."""
    times, now = 0, s["positions"][s["quiet"]]
    for k in range(s["quiet"] + 1):
        if s["positions"][k] == now:
            times += 1
    return times


@rule
def is_too_little(board):
    """Whether a bishop or a knight is all there is beside the kings."""
    light = 0
    for cell in range(SIDE * SIDE):
        kind = (piece_at(board, cell) - 1) % KINDS + 1 if piece_at(board, cell) != EMPTY else EMPTY
        if kind == PAWN or kind == ROOK or kind == QUEEN:
            return False
        if kind == KNIGHT or kind == BISHOP:
            light += 1
    return light <= 1


# --- picture: one unit a cell; a move is marked on its target, small, since several pieces may go there -------------

LETTERS = ".PNBRQKpnbrqk"
SYMBOLS = "PNBRQK"


def draw(s, p):
    scene = Scene(SIDE, SIDE, in_picture=True)
    scene.players("piece_light", "piece_dark")
    for (row, column), piece in np.ndenumerate(s["board"]):
        scene.rect(column, row, 1, 1, ("cell", "cell_alt")[(row + column) % 2])
        if piece != EMPTY:
            is_white = piece <= KINDS
            scene.disc(column + 0.5, row + 0.5, 0.38, "piece_dark")
            if is_white:
                scene.disc(column + 0.5, row + 0.5, 0.35, "piece_light")
            scene.text(column + 0.5, row + 0.52, SYMBOLS[(piece - 1) % KINDS], 0.42, "text" if is_white else "inverse")
    targets = {}
    for action in np.flatnonzero(s["legal"]).tolist():
        targets.setdefault(target_of(int(s["to_move"]), action // WAYS, action % WAYS), []).append(action)
    for target, actions in targets.items():
        across = 3 if len(actions) <= 9 else 4  # four pawns' promotions and more may end on one cell
        for k, action in enumerate(actions):
            x, y = (
                target % SIDE + 0.04 + 0.93 * (k % across) / across,
                target // SIDE + 0.04 + 0.93 * (k // across) / across,
            )
            cell, way = name_of(action // WAYS), action % WAYS
            piece = "" if way < FIRST_PROMOTION else f"={SYMBOLS[KNIGHT - 1 + (way - FIRST_PROMOTION) // 3]}"
            scene.action(action, x, y, 0.84 / across, 0.84 / across, cell, name=f"{cell}{name_of(target)}{piece}")
    scene.glyph_rows = ["".join(LETTERS[piece] for piece in line) for line in s["board"]]
    return scene


def name_of(cell):
    """A cell in chess notation, such as "e4"."""
    return "abcdefgh"[cell % SIDE] + str(SIDE - cell // SIDE)


ENV = Declaration(
    id="MaskedChess-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(SIDE * SIDE * WAYS),
    observation=lambda values: Box(0, MOST_QUIET, (19, SIDE, SIDE), np.int8),
    zero_sum=True,
)
