"""Action-masked Mastermind: break a secret code with guesses that might be it.

Description
    A secret code has `num_pegs` pegs, each of one of `num_colors` colours. Every guess gets two numbers as feedback:
    how many pegs have the right colour in the right place (black), and how many others have a right colour in a wrong
    place (white). A guess must agree with all feedback so far, so that it could be the secret itself.

Action space
    `MultiDiscrete([num_colors] * num_pegs)`.

    | head | meaning | from | to |
    |---|---|---|---|
    | k, 0 to num_pegs - 1 | the colour of peg k of the guess | 0 | num_colors - 1 |

Mask
    Kind joint, meaning legal: int8, one axis of length num_colors for each peg. A code is legal if, were it the secret,
    every guess so far would have had the same feedback. The set of legal codes is not a product of one set per peg. It
    is a function of the observation, and never empty, since the secret is in it.

Observation
    `Box (num_guesses, num_pegs + 2) int8`, a row for each guess, in order; -1 in the rows of guesses yet to come.

    | column | meaning |
    |---|---|
    | 0 to num_pegs - 1 | the colours of its pegs |
    | num_pegs | the black number of its feedback |
    | num_pegs + 1 | the white number of its feedback |

Rewards
    -1 for every guess, including the last.

Start
    No guess; a secret drawn uniformly from all codes.

Episode end
    Terminated when the guess is the secret, or after `num_guesses` guesses. Never truncated, unless `time_limit` is
    set.

Arguments
    `num_pegs`, `num_colors`, `num_guesses`. There are at most 1,000,000 codes: `num_colors ** num_pegs` is not more.

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
MOST_PEGS, MOST_COLORS = 10, 10
# Rules hold a code as a number with so many bits a peg, the last peg lowest, and counts with so many bits a colour.
BITS, DIGIT = 4, 15


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
    pegs, colors, row = guess.size, p["num_colors"], s["guesses"]
    guessed = packed(guess)
    black, white = answer(guessed, packed(s["secret"]), pegs, colors)
    for peg in range(pegs):
        s["board"][row, peg] = guess[peg]
    s["board"][row, pegs] = black
    s["board"][row, pegs + 1] = white
    s["guesses"] = row + 1
    rewards[0] -= 1.0
    keep_what_agrees(s["possible"], guessed, black, white, pegs, colors)
    return black == pegs or s["guesses"] >= p["num_guesses"]


@rule
def observe(s, p, agent, out):
    copy_to(s["board"], out)


@rule
def answer(guess, code, num_pegs, num_colors):
    """How many pegs of a guess are right in colour and place, and how many more in colour alone."""
    black = num_right(guess, code, num_pegs)
    return black, num_common(color_counts(guess, num_pegs), color_counts(code, num_pegs), num_colors) - black


@rule
def keep_what_agrees(possible, guess, black, white, num_pegs, num_colors):
    """Strike out the codes to which this guess would have had another answer.

    Codes that differ in the last peg alone stand together; up to it they are compared once.
    """
    guessed, begun = color_counts(guess, num_pegs), 0
    for block in range(possible.size // num_colors):
        place = block * num_colors
        if any_possible(possible, place, num_colors):
            right, counts = num_right(guess >> BITS, begun, num_pegs - 1), color_counts(begun, num_pegs - 1)
            common = num_common(guessed, counts, num_colors)
            for color in range(num_colors):
                is_common = digit(counts, color) < digit(guessed, color)
                if right + (color == digit(guess, 0)) != black or common + is_common != black + white:
                    possible.flat[place + color] = 0
        begun = next_code(begun, num_colors)


@rule
def any_possible(possible, place, number):
    for code in range(place, place + number):
        if possible.flat[code] != 0:
            return True
    return False


@rule
def packed(pegs):
    """A code as a number."""
    number = 0
    for peg in range(pegs.size):
        number = number << BITS | int(pegs[peg])
    return number


@rule
def digit(number, place):
    """Of a code, the colour of a peg from the last on; of counts, how many pegs are of a colour."""
    return number >> BITS * place & DIGIT


@rule
def next_code(code, num_colors):
    """The code that follows in the order of the mask."""
    code, place = code + 1, 0
    while digit(code, place) == num_colors:
        code += (DIGIT + 1 - num_colors) << BITS * place
        place += 1
    return code


@rule
def num_right(guess, code, num_pegs):
    """On how many pegs two codes are of the same colour."""
    right = 0
    for peg in range(num_pegs):
        right += digit(guess, peg) == digit(code, peg)
    return right


@rule
def num_common(counts, others, num_colors):
    """How many pegs two codes have in common, wherever they stand, by their counts."""
    common = 0
    for color in range(num_colors):
        common += min(digit(counts, color), digit(others, color))
    return common


@rule
def color_counts(code, num_pegs):
    """How many pegs there are of each colour."""
    counts = 0
    for peg in range(num_pegs):
        counts += 1 << BITS * digit(code, peg)
    return counts


def validate(values):
    pegs, colors = values["num_pegs"], values["num_colors"]
    if colors**pegs > MOST_CODES:
        raise ValueError(
            f"num_pegs={pegs} and num_colors={colors} have {colors**pegs} codes, each an entry of the mask; "
            f"num_colors ** num_pegs must be at most {MOST_CODES}"
        )


# --- picture: one unit a peg, a row a guess, the answer beside it, and the codes still possible in a strip ------------

LETTERS = "ABCDEFGHIJ"
INKS = ("player_0", "player_1", "player_2", "player_3", "agent_4", "item", "agent_0", "piece_dark", "idle", "hazard")
RING = 0.05  # around every peg, in an ink that stands out from the board whatever the colour of the peg
BESIDE, LOWEST = 4.0, 3.2  # for the words beside the board
ANSWER_WORDS = (("piece_dark", "right colour,", "right place"), ("piece_light", "right colour,", "wrong place"))


def draw(s, p):
    rows, pegs = len(s["board"]), len(s["secret"])
    across = -(-pegs // 2)  # the answer stands in two lines: of four pegs, two by two
    answers = 0.36 * across + 0.28
    scene = Scene(pegs + answers + BESIDE, max(rows, LOWEST), kind="joint")
    scene.rect(0, 0, pegs + answers, rows, "cell", radius=0.12)
    for row, line in enumerate(s["board"]):
        if row:
            scene.line([(0.1, row), (pegs + answers - 0.1, row)], 0.02, "grid")
        for peg in range(pegs):
            draw_peg(scene, peg + 0.5, row + 0.5, line[peg])
        for k, ink in enumerate(("piece_dark",) * max(line[pegs], 0) + ("piece_light",) * max(line[pegs + 1], 0)):
            draw_answer_peg(scene, pegs + 0.3 + 0.36 * (k % across), row + 0.32 + 0.36 * (k // across), ink)
    draw_count(scene, s, pegs + answers + 0.3)
    for peg in range(pegs):
        scene.choices(peg, LETTERS[: len(s["possible"])], title=f"colour of peg {peg}")
    scene.strip([code_word(code) for code in np.ndindex(s["possible"].shape)], title="codes", shape=s["possible"].shape)
    scene.glyph_rows = [board_row(line, pegs) for line in s["board"][: s["guesses"]]] or ["no guess yet"]
    return scene


def draw_peg(scene, x, y, color):
    if color == NOT_YET:
        scene.disc(x, y, 0.1, "muted")
        return
    scene.disc(x, y, 0.4, "outline")
    scene.disc(x, y, 0.4 - RING, INKS[color])
    scene.text(x, y, LETTERS[color], 0.36)


def draw_answer_peg(scene, x, y, ink):
    scene.disc(x, y, 0.16, "outline")
    scene.disc(x, y, 0.16 - 0.8 * RING, ink)


def draw_count(scene, s, x):
    """What the pegs of an answer mean, and how many codes agree with all answers."""
    for k, (ink, *lines) in enumerate(ANSWER_WORDS):
        draw_answer_peg(scene, x + 0.16, 0.5 + k, ink)
        for place, words in enumerate(lines):
            scene.text(x + 0.5, 0.36 + k + 0.28 * place, words, 0.24, align="left")
    scene.text(x, 2.5, f"{np.count_nonzero(s['possible'])} of {s['possible'].size} codes", 0.3, align="left")
    scene.text(x, 2.85, "agree with every answer", 0.24, "muted", align="left")


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
        "num_pegs": Parameter(4, "pegs of a code", low=1, high=MOST_PEGS),
        "num_colors": Parameter(6, "colours a peg may have", low=2, high=MOST_COLORS),
        "num_guesses": Parameter(10, "guesses after which the game is lost", low=1, high=100),
    },
    validate=validate,
)
