"""Action-masked Yahtzee: roll five dice up to three times, then choose the category in which they count.

Description
    In each round each player in turn rolls five dice, twice chooses which dice to keep and rolls the others again, and
    then chooses one of 13 categories that the player has not used yet. What the dice score there:

    | number | category | points |
    |---|---|---|
    | 0 to 5 | ones, twos, threes, fours, fives, sixes | the sum of the dice that show 1, 2, ..., 6 |
    | 6 | three of a kind | the sum of all dice if three or more are equal |
    | 7 | four of a kind | the sum of all dice if four or more are equal |
    | 8 | full house | 25 if three are equal and the other two are equal, but not all five |
    | 9 | small straight | 30 if four numbers in a row are there |
    | 10 | large straight | 40 if five numbers in a row are there |
    | 11 | yahtzee | 50 if all five are equal |
    | 12 | chance | the sum of all dice |

    and 0 where the condition does not hold. Five equal dice after the category 11 has been used score 100 more wherever
    they count if the category 11 holds 50 points. If the category of their number (0 to 5) has been used too they are a
    joker: they score 25, 30 and 40 in the categories 8, 9 and 10. A player whose categories 0 to 5 come to 63 points or
    more scores 35 more, in the step in which they do.

Action space
    `Dict(keep: MultiBinary(5), category: Discrete(13))`. While the turn has rolls left only `keep` matters, then only
    `category`. The mask fixes the other.

    | part | index | meaning |
    |---|---|---|
    | `keep` | k, 0 to 4 | 1 to keep die k, 0 to roll it again |
    | `category` |  | the category, 0 to 12 |

Mask
    Kind dict, meaning legal: `keep`, int8 (5, 2), whether each die may be rolled and may be kept, and `category`, int8
    (13,). While the turn has rolls left, both are legal for every die, and the one legal category is 0, which has no
    effect. Without rolls left every die can only be kept, and a category is legal if the player has not used it. The
    mask is a function of the observation, and never empty.

Observation
    `Box (7 + 14 * num_players,) int64`, seen by one player, who is p = 0; the others follow in the order of
    play.

    | index | meaning |
    |---|---|
    | 0 to 4 | the numbers of the dice |
    | 5 | the rolls left in the turn, 2, 1 or 0 |
    | 6 | who is to move, counted from the observing player: 0 for itself, 1 for the next, ... |
    | 7 + 14p to 19 + 14p | the points of player p in each category, -1 for one not used |
    | 20 + 14p | the sum of all points of player p, including bonuses |

Rewards
    To the player who moves, the points scored in the step: those of the category, and the bonuses of 100 and 35.

Start
    No category is used; the dice of the first player have been rolled. Each roll of a die shows 1 to 6 with equal
    probability. When a category has been chosen all five dice are rolled for the next player, even after the last turn.

Episode end
    Terminated after `rounds` rounds. Never truncated, unless `time_limit` is set.

Arguments
    `num_players`, `rounds`.

References
    Milton Bradley, rules of Yahtzee, with jokers as in Verhoeff, "How to Maximize Your Score in Solitaire Yahtzee",
    1999: the best strategy of one player expects 254.5896 points. A joker is not forced into a category, as some
    editions of the rules demand.

Versions
    v0: first release.
"""

import numpy as np
from gymnasium.spaces import Box

from ...core import Declaration, Parameter, fill, rule, state_record
from ...mask_spec import MaskSpec
from ...render import Scene
from .dice import count_faces, draw_die, roll

NUM_DICE, FACES = 5, 6
THREE_OF_A_KIND, FOUR_OF_A_KIND, FULL_HOUSE, SMALL_STRAIGHT, LARGE_STRAIGHT, YAHTZEE, CHANCE = range(FACES, FACES + 7)
CATEGORIES = (
    "ones",
    "twos",
    "threes",
    "fours",
    "fives",
    "sixes",
    "three of a kind",
    "four of a kind",
    "full house",
    "small straight",
    "large straight",
    "yahtzee",
    "chance",
)
NUM_CATEGORIES = len(CATEGORIES)
ROLLS_LEFT = 2  # after the first roll of a turn
UNUSED = -1
FULL_HOUSE_POINTS, SMALL_STRAIGHT_POINTS, LARGE_STRAIGHT_POINTS, YAHTZEE_POINTS = 25, 30, 40, 50
JOKER_BONUS = 100
UPPER_TARGET, UPPER_BONUS = 63, 35
MOST_POINTS = 1575  # thirteen times five equal dice, in the best order
PART = 7  # of an observation, before the players


