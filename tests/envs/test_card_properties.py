"""What cards say beside single steps: the boxes of MaskedSeeker, bounds that can be played, and tables of figures."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from positions import read
from reference.comparison import LegalPlay

import masked_envs
from masked_envs.cards import read_card
from masked_envs.envs.energy import unit_commitment
from masked_envs.envs.strategy import micro_rts

EPISODES = [4, pytest.param(500, marks=pytest.mark.long)]
MARGIN = 1e-5  # m, by which a box stays away from what bounds it
SLACK = 1e-6  # m, for the rounding of bounds to float32
SEEKERS: list[dict[str, Any]] = [
    {},
    {"num_obstacles": 1},
    {"num_obstacles": 50},
    {"num_obstacles": 15, "max_step": 0.3},
    {"num_obstacles": 3, "max_step": 10.0},
]
SIDE = 10.0
DIRECTIONS = [(math.cos(k * math.pi / 8), math.sin(k * math.pi / 8)) for k in range(16)]


class Arena:
    """The obstacles of one position, as (left, bottom, right, top), and the box of displacements."""

    def __init__(self, state: Any, mask: Any) -> None:
        record = read(state)
        self.position = record["position"].tolist()
        self.obstacles = record["obstacles"].tolist()
        self.low, self.high = mask.astype(float).tolist()
        self.box = [here + move for here, move in zip(self.position * 2, self.low + self.high, strict=True)]

    def touches(self, left: float, bottom: float, right: float, top: float) -> bool:
        """Whether a rectangle touches a wall or an obstacle."""
        outside = min(left, bottom) <= 0 or max(right, top) >= SIDE
        return outside or any(
            west <= right and left <= east and south <= top and bottom <= north
            for west, south, east, north in self.obstacles
        )

    def movable_sides(self, max_step: float) -> list[int]:
        """The sides that could be moved outwards by more than the margin: 0 left, 1 bottom, 2 right, 3 top.

        An obstacle that comes nearer than half the margin to the other sides may stop them too.
        """
        found, outwards = [], (-1, -1, 1, 1)
        for side, bound in enumerate(self.low + self.high):
            wider = [place + sign * (MARGIN / 2 + SLACK) for place, sign in zip(self.box, outwards, strict=True)]
            wider[side] = self.box[side] + outwards[side] * (MARGIN + SLACK)
            if abs(bound) < max_step - SLACK and not self.touches(*wider):
                found.append(side)
        return found

    def is_free(self, right: float, up: float, parts: int = 50) -> bool:
        """Whether the straight way of a displacement stays two margins away from everything."""
        x, y = self.position
        for k in range(1, parts + 1):
            here, there = x + right * k / parts, y + up * k / parts
            if self.touches(here - 2 * MARGIN, there - 2 * MARGIN, here + 2 * MARGIN, there + 2 * MARGIN):
                return False
        return True


def positions(parameters: dict[str, Any], episodes: int, policy: str) -> Any:
    """(max_step, Arena) of every position of some episodes, played at random or straight to the goal."""
    env = masked_envs.make("MaskedSeeker-v0", backend="python", **parameters)
    player, max_step = LegalPlay(env.mask_spec, 0), float(env.action_space.high[0])
    for seed in range(117, 117 + episodes):
        observation, _ = env.reset(seed=seed)
        ended = False
        while not ended:
            mask = observation["action_mask"]
            yield max_step, Arena(env.get_state(), mask)
            seen = observation["observation"]
            straight = np.clip(seen[2:4] - seen[:2], mask[0], mask[1])
            action = player.choose(mask) if policy == "random" else straight
            observation, _, terminated, truncated, _ = env.step(action)
            ended = terminated or truncated


@pytest.mark.parametrize("policy", ["random", "straight"])
@pytest.mark.parametrize("episodes", EPISODES)
@pytest.mark.parametrize("parameters", SEEKERS, ids=str)
def test_a_box_of_moves_is_safe_and_no_side_can_be_moved_outwards(
    parameters: dict[str, Any], episodes: int, policy: str
) -> None:
    for max_step, arena in positions(parameters, episodes, policy):
        for x, y in product(arena.box[0::2], arena.box[1::2]):
            assert not arena.touches(x, y, x, y), "a corner of the box touches something"
        assert not arena.touches(*arena.box), "the box touches something"
        assert not arena.movable_sides(max_step), (arena.position, arena.low, arena.high)


@pytest.mark.parametrize("policy", ["random", "straight"])
@pytest.mark.parametrize("episodes", EPISODES)
@pytest.mark.parametrize("parameters", SEEKERS, ids=str)
def test_where_a_move_is_free_there_is_more_than_staying(
    parameters: dict[str, Any], episodes: int, policy: str
) -> None:
    for max_step, arena in positions(parameters, episodes, policy):
        if not any(arena.low + arena.high):
            length = min(0.1, max_step)
            free = [move for move in DIRECTIONS if arena.is_free(length * move[0], length * move[1])]
            assert not free, (arena.position, free)


def test_the_trap() -> None:
    """Straight to the goal from reset(seed=117) the mask of the fourth position allowed staying alone, for ever."""
    env = masked_envs.make("MaskedSeeker-v0", backend="python")
    observation, _ = env.reset(seed=117)
    ended = truncated = False
    while not ended:
        mask, seen = observation["action_mask"], observation["observation"]
        assert mask.any(), observation
        observation, _, terminated, truncated, _ = env.step(np.clip(seen[2:4] - seen[:2], mask[0], mask[1]))
        ended = terminated or truncated


def test_a_unit_started_at_the_highest_power_may_stop() -> None:
    """Where the ramp is above the least power the highest starting power is the power from which it may stop."""
    checked = 0
    for seed in range(20):
        env = masked_envs.make("MaskedUnitCommitment-v0", backend="python", num_units=1, ramp=0.37)
        observation, _ = env.reset(seed=seed)
        mask = observation["action_mask"]
        if read(env.get_state())["on"][0] or not mask["on"][0, 1]:
            continue
        power = mask["power"][1].copy()
        for _ in range(8):
            observation, *_ = env.step({"on": np.array([1], np.int8), "power": power})
        assert observation["action_mask"]["on"].tolist() == [[1, 1]], f"seed {seed}: at {power[0]} MW it may not stop"
        checked += 1
    assert checked > 0


def table_of(module: Any) -> dict[str, list[float]]:
    """The rows of figures of the table in a card's description, by their first cell; "-" is 0."""
    lines = [line for line in read_card(module).sections["Description"].splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {name: [0.0 if cell == "-" else float(cell) for cell in cells] for name, *cells in rows}


def test_the_card_has_the_figures_of_power_units() -> None:
    data = unit_commitment
    figures = (data.CAPACITY, data.LEAST_POWER, data.FIXED_COST, data.POWER_COST, data.START_COST, data.MIN_TIME)
    assert list(table_of(data).values()) == [list(row) for row in figures]
    demand = re.findall(r"\d+", read_card(data).sections["Start"].partition("to the last:")[2].partition("(MW)")[0])
    assert [int(megawatts) for megawatts in demand] == list(data.DEMAND)


def test_the_card_has_the_figures_of_units_that_fight() -> None:
    data = micro_rts
    figures = (range(6), data.COST, data.HIT_POINTS, data.DAMAGE, data.RANGE)
    assert list(table_of(data).values()) == [list(row) for row in figures]
