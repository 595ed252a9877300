"""Action-masked Go: surround; no suicide, and no position twice.

Description
    Two players put stones on the points of a square board in turn, or pass. A group is a set of stones of one colour
    that are connected along lines. It is captured when its last liberty, an adjacent empty point, is filled. The rules
    are those of Tromp and Taylor, except that suicide is forbidden: a move must not leave its own group without a
    liberty. As in their rules, a move must not repeat any earlier position of the board (positional superko).

Action space
    `Discrete(size * size + 1)`.

    | action | meaning |
    |---|---|
    | k, 0 to size * size - 1 | the point in row k // size, column k % size, from the top left |
    | size * size | pass |

Mask
    Kind flat, meaning legal: int8 (size * size + 1,). A point is legal if it is empty, a stone there has a liberty
    after its captures are removed, and the resulting position is new. Passing is always legal, so the mask is never
    empty. It is not a function of the observation, which does not show all earlier positions.

Observation
    `Box (4, size, size) int8`, seen by one player.

    | plane | marks |
    |---|---|
    | 0 | the player's stones |
    | 1 | the opponent's stones |
    | 2 | all points for player_0, none for player_1 |
    | 3 | all points if the last action was a pass |

Rewards
    At the end `+1` to the winner and `-1` to the opponent, or 0 for both if their scores are equal. A player's score is
    the number of its stones and of the empty points from which only its stones are reached along empty points; player_1
    gets `komi` more.

Start
    An empty board, which counts as an earlier position; player_0 moves first.

Episode end
    Terminated by two passes in a row, or after 3 * size * size actions. Never truncated, unless `time_limit` is set.

Arguments
    `size`, `komi`.

References
    Tromp and Taylor, "The game of Go", 1995. Tromp and Farneback, "Combinatorics of Go", 2007: there are 57 legal
    positions on the board of 2 by 2 and 12,675 on 3 by 3. Positions are told apart by 62 random bits for each stone
    (Zobrist, "A New Hashing Method with Application for Game Playing", 1970); two that agree by chance are less likely
    than 1 in 10^12 games of 19 by 19.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .boards import EMPTY, observe_pieces, root_of

LARGEST = 19
NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # (down, right)
BITS = np.random.default_rng(0).integers(1, 2**62, (2, LARGEST * LARGEST))  # of a stone of each player on each point
ACTIONS_PER_POINT = 3  # of an episode, at most
NO_POSITION = -1


@rule
def most_actions(size):
    return ACTIONS_PER_POINT * size * size


def state(values):
    points = values["size"] ** 2
    return state_record(
        board=(np.int8, (values["size"], values["size"])),
        legal=(np.int8, (points + 1,)),
        # Of the position on the board: the group of each point, which is named by its last point, and for each name
        # how many liberties the group has, or which colours an empty region reaches, and the bits of its stones.
        group=(np.int64, (points,)),
        liberties=(np.int64, (points,)),
        group_bits=(np.int64, (points,)),
        bits=np.int64,  # of all stones
        known=(np.int64, (2 ** (2 * most_actions(values["size"])).bit_length(),)),  # earlier positions: a hash table
        passes=np.int64,  # in a row
        actions=np.int64,
    )


@rule
def reset(s, p):
    fill(s["board"], EMPTY)
    fill(s["known"], NO_POSITION)
    s["bits"] = 0
    remember(s["known"], 0)
    s["passes"] = 0
    s["actions"] = 0
    find_legal(s, p["size"], 0)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["legal"], out)


@rule
def step(s, p, action, rewards):
    size, player = p["size"], s["to_move"]
    s["actions"] += 1
    s["to_move"] = 1 - player
    if action == size * size:
        s["passes"] += 1
    else:
        s["passes"] = 0
        place(s, size, player, action)
        remember(s["known"], s["bits"])
    if s["passes"] == 2 or s["actions"] == most_actions(size):
        lead = count_points(s, size, 0) - count_points(s, size, 1) - p["komi"]
        if lead != 0.0:
            winner = 0 if lead > 0.0 else 1
            rewards[winner] += 1.0
            rewards[1 - winner] -= 1.0
        return True
    find_legal(s, size, 1 - player)
    return False


@rule
def observe(s, p, agent, out):
    observe_pieces(s["board"], agent, out)
    fill(out[2], 1 - agent)
    fill(out[3], 1 if s["passes"] > 0 else 0)


# --- groups --------------------------------------------------------------------------------------------------------


@rule
def find_groups(s, size):
    """Join neighbours of one colour, and empty neighbours; forget what was known of the groups.

    The first pass makes a forest (union-find) in which each point leads to a later one of its group.
    """
    group, board = s["group"], s["board"]
    fill(s["liberties"], 0)
    fill(s["group_bits"], 0)
    for row in range(size):
        for column in range(size):
            point, content = row * size + column, board[row, column]
            group[point] = point
            if row > 0 and board[row - 1, column] == content:
                group[root_of(group, point - size)] = point
            if column > 0 and board[row, column - 1] == content:
                group[root_of(group, point - 1)] = point
    for point in range(size * size - 1, -1, -1):
        group[point] = group[group[point]]


@rule
def neighbour_of(size, row, column, k):
    """The k-th neighbour of a point, or -1 beyond the edge. Points are not divided by a size: that takes long."""
    row, column = row + NEIGHBOURS[k][0], column + NEIGHBOURS[k][1]
    if 0 <= row < size and 0 <= column < size:
        return row * size + column
    return -1


@rule
def stone_at(board, point):
    """EMPTY, or the player's index plus one."""
    return int(board.flat[point])