def state(values):
    players = values["num_players"]
    return state_record(
        dice=(np.int64, (NUM_DICE,)),
        rolls_left=np.int64,
        points=(np.int64, (players, NUM_CATEGORIES)),
        total=(np.int64, (players,)),
        rounds_played=np.int64,
        counts=(np.int64, (FACES,)),  # of the dice, by number
    )


@rule
def reset(s, p):
    fill(s["points"], UNUSED)
    fill(s["total"], 0)
    s["rounds_played"] = 0
    roll_all(s)


@rule
def action_mask(s, p, player, out):
    has_rolls = s["rolls_left"] > 0
    for die in range(NUM_DICE):
        out["keep"][die, 0] = has_rolls
        out["keep"][die, 1] = True
    for category in range(NUM_CATEGORIES):
        out["category"][category] = category == 0 if has_rolls else s["points"][player, category] == UNUSED


@rule
def step(s, p, action, rewards):
    if s["rolls_left"] > 0:
        s["rolls_left"] -= 1
        for die in range(NUM_DICE):
            if action["keep"][die] == 0:
                s["dice"][die] = roll(s["rng"], FACES)
        count_faces(s["dice"], s["counts"])
        return False
    player, category = s["to_move"], int(action["category"])
    earned = use(s, s["points"][player], category)
    s["total"][player] += earned
    rewards[player] += earned
    s["to_move"] = (player + 1) % p["num_players"]
    if s["to_move"] == 0:
        s["rounds_played"] += 1
    roll_all(s)
    return s["rounds_played"] == p["rounds"]


@rule
def observe(s, p, player, out):
    players = p["num_players"]
    for die in range(NUM_DICE):
        out[die] = s["dice"][die]
    out[NUM_DICE] = s["rolls_left"]
    out[NUM_DICE + 1] = (s["to_move"] - player + players) % players
    for k in range(players):
        other, first = (player + k) % players, PART + k * (NUM_CATEGORIES + 1)
        for category in range(NUM_CATEGORIES):
            out[first + category] = s["points"][other, category]
        out[first + NUM_CATEGORIES] = s["total"][other]


@rule
def roll_all(s):
    s["rolls_left"] = ROLLS_LEFT
    for die in range(NUM_DICE):
        s["dice"][die] = roll(s["rng"], FACES)
    count_faces(s["dice"], s["counts"])


@rule
def use(s, points, category):
    """Write what the dice score in a category; all that is earned by it."""
    before = upper_points(points)
    is_bonus = is_extra_yahtzee(s, points) and points[YAHTZEE] == YAHTZEE_POINTS
    scored = score(s, points, category)
    points[category] = scored
    if is_bonus:
        scored += JOKER_BONUS
    if before < UPPER_TARGET and upper_points(points) >= UPPER_TARGET:
        scored += UPPER_BONUS
    return scored


@rule
def score(s, points, category):
    counts, joker = s["counts"], is_joker(s, points)
    if category < FACES:
        return (category + 1) * counts[category]
    most = most_equal(counts)
    if category == FULL_HOUSE:
        return FULL_HOUSE_POINTS if joker or (most == 3 and has_pair(counts)) else 0
    if category == SMALL_STRAIGHT:
        return SMALL_STRAIGHT_POINTS if joker or longest_run(counts) >= 4 else 0
    if category == LARGE_STRAIGHT:
        return LARGE_STRAIGHT_POINTS if joker or longest_run(counts) >= 5 else 0
    if category == YAHTZEE:
        return YAHTZEE_POINTS if most == NUM_DICE else 0
    if (category == THREE_OF_A_KIND and most < 3) or (category == FOUR_OF_A_KIND and most < 4):
        return 0
    return sum_of(s["dice"])


@rule
def is_extra_yahtzee(s, points):
    return points[YAHTZEE] != UNUSED and most_equal(s["counts"]) == NUM_DICE


