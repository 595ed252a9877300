"""Action-masked triangular peg solitaire: jump over pegs until one is left.

Description
    Holes form a triangle: row r, from 0 at the apex to `side` - 1, has the places 0 to r. All holes but one hold a peg.
    A peg jumps in a straight line over an adjacent peg into the empty hole behind it, and the peg jumped over is
    removed.

Action space
    `Discrete(6 * side * side)`: 6 * (row * side + place) of the peg that jumps, plus the direction.

    | direction | rows down | places to the right |
    |---|---|---|
    | 0 | 0 | -1 |
    | 1 | 0 | 1 |
    | 2 | -1 | -1 |
    | 3 | -1 | 0 |
    | 4 | 1 | 0 |
    | 5 | 1 | 1 |

Mask
    Kind flat, meaning legal: int8 (6 * side * side,). A jump is legal if its first hole and the next one in its
    direction hold pegs, and the hole after that is in the triangle and empty. Entries of places outside the triangle
    are always 0. The mask is a function of the observation and never empty before the end.

Observation
    `Box (side, side) int8`.

    | value at (row, place) | meaning |
    |---|---|
    | 1 | a hole with a peg |
    | 0 | an empty hole, or outside the triangle |

Rewards
    1 for each jump, which removes one peg.

Start
    Every hole holds a peg except one: the apex with `empty_hole="apex"`, or with "random" a uniformly random hole into
    which a jump leads.

Episode end
    Terminated when no jump is legal. Never truncated, unless `time_limit` is set.

Arguments
    `side`, `empty_hole`.

References
    Bell, "Solving Triangular Peg Solitaire", Journal of Integer Sequences 11, 2008. With 15 holes and the apex empty
    there are 568,630 games.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, count_nonzero, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

DIRECTIONS = ((0, -1), (0, 1), (-1, -1), (-1, 0), (1, 0), (1, 1))  # (rows down, places to the right)
EMPTY_HOLES = ("apex", "random")
APEX, RANDOM = range(len(EMPTY_HOLES))


def state(values):
    side = values["side"]
    return state_record(pegs=(np.int8, (side, side)), jumps=(np.int8, (side * side * len(DIRECTIONS),)))


@rule
def reset(s, p):
    set_up(s, p["side"], 0, 0)
    if p["empty_hole"] == RANDOM:
        fill(s["jumps"], 0)
        while count_nonzero(s["jumps"]) == 0:
            hole, row = random_below(s["rng"], p["side"] * (p["side"] + 1) // 2), 0
            while hole > row:
                hole -= row + 1
                row += 1
            set_up(s, p["side"], row, hole)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["jumps"], out)


@rule
def step(s, p, action, rewards):
    pegs, side = s["pegs"], p["side"]
    hole = action // len(DIRECTIONS)
    row, place = hole // side, hole % side
    down, right = DIRECTIONS[action % len(DIRECTIONS)]
    pegs[row, place] = 0
    pegs[row + down, place + right] = 0
    pegs[row + 2 * down, place + 2 * right] = 1
    rewards[0] += 1.0
    find_jumps(s, side)
    return count_nonzero(s["jumps"]) == 0


@rule
def observe(s, p, agent, out):
    copy_to(s["pegs"], out)


@rule
def set_up(s, side, empty_row, empty_place):
    fill(s["pegs"], 0)
    for row in range(side):
        for place in range(row + 1):
            s["pegs"][row, place] = 1
    s["pegs"][empty_row, empty_place] = 0
    find_jumps(s, side)


@rule
def find_jumps(s, side):
    """Renew the list of legal jumps."""
    pegs, jumps = s["pegs"], s["jumps"]
    fill(jumps, 0)
    for row in range(side):
        for place in range(row + 1):
            if pegs[row, place] == 0:
                continue
            for direction in range(len(DIRECTIONS)):
                down, right = DIRECTIONS[direction]
                target_row, target_place = row + 2 * down, place + 2 * right
                if 0 <= target_row < side and 0 <= target_place <= target_row:
                    is_legal = pegs[row + down, place + right] != 0 and pegs[target_row, target_place] == 0
                    jumps[(row * side + place) * len(DIRECTIONS) + direction] = is_legal


# --- picture: one unit a hole, each row half a unit further to the left; the jumps of a peg lie around it -----------


def draw(s, p):
    side = p["side"]
    scene = Scene(side, side)
    for row in range(side):
        for place in range(row + 1):
            x, y = (side - row - 1) / 2 + place, row
            scene.disc(x + 0.5, y + 0.5, 0.42, "frame")
            scene.disc(x + 0.5, y + 0.5, 0.3, "player_0" if s["pegs"][row, place] else "hole")
            for direction, (down, right) in enumerate(DIRECTIONS):
                if not (0 <= row + 2 * down < side and 0 <= place + 2 * right <= row + 2 * down):
                    continue
                action = (row * side + place) * len(DIRECTIONS) + direction
                away = (right - down / 2, down)  # of the direction on the picture
                corner = (x + 0.41 + 0.34 * away[0], y + 0.41 + 0.34 * away[1])
                name = f"({row}, {place}) to ({row + 2 * down}, {place + 2 * right})"
                scene.action(action, *corner, 0.18, 0.18, name=name)
    scene.glyph_rows = [
        " " * (side - row - 1) + " ".join(".o"[peg] for peg in s["pegs"][row, : row + 1]) for row in range(side)
    ]
    return scene


ENV = Declaration(
    id="MaskedPegSolitaire-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.flat(values["side"] ** 2 * len(DIRECTIONS)),
    observation=lambda values: Box(0, 1, (values["side"], values["side"]), np.int8),
    parameters={
        "side": Parameter(5, "holes along a side", low=3, high=30),
        "empty_hole": Parameter("apex", "which hole is empty at the start", choices=EMPTY_HOLES),
    },
)
