"""What games of dice share. A die shows a number from 1 on."""

from ...core import fill, random_below, rule


@rule
def roll(rng, faces):
    """What one die shows."""
    return 1 + random_below(rng, faces)


@rule
def count_faces(dice, counts):
    """Write how many of the dice (n,) show each number: counts[k] those that show k + 1."""
    fill(counts, 0)
    for k in range(dice.size):
        counts[dice[k] - 1] += 1


# --- picture ----------------------------------------------------------------------------------------------------------

SPOTS = (
    ((1, 1),),
    ((0, 0), (2, 2)),
    ((0, 0), (1, 1), (2, 2)),
    ((0, 0), (0, 2), (2, 0), (2, 2)),
    ((0, 0), (0, 2), (1, 1), (2, 0), (2, 2)),
    ((0, 0), (0, 2), (1, 0), (1, 2), (2, 0), (2, 2)),
)
"""(row, column) of the spots of each number, on a grid of 3 by 3."""


def draw_die(scene, x, y, side, number, ink="piece_dark"):
    """A die, with spots, or above six with the number."""
    scene.rect(x, y, side, side, "outline", radius=0.15 * side)
    scene.rect(x + 0.03 * side, y + 0.03 * side, 0.94 * side, 0.94 * side, "piece_light", radius=0.14 * side)
    if number > len(SPOTS):
        scene.text(x + side / 2, y + side / 2, str(number), 0.6 * side, ink)
        return
    for row, column in SPOTS[number - 1]:
        scene.disc(x + side * (0.26 + 0.24 * column), y + side * (0.26 + 0.24 * row), 0.09 * side, ink)