@rule
def is_joker(s, points):
    return is_extra_yahtzee(s, points) and points[s["dice"][0] - 1] != UNUSED


@rule
def upper_points(points):
    """The sum of the categories of single numbers."""
    total = 0
    for category in range(FACES):
        total += max(points[category], 0)
    return total


@rule
def most_equal(counts):
    most = 0
    for number in range(FACES):
        most = max(most, counts[number])
    return most


@rule
def has_pair(counts):
    for number in range(FACES):
        if counts[number] == 2:
            return True
    return False


@rule
def longest_run(counts):
    """How many numbers in a row are there."""
    longest, run = 0, 0
    for number in range(FACES):
        run = run + 1 if counts[number] > 0 else 0
        longest = max(longest, run)
    return longest


@rule
def sum_of(dice):
    total = 0
    for die in range(NUM_DICE):
        total += dice[die]
    return total


# --- picture: the dice with what may be done with them, below the categories with the points of each player ---------

DIE, LINE, NAME, POINTS = 1.0, 0.5, 3.2, 0.9  # heights and widths


def draw(s, p):
    players = p["num_players"]
    width = max(NUM_DICE * 1.25 + 1.5, NAME + POINTS * players + 0.2)
    top = DIE + 0.9
    scene = Scene(width, top + LINE * (NUM_CATEGORIES + 2), kind="dict")
    for die, number in enumerate(s["dice"]):
        x = 0.2 + 1.25 * die
        draw_die(scene, x, 0.1, DIE, int(number))
        for kept, word in enumerate(("roll", "keep")):
            scene.action(("keep", die, kept), x + 0.52 * kept, DIE + 0.2, 0.48, 0.5, word, name=f"{word} die {die}")
    rolls = int(s["rolls_left"])
    scene.text(width - 0.7, 0.4, str(rolls), 0.4, "text")
    scene.text(width - 0.7, 0.8, "roll left" if rolls == 1 else "rolls left", 0.16, "muted")
    for player in range(players):
        x = NAME + POINTS * (player + 0.5)
        ink = "highlight" if player == s["to_move"] else "idle"
        scene.rect(x - POINTS / 2 + 0.05, top, POINTS - 0.1, LINE * (NUM_CATEGORIES + 2), ink, radius=0.08, fade=0.6)
        scene.text(x, top + LINE / 2, str(player), 0.28, "text")
        scene.text(x, top + LINE * (NUM_CATEGORIES + 1.5), str(s["total"][player]), 0.28, "text")
    for category, name in enumerate(CATEGORIES):
        y = top + LINE * (category + 1)
        scene.action(("category", category), 0.1, y + 0.03, NAME - 0.25, LINE - 0.06, name)
        for player in range(players):
            points = s["points"][player, category]
            if points != UNUSED:
                scene.text(NAME + POINTS * (player + 0.5), y + LINE / 2, str(points), 0.28, "text")
    scene.text(NAME / 2, top + LINE * (NUM_CATEGORIES + 1.5), "total", 0.28, "text")
    scene.glyph_rows = [f"dice {' '.join(map(str, s['dice']))}, rolls left {rolls}, player {s['to_move']}"]
    scene.glyph_rows += [
        f"{name.ljust(16)}" + " ".join(("." if n == UNUSED else str(n)).rjust(4) for n in s["points"][:, category])
        for category, name in enumerate(CATEGORIES)
    ]
    scene.glyph_rows += ["total".ljust(16) + " ".join(str(total).rjust(4) for total in s["total"])]
    return scene


ENV = Declaration(
    id="MaskedYahtzee-v0",
    module=__name__,
    play="turns",
    agents=lambda values: tuple(f"player_{player}" for player in range(values["num_players"])),
    state=state,
    mask=lambda values: MaskSpec.dict({"keep": MaskSpec.binary(NUM_DICE), "category": MaskSpec.flat(NUM_CATEGORIES)}),
    observation=lambda values: Box(
        UNUSED, MOST_POINTS, (PART + (NUM_CATEGORIES + 1) * values["num_players"],), np.int64
    ),
    parameters={
        "num_players": Parameter(2, "players; 1 is the game of one", low=1, high=8),
        "rounds": Parameter(NUM_CATEGORIES, "rounds of an episode", low=1, high=NUM_CATEGORIES),
    },
)