@rule
def is_first_of_group(s, size, row, column, k):
    """Whether no earlier neighbour of a point is of the same group as the k-th."""
    group = s["group"][neighbour_of(size, row, column, k)]
    for earlier in range(k):
        beside = neighbour_of(size, row, column, earlier)
        if beside >= 0 and s["group"][beside] == group:
            return False
    return True


@rule
def measure_groups(s, size):
    """Count the liberties of every group, and add up the bits of its stones."""
    board, group = s["board"], s["group"]
    for row in range(size):
        for column in range(size):
            point = row * size + column
            stone = stone_at(board, point)
            if stone != EMPTY:
                s["group_bits"][group[point]] ^= BITS[stone - 1, point]
                continue
            for k in range(len(NEIGHBOURS)):
                beside = neighbour_of(size, row, column, k)
                if beside >= 0 and stone_at(board, beside) != EMPTY and is_first_of_group(s, size, row, column, k):
                    s["liberties"][group[beside]] += 1


# --- moves ---------------------------------------------------------------------------------------------------------


@rule
def find_legal(s, size, player):
    """Renew the groups of the position and the legal actions of the player to move."""
    find_groups(s, size)
    measure_groups(s, size)
    for row in range(size):
        for column in range(size):
            is_empty = s["board"][row, column] == EMPTY
            s["legal"][row * size + column] = is_empty and may_place(s, size, player, row, column)
    s["legal"][size * size] = 1


@rule
def may_place(s, size, player, row, column):
    """Whether a stone on an empty point has a liberty, and makes a new position."""
    bits, has_liberty = s["bits"] ^ BITS[player, row * size + column], False
    for k in range(len(NEIGHBOURS)):
        beside = neighbour_of(size, row, column, k)
        if beside < 0:
            continue
        stone, group = stone_at(s["board"], beside), s["group"][beside]
        if stone == EMPTY:
            has_liberty = True
        elif stone == player + 1:
            has_liberty = has_liberty or s["liberties"][group] > 1
        elif s["liberties"][group] == 1:
            has_liberty = True
            if is_first_of_group(s, size, row, column, k):
                bits ^= s["group_bits"][group]
    return has_liberty and not is_known(s["known"], bits)


@rule
def place(s, size, player, point):
    """Put a stone, and take the groups whose last liberty it fills."""
    board, row, column = s["board"], point // size, point % size
    board[row, column] = player + 1
    s["bits"] ^= BITS[player, point]
    for k in range(len(NEIGHBOURS)):
        beside = neighbour_of(size, row, column, k)
        if beside >= 0 and stone_at(board, beside) == 2 - player:
            group = s["group"][beside]
            if s["liberties"][group] == 1:
                take(s, size, group)


@rule
def take(s, size, group):
    s["bits"] ^= s["group_bits"][group]
    for point in range(size * size):
        if s["group"][point] == group:
            s["board"].flat[point] = EMPTY


@rule
def remember(known, bits):
    known[place_in(known, bits)] = bits


@rule
def is_known(known, bits):
    return known[place_in(known, bits)] == bits


@rule
def place_in(known, bits):
    """Where a position is in the hash table, or belongs; more than half of the table is always free."""
    place = bits & (known.size - 1)
    while known[place] != NO_POSITION and known[place] != bits:
        place = (place + 1) & (known.size - 1)
    return place


@rule
def count_points(s, size, player):
    """The stones of a player, and the empty points from which no other stones are reached."""
    find_groups(s, size)
    for row in range(size):
        for column in range(size):
            if s["board"][row, column] == EMPTY:
                region = s["group"][row * size + column]
                for k in range(len(NEIGHBOURS)):
                    beside = neighbour_of(size, row, column, k)
                    if beside >= 0:
                        s["liberties"][region] |= stone_at(s["board"], beside)
    points = 0.0
    for point in range(size * size):
        stone = stone_at(s["board"], point)
        if stone == player + 1 or (stone == EMPTY and s["liberties"][s["group"][point]] == player + 1):
            points += 1.0
    return points


# --- picture: one unit a point, the pass below -----------------------------------------------------------------------

BUTTON = 0.9


def draw(s, p):
    size = p["size"]
    scene = Scene(size, size + BUTTON)
    scene.players("piece_dark", "piece_light")
    scene.rect(0, 0, size, size, "cell_alt")
    for k in range(size):
        scene.line([(0.5, k + 0.5), (size - 0.5, k + 0.5)], 0.04, "muted")
        scene.line([(k + 0.5, 0.5), (k + 0.5, size - 0.5)], 0.04, "muted")
    for (row, column), stone in np.ndenumerate(s["board"]):
        if stone == EMPTY:
            scene.action(
                row * size + column, column + 0.1, row + 0.1, 0.8, 0.8, style="area", name=f"({row}, {column})"
            )
        else:
            scene.disc(column + 0.5, row + 0.5, 0.45, "piece_dark")
            if stone == 2:
                scene.disc(column + 0.5, row + 0.5, 0.41, "piece_light")
    scene.action(size * size, 0.05, size + 0.1, size - 0.1, BUTTON - 0.15, "pass")
    scene.glyph_rows = ["".join(".XO"[stone] for stone in line) for line in s["board"]]
    return scene


ENV = Declaration(
    id="MaskedGo-v0",
    module=__name__,
    play="turns",
    agents=lambda values: ("player_0", "player_1"),
    state=state,
    mask=lambda values: MaskSpec.flat(values["size"] ** 2 + 1),
    observation=lambda values: Box(0, 1, (4, values["size"], values["size"]), np.int8),
    parameters={
        "size": Parameter(9, "points along a side", low=2, high=LARGEST),
        "komi": Parameter(7.5, "points that player_1 has more", low=-1000.0, high=1000.0),
    },
    zero_sum=True,
)
