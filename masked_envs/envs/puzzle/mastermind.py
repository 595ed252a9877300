"""Action-masked Mastermind: break a secret code with guesses that might be it.

Description
    A secret code has `num_pegs` pegs, each of one of `num_colors` colours. Every guess is answered by two numbers: how
    many pegs have the right colour in the right place (black), and how many further ones have a right colour in a
    wrong place (white). A guess must agree with every answer so far, so that it might be the secret itself.

Action space
    `MultiDiscrete([num_colors] * num_pegs)`: the colour of each peg of the guess.

Mask
    Kind joint, meaning legal: int8, one axis of length num_colors for each peg; a code is legal if, were it the secret,
    every guess so far would have had the answer it had. Codes with two fitting halves do not fit by halves: the set is
    no product of one set per peg. It is a function of the observation, and never empty, since the secret is in it.

Observation
    `Box (num_guesses, num_pegs + 2) int8`: a row for each guess, in order: the colours of its pegs, then the black and
    the white number of its answer; -1 in the rows of guesses yet to come.

Rewards
    -1 for every guess, the last one included.

Start
    No guess; a secret drawn uniformly from all codes.

Episode end
    Terminated when the guess is the secret, or after `num_guesses` guesses. Never truncated, unless `time_limit` is
    given.

Arguments
    `num_pegs`, `num_colors`, `num_guesses`.

References
    Knuth, "The Computer as Master Mind", Journal of Recreational Mathematics 9(1), 1976-77, whose first guess, two pegs
    of one colour and two of another, leaves at most 256 of the 1296 codes. The best guess need not agree with the
    answers, so that his five guesses are no bound here.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, copy_to, fill, random_below, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene

NOT_YET = -1
MOST_CODES = 10**6


def state(values):
    pegs, colors = values["num_pegs"], values["num_colors"]
    return state_record(
        secret=(np.int64, (pegs,)),
        guesses=np.int64,
        board=(np.int8, (values["num_guesses"], pegs + 2)),  # as in the observation
        possible=(np.int8, (colors,) * pegs),  # the codes that agree with every answer
    )


@rule
def reset(s, p):
    for peg in range(s["secret"].size):
        s["secret"][peg] = random_below(s["rng"], p["num_colors"])
    s["guesses"] = 0
    fill(s["board"], NOT_YET)
    fill(s["possible"], 1)


@rule
def action_mask(s, p, agent, out):
    copy_to(s["possible"], out)


@rule
def step(s, p, guess, rewards):
    pegs, row = guess.size, s["guesses"]
    black, white = answer(guess, s["secret"], p["num_colors"])
    for peg in range(pegs):
        s["board"][row, peg] = guess[peg]
    s["board"][row, pegs] = black
    s["board"][row, pegs + 1] = white
    s["guesses"] = row + 1
    rewards[0] -= 1.0
    keep_what_agrees(s["possible"], guess, black, white, p["num_colors"])
    return black == pegs or s["guesses"] >= p["num_guesses"]


@rule
def observe(s, p, agent, out):
    copy_to(s["board"], out)


@rule
def answer(guess, code, num_colors):
    """How many pegs of a guess are right in colour and place, and how many more in colour alone."""
    left = np.zeros(num_colors, np.int64)  # of each colour, pegs of the code that no peg of the guess stands for
    for peg in range(code.size):
        left[code[peg]] += 1
    black, common = 0, 0
    for peg in range(guess.size):
        black += guess[peg] == code[peg]
        if left[guess[peg]] > 0:
            left[guess[peg]] -= 1
            common += 1
    return black, common - black


@rule
def keep_what_agrees(possible, guess, black, white, num_colors):
    """Strike out the codes to which this guess would have had another answer."""
    code = np.zeros(guess.size, np.int64)
    for number in range(possible.size):
        if possible.flat[number] != 0:
            write_code(number, num_colors, code)
            same_black, same_white = answer(guess, code, num_colors)
            possible.flat[number] = same_black == black and same_white == white


@rule
def write_code(number, num_colors, code):
    """Write the code with this flat index in the mask: the last peg changes fastest."""
    for peg in range(code.size - 1, -1, -1):
        code[peg] = number % num_colors
        number = number // num_colors


def validate(values):
    pegs, colors = values["num_pegs"], values["num_colors"]
    if colors**pegs > MOST_CODES:
        raise ValueError(
            f"num_pegs={pegs} and num_colors={colors} have {colors**pegs} codes, each an entry of the mask; "
            f"num_colors ** num_pegs must be at most {MOST_CODES}"
        )


# --- picture: one unit a peg, a row a guess, the answer beside it, and the codes still possible in a strip ------------

LETTERS = "ABCDEFGHIJ"
MOST_COLORS = len(LETTERS)
INKS = ("player_0", "player_1", "player_2", "player_3", "agent_4", "item", "agent_0", "piece_dark", "idle", "hazard")


def draw(s, p):
    rows, pegs = len(s["board"]), len(s["secret"])
    scene = Scene(pegs + 1.2, rows, kind="joint")
    scene.rect(0, 0, scene.width, rows, "frame", radius=0.12)
    for row, line in enumerate(s["board"]):
        for peg in range(pegs):
            draw_peg(scene, peg + 0.5, row + 0.5, line[peg])
        for k, ink in enumerate(("piece_dark",) * max(line[pegs], 0) + ("piece_light",) * max(line[pegs + 1], 0)):
            scene.disc(pegs + 0.3 + 0.3 * (k % 3), row + 0.25 + 0.25 * (k // 3), 0.11, ink)
    scene.strip([code_word(code) for code in np.ndindex(s["possible"].shape)], title="codes", shape=s["possible"].shape)
    scene.glyph_rows = [board_row(line, pegs) for line in s["board"][: s["guesses"]]] or ["no guess yet"]
    return scene


def draw_peg(scene, x, y, color):
    if color == NOT_YET:
        scene.disc(x, y, 0.12, "hole", fade=0.3)
        return
    scene.disc(x, y, 0.4, INKS[color])
    scene.text(x, y, LETTERS[color], 0.36, "inverse" if INKS[color] == "piece_dark" else "text")


def board_row(line, pegs):
    return f"{code_word(line[:pegs])}  {line[pegs]} black, {line[pegs + 1]} white"


def code_word(code):
    """The colours of a code as letters."""
    return "".join(LETTERS[color] for color in code)


ENV = Declaration(
    id="MaskedMastermind-v0",
    module=__name__,
    state=state,
    mask=lambda values: MaskSpec.joint((values["num_colors"],) * values["num_pegs"]),
    observation=lambda values: Box(
        NOT_YET,
        max(values["num_colors"] - 1, values["num_pegs"]),
        (values["num_guesses"], values["num_pegs"] + 2),
        np.int8,
    ),
    parameters={
        "num_pegs": Parameter(4, "pegs of a code", low=1, high=10),
        "num_colors": Parameter(6, "colours a peg may have", low=2, high=MOST_COLORS),
        "num_guesses": Parameter(10, "guesses after which the game is lost", low=1, high=100),
    },
    validate=validate,
)
