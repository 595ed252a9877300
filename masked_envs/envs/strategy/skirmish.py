"""Action-masked skirmish: two teams of units fight on a grid, all moving at once; whoever falls is out.

Description
    Two teams of `team_size` units start at opposite sides of a grid. In each step every unit holds, moves to a
    neighbouring cell or attacks one enemy within its range. An attack always hits and takes one hit point; then the
    attacker must pause. A unit without hit points falls and leaves the grid. The team whose enemies have all fallen
    wins.

    All choices of a step are made at once and carried out in this order. First, all attacks hit, including those of
    units that fall in this step. Then fallen units leave the grid. Then the others move in the order of their numbers,
    each into the cell that it chose; a unit stays where it is if a unit with a lower number has just moved into that
    cell. The numbers of the units are 0 to `team_size` - 1 (red) and `team_size` to 2 * `team_size` - 1 (yellow).

Action space
    For each unit `Discrete(5 + team_size)`. In the Gymnasium form without an opponent one action moves all units,
    `MultiDiscrete([5 + team_size] * 2 * team_size)`.

    | action | meaning |
    |---|---|
    | 0 | hold |
    | 1 | up |
    | 2 | right |
    | 3 | down |
    | 4 | left |
    | 5 + k | attack unit k of the enemies, counted from 0 |

Mask
    Kind flat, meaning legal: int8 (5 + team_size,) for each unit. Holding is always legal. A move is legal if its
    target is on the grid and no unit stands there at the start of the step; so units neither swap places nor follow
    each other. An attack is legal if the enemy has not fallen and is at most `attack_range` away (rows plus columns
    between them), and the unit has no pause left. A fallen unit can only hold. The mask is a function of the
    observation and the size of the grid. In the Gymnasium form without an opponent the masks of all units follow each
    other: kind per_head, int8 (2 * team_size * (5 + team_size),).

Observation
    For each unit `Box (2 * team_size, 4) int16`, a row for each unit: first itself, then the others of its team, then
    the enemies, each group in the order of their numbers. The row of a fallen unit is all zeros. In the Gymnasium form
    without an opponent the observations of all units are stacked: (2 * team_size, 2 * team_size, 4).

    | column | meaning |
    |---|---|
    | 0 | its row on the grid, from 0 at the top |
    | 1 | its column, from 0 at the left |
    | 2 | its hit points |
    | 3 | the steps for which it must still pause before it may attack |

Rewards
    1 to a unit for each attack it makes, -1 for each hit it takes, also in the step in which it falls. In the step that
    ends the fight, 5 to each unit of the winning team that has not fallen; to nobody if both teams fall together. In
    the Gymnasium form without an opponent the rewards of all units are added up.

Start
    Every unit has `hit_points` and no pause. The cells of the red units are drawn from the two leftmost columns, unit
    by unit, each uniformly from the cells that are free. Each yellow unit stands in the row of the red unit with the
    same index in its team, in the mirrored column.

Episode end
    A unit terminates when it falls, while the others fight on (see "Games" in the laws of the mask). All terminate when
    one team, or both, have fallen. Truncated after `time_limit` steps, 80 by default.

    After an attack a unit pauses for `cooldown` steps: having attacked in step t, it may attack again in step
    t + cooldown + 1.

Arguments
    `rows`, `cols`, `team_size`, `hit_points`, `attack_range`, `cooldown`. There are at most as many units in a team as
    cells in two columns.

References
    A plain relative, with rules of its own and two teams of agents, of SMAC (Samvelyan et al., "The StarCraft
    Multi-Agent Challenge", AAMAS, 2019), where too a dead unit is left only its no-op.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

ACTIONS = ("hold", "up", "right", "down", "left")
MOVES = ((0, 0), (-1, 0), (0, 1), (1, 0), (0, -1))  # (down, right) of each action
HOLD, FIRST_ATTACK = 0, 5
HIT, WIN = 1.0, 5.0  # rewards
ROW, COLUMN, HIT_POINTS, PAUSE = range(4)  # of a unit
START_COLUMNS = 2
EMPTY = -1


def state(values):
    units = 2 * values["team_size"]
    return state_record(
        units=(np.int64, (units, 4)),  # row, column, hit points and pause; of a fallen one all 0
        board=(np.int16, (values["rows"], values["cols"])),  # the unit on each cell, or EMPTY
        hits=(np.int64, (units,)),  # that each unit took in the last step
    )


@rule
def reset(s, p):
    size, cols = p["team_size"], p["cols"]
    fill(s["board"], EMPTY)
    fill(s["hits"], 0)
    for k in range(size):
        row, column = random_below(s["rng"], p["rows"]), random_below(s["rng"], START_COLUMNS)
        while s["board"][row, column] != EMPTY:
            row, column = random_below(s["rng"], p["rows"]), random_below(s["rng"], START_COLUMNS)
        enlist(s, p, k, row, column)
        enlist(s, p, size + k, row, cols - 1 - column)


@rule
def enlist(s, p, unit, row, column):
    s["units"][unit, ROW] = row
    s["units"][unit, COLUMN] = column
    s["units"][unit, HIT_POINTS] = p["hit_points"]
    s["units"][unit, PAUSE] = 0
    s["board"][row, column] = unit


@rule
def has_left(s, p, unit):
    return s["units"][unit, HIT_POINTS] == 0


@rule
def action_mask(s, p, unit, out):
    me = s["units"][unit]
    fill(out, 0)
    out[HOLD] = True
    if me[HIT_POINTS] == 0:
        return
    for action in range(1, FIRST_ATTACK):
        out[action] = is_free(s, me[ROW] + MOVES[action][0], me[COLUMN] + MOVES[action][1])
    if me[PAUSE] == 0:
        first = first_enemy(p, unit)
        for k in range(p["team_size"]):
            out[FIRST_ATTACK + k] = is_within(me, s["units"][first + k], p["attack_range"])


@rule
def step(s, p, actions, rewards):
    units, size = s["units"], p["team_size"]
    attack_all(s, p, actions, rewards)
    for unit in range(actions.size):
        me = units[unit]
        if me[HIT_POINTS] > 0 and HOLD < actions[unit] < FIRST_ATTACK:
            march(s, unit, me, actions[unit])
    red, yellow = standing(units, 0, size), standing(units, size, 2 * size)
    if red > 0 and yellow > 0:
        return False
    for unit in range(actions.size):
        if units[unit, HIT_POINTS] > 0:
            rewards[unit] += WIN
    return True


@rule
def observe(s, p, unit, out):
    size, last = p["team_size"], 0
    write_unit(s["units"][unit], out[0])
    mates = size - first_enemy(p, unit)
    for k in range(size):
        if mates + k != unit:
            last += 1
            write_unit(s["units"][mates + k], out[last])
    for k in range(size):
        write_unit(s["units"][first_enemy(p, unit) + k], out[size + k])


@rule
def write_unit(unit, out):
    for k in range(out.size):
        out[k] = unit[k]


@rule
def first_enemy(p, unit):
    """The number of the first unit of the other team."""
    return p["team_size"] if unit < p["team_size"] else 0


@rule
def is_free(s, row, column):
    """Whether a unit may move to (row, column): on the grid, and nobody there."""
    board = s["board"]
    return 0 <= row < board.shape[0] and 0 <= column < board.shape[1] and board[row, column] == EMPTY


@rule
def is_within(me, enemy, reach):
    """Whether an enemy stands, and within reach."""
    return enemy[HIT_POINTS] > 0 and abs(me[ROW] - enemy[ROW]) + abs(me[COLUMN] - enemy[COLUMN]) <= reach


@rule
def attack_all(s, p, actions, rewards):
    """Carry out all attacks at once, count the pauses down, and take who has fallen from the grid."""
    units, hits = s["units"], s["hits"]
    fill(hits, 0)
    for unit in range(actions.size):
        me = units[unit]
        if actions[unit] >= FIRST_ATTACK:
            target = first_enemy(p, unit) + actions[unit] - FIRST_ATTACK
            hits[target] += 1
            rewards[unit] += HIT
            me[PAUSE] = p["cooldown"]
        elif me[PAUSE] > 0:
            me[PAUSE] -= 1
    for unit in range(actions.size):
        if hits[unit] > 0:
            rewards[unit] -= HIT * hits[unit]
            if hits[unit] < units[unit, HIT_POINTS]:
                units[unit, HIT_POINTS] -= hits[unit]
            else:
                s["board"][units[unit, ROW], units[unit, COLUMN]] = EMPTY
                fill(units[unit], 0)


@rule
def march(s, unit, me, action):
    """Move a unit, unless another was first."""
    row, column = me[ROW] + MOVES[action][0], me[COLUMN] + MOVES[action][1]
    if is_free(s, row, column):
        s["board"][me[ROW], me[COLUMN]] = EMPTY
        s["board"][row, column] = unit
        me[ROW] = row
        me[COLUMN] = column


@rule
def standing(units, first, end):
    """How many units from `first` to before `end` have not fallen."""
    total = 0
    for unit in range(first, end):
        total += units[unit, HIT_POINTS] > 0
    return total


def validate(values):
    rows, size = values["rows"], values["team_size"]
    if size > START_COLUMNS * rows:
        raise ValueError(
            f"team_size={size} units do not fit into two columns of rows={rows}: at most {START_COLUMNS * rows} here"
        )


# --- picture: one unit a cell; round each unit its moves; below, a row of attacks for each ----------------------------

MARK = 0.24  # side of the mark of a move
PLACES = ((0.37, 0.37), (-0.37, 0), (0, 0.37), (0.37, 0), (0, -0.37))  # (down, right) of it, from the unit's middle
ICONS = ("stay", "up", "right", "down", "left")
TEAMS = ("player_0", "player_1")  # the inks of red and yellow


def names(values):
    size = values["team_size"]
    return tuple(f"{team}_{k}" for team in ("red", "yellow") for k in range(size))


def labels(values):
    return (*ACTIONS, *(f"attack {k}" for k in range(values["team_size"])))


def draw(s, p):
    rows, cols = s["board"].shape
    size = p["team_size"]
    scene = Scene(cols, rows, agents=2 * size)
    scene.players(*(TEAMS[unit // size] for unit in range(2 * size)))
    for row in range(rows):
        for column in range(cols):
            scene.rect(column + 0.02, row + 0.02, 0.96, 0.96, "floor", radius=0.06)
    glyphs = [["."] * cols for _ in range(rows)]
    for unit, (row, column, hit_points, pause) in enumerate(s["units"].tolist()):
        if hit_points > 0:
            draw_unit(scene, unit, size, row, column, hit_points / p["hit_points"], pause)
            glyphs[row][column] = chr(ord("a" if unit >= size else "A") + unit % size % 26)
        draw_choices(scene, unit, size, hit_points > 0)
    scene.glyph_rows = ["".join(line) for line in glyphs]
    return scene


def draw_unit(scene, unit, size, row, column, health, pause):
    """A disc with the unit's number; a bar is the hit points that are left, a small number the pause."""
    ink = TEAMS[unit // size]
    scene.disc(column + 0.5, row + 0.5, 0.24, ink)
    scene.text(column + 0.5, row + 0.5, str(unit % size), 0.3, "piece_light" if unit < size else "piece_dark")
    scene.seat(unit, column + 0.21, row + 0.21, 0.58, 0.58)
    if pause > 0:
        scene.text(column + 0.14, row + 0.86, str(pause), 0.2, "muted")
    scene.rect(column + 0.06, row + 0.05, 0.3, 0.08, "muted")
    scene.rect(column + 0.06, row + 0.05, 0.3 * health, 0.08, ink)
    for action, (down, right) in enumerate(PLACES):
        corner = (column + 0.5 + right - MARK / 2, row + 0.5 + down - MARK / 2)
        scene.action(action, *corner, MARK, MARK, ACTIONS[action], agent=unit, icon=ICONS[action], ink=ink)


def draw_choices(scene, unit, size, stands):
    team, other = ("red", "yellow") if unit < size else ("yellow", "red")
    title = f"{team} {unit % size} attacks {other}" if stands else f"{team} {unit % size} has fallen"
    scene.strip([str(k) for k in range(size)], title=title, agent=unit, offset=FIRST_ATTACK, ink=TEAMS[unit // size])


ENV = Declaration(
    id="MaskedSkirmish-v0",
    module=__name__,
    play="simultaneous",
    agents=names,
    state=state,
    mask=lambda values: MaskSpec.flat(FIRST_ATTACK + values["team_size"]),
    observation=lambda values: Box(
        0,
        max(values["rows"] - 1, values["cols"] - 1, values["hit_points"], values["cooldown"]),
        (2 * values["team_size"], 4),
        np.int16,
    ),
    parameters={
        "rows": Parameter(4, "rows of the grid", low=1, high=64),
        "cols": Parameter(6, "columns of the grid, the teams at its two sides", low=4, high=64),
        "team_size": Parameter(3, "units of each team, each an agent", low=1, high=100),
        "hit_points": Parameter(3, "hits after which a unit falls", low=1, high=1000),
        "attack_range": Parameter(2, "distance at which a unit can attack, rows and columns added up", low=1, high=126),
        "cooldown": Parameter(1, "steps for which a unit pauses after an attack", low=0, high=1000),
    },
    time_limit=80,
    validate=validate,
    action_labels=labels,
)
