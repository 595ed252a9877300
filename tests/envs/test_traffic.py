"""MaskedTraffic: fixed-time plans against a simulation of them alone, and against delays in closed form."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from positions import read

import masked_envs

ENV_ID = "MaskedTraffic-v0"


def fixed_time(t, min_green, amber, phases):
    """The phase that a fixed-time plan shows in step t = 0, 1, ..., and whether it is green.

    It begins with a green of phase 0, whose amber is over; every other phase is `amber` and then `min_green` steps.
    """
    t -= min_green
    if t < 0:
        return 0, True
    cycle = amber + min_green
    return (1 + t // cycle) % phases, t % cycle >= amber


@pytest.mark.parametrize("kind", ["axes", "sides"])
@pytest.mark.parametrize(("min_green", "amber"), [(1, 0), (3, 2), (5, 1)])
def test_changing_as_soon_as_the_mask_allows_is_fixed_time_control(min_green, amber, kind):
    """And the queues are those that the plan gives by itself, street by street, from the same arrivals.

    Along a street of two junctions: no junction knows of another but by who drives on.
    """
    phases, capacity, saturation = {"axes": 2, "sides": 4}[kind], 6, 2
    env = masked_envs.make(
        ENV_ID, rows=1, cols=2, phases=kind, min_green=min_green, amber=amber, capacity=capacity, saturation=saturation,
        demand=0.6, backend="python",
    )  # fmt: skip
    _, info = env.reset(seed=1)
    shown, changes = [0, 0], 0
    streets = {side: [0, 0] for side in range(4)}  # queues of junctions 0 and 1
    for t in range(120):
        phase, green = fixed_time(t, min_green, amber, phases)
        masks = info["action_mask"].reshape(2, phases)
        following = [(each + 1) % phases for each in shown]
        action = [new if mask[new] else old for old, new, mask in zip(shown, following, masks, strict=True)]
        assert action == [phase, phase]
        changes += action != shown
        before = {side: queues[:] for side, queues in streets.items()}
        observation, _, _, _, info = env.step(action)
        shown, found = action, observation["observation"][:, :4]
        for side, queues in streets.items():
            if green and side in ((phase, phase + 2) if kind == "axes" else (phase,)):
                order = {1: (1, 0), 3: (0, 1)}.get(side)  # along the street, from the east or the west
                for junction in (0, 1):
                    driving = min(before[side][junction], saturation)
                    if order and junction == order[0]:
                        driving = min(driving, capacity - before[side][order[1]])
                        queues[order[1]] += driving
                    queues[junction] -= driving
            for junction in (0, 1):
                arrived = int(found[junction, side]) - queues[junction]
                inside = (side, junction) in ((1, 0), (3, 1))  # fed by the neighbour alone
                assert arrived in ((0,) if inside or before[side][junction] == capacity else (0, 1))
                queues[junction] += arrived
    assert changes > 100 // (min_green + amber)


@pytest.mark.parametrize(("green", "amber", "saturation"), [(4, 0, 2), (5, 2, 3), (3, 1, 4), (6, 3, 3)])
def test_the_delay_of_a_fixed_time_plan_is_that_of_closed_form(green, amber, saturation):
    """One junction, one vehicle in every step and side (D/D/1). In steps, with q = 1 and s = `saturation`:

    a queue of n at the first green step loses min(n, s) and gains 1 in each step, so after k green steps
    max(n - k (s - 1), 1) stand there; and n = r + 1 where r steps (its red) have passed since it was 1. So the vehicles
    that wait in one cycle are, step by step, 1 + 1, ..., 1 + r in the red and max(1 + r - k (s - 1), 1), k = 1 ... g,
    in the green.
    """
    red = green + 2 * amber  # the other phase, and both ambers
    assert red + 1 - green * (saturation - 1) <= 1, "the plan clears its queues"
    env = masked_envs.make(
        ENV_ID, rows=1, cols=1, min_green=green, amber=amber, saturation=saturation, demand=1.0, capacity=1000
    )
    _, info = env.reset(seed=0)
    cycle, phase, waiting = 2 * (green + amber), 0, []
    for _ in range(4 * cycle):
        phase = 1 - phase if info["action_mask"][1 - phase] else phase
        _, reward, _, _, info = env.step([phase])
        waiting.append(-reward)
    one_side = sum(range(2, red + 2)) + sum(max(1 + red - k * (saturation - 1), 1) for k in range(1, green + 1))
    assert sum(waiting[-cycle:]) == sum(waiting[-2 * cycle : -cycle]) == 4 * one_side


def test_no_green_is_cut_short_and_no_amber_is_left_in_random_legal_play():
    envs = masked_envs.make_vec(ENV_ID, 3, rows=2, cols=1, min_green=3, amber=2, backend="python", time_limit=0)
    envs.reset(seed=0)
    shown = []
    for _ in range(300):
        envs.step(envs.sample_legal())
        shown.append([read(state)["phase"].tolist() for state in envs.get_state()])
    runs = []
    for signal in np.array(shown).reshape(300, -1).T.tolist():
        runs += [len(list(run)) for _, run in itertools.groupby(signal)][1:-1]
    assert min(runs) == 5 and len(runs) > 100 and len(set(runs)) > 3  # amber and green; chance makes some longer


def test_a_full_queue_holds_back_who_drives_to_it_and_who_arrives():
    """The street from the west is full at the second junction, whose phase is the other one."""
    env = masked_envs.make(ENV_ID, rows=1, cols=2, amber=0, min_green=1, capacity=3, demand=1.0)
    env.reset(seed=0)
    env.step([0, 0])
    for _ in range(20):  # the first junction serves the street, the second never
        observation, *_ = env.step([1, 0])
    queues = observation["observation"]
    assert queues[1, 3] == 3 and queues[0, 3] == 3  # full, and held back
    assert queues[1, 0] == queues[1, 2] == 1  # served in every step
