"""MaskedUnitCommitment: plans against a mixed-integer program, and the rules against a scan of the whole history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from positions import read
from unit_commitment_program import CAPACITY, HOURS, LEAST, MIN_TIME, RAMPS, STARTING, UNITS, Program

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.envs.energy import unit_commitment as data
from masked_envs.render.shapes import Rect, Text

ENV_ID = "MaskedUnitCommitment-v0"
BACKEND = "numba" if numba_is_available() else "python"
ROUNDING = 1e-4  # MW: powers are float32


@pytest.mark.parametrize("seed", range(6))
def test_the_best_plan_of_a_mixed_integer_program_is_legal_and_costs_what_the_program_says(seed: int) -> None:
    pytest.importorskip("scipy")
    env = make(ENV_ID)
    env.reset(seed=seed)
    cost, on, power, _ = Program(read(env.get_state())).solve()
    total, terminated = 0.0, False
    for hour in range(HOURS):
        low, high = env.action_mask["power"]
        asked = np.where(on[:, hour] == 1, power[:, hour], low).astype(np.float32)
        assert (asked >= low - ROUNDING).all()  # the solver's own tolerance
        assert (asked <= high + ROUNDING).all()
        _, reward, terminated, _, _ = env.step({"on": on[:, hour], "power": np.clip(asked, low, high)})
        total += reward
    assert terminated
    assert -total * data.MONEY == pytest.approx(cost, rel=1e-6)


def play_random_days(rows: int, seed: int) -> tuple[list[dict[str, Any]], np.ndarray, np.ndarray, np.ndarray]:
    """Of one day of random legal play, starts of its rows, on and power (rows, UNITS, HOURS), and returns (rows,)."""
    envs, rng = make_vec(ENV_ID, rows, backend=BACKEND, autoreset_mode="Disabled"), np.random.default_rng(seed)
    observed, _ = envs.reset(seed=seed)
    starts = [
        {
            name: observed["observation"][row, k * UNITS : (k + 1) * UNITS]
            for k, name in enumerate(("on", "since", "power"))
        }
        | {"demand": observed["observation"][row, 3 * UNITS :]}
        for row in range(rows)
    ]
    returns, on, power = np.zeros(rows), [], []
    for _ in range(HOURS):
        mask = observed["action_mask"]
        choice = rng.random((rows, UNITS)) < 0.5
        turned_on = np.where(choice, mask["on"][:, :, 1], 1 - mask["on"][:, :, 0]).astype(np.int8)
        share = rng.integers(0, 3, (rows, UNITS)) / 2  # lowest, middle, highest
        low, high = mask["power"][:, 0], mask["power"][:, 1]
        asked = np.clip(low + (high - low) * share, low, high).astype(np.float32)
        observed, rewards, _, _, _ = envs.step({"on": turned_on, "power": asked})
        returns += rewards
        on.append(turned_on)
        power.append(asked * turned_on)
    return starts, np.stack(on, 2), np.stack(power, 2), returns


def test_no_random_legal_plan_breaks_a_rule_of_the_whole_day() -> None:
    rows = 2000 if BACKEND == "numba" else 30
    starts, on, power, _ = play_random_days(rows, 0)
    switches = 0
    for row in range(rows):
        for unit in range(UNITS):
            since = round(float(starts[row]["since"][unit]) * MIN_TIME[unit])
            was = int(starts[row]["on"][unit])
            line = [was] * since + on[row, unit].tolist()
            runs = [len(part) for part in "".join(map(str, line)).replace("01", "0 1").replace("10", "1 0").split()]
            switches += len(runs) - 1
            assert all(length >= MIN_TIME[unit] for length in runs[:-1]), line  # the last one goes on after the day
            powers = [float(starts[row]["power"][unit]) * CAPACITY[unit], *power[row, unit].tolist()]
            states = [was, *on[row, unit].tolist()]
            for k in range(HOURS):
                first_or_last = states[k] != states[k + 1]
                most = STARTING[unit] if first_or_last else RAMPS[unit]
                assert abs(powers[k + 1] - powers[k]) <= most + ROUNDING
                if states[k + 1]:
                    assert LEAST[unit] <= powers[k + 1] <= CAPACITY[unit]
    assert switches > rows  # or the rules were never in question


def test_no_legal_play_is_cheaper_than_the_proven_bound() -> None:
    pytest.importorskip("scipy")
    env, rng = make(ENV_ID), np.random.default_rng(5)
    env.reset(seed=11)
    start = env.get_state()
    _, _, _, bound = Program(read(start)).solve()
    for _ in range(200):
        env.set_state(start)
        total, terminated = 0.0, False
        while not terminated:
            _, reward, terminated, _, _ = env.step(env.mask_spec.sample(env.action_mask, rng))
            total += reward
        assert -total * data.MONEY >= bound * (1 - 1e-9)


def test_what_the_mask_forbids_is_refused_and_the_rest_of_the_table_is_not() -> None:
    """Every corner of the space: legal where a rule written for one unit says so."""
    env, refused, taken = make(ENV_ID), 0, 0
    for seed in range(30):
        env.reset(seed=seed)
        start = env.get_state()
        before = read(start)
        for unit in range(UNITS):
            for on in (0, 1):
                action = {
                    "on": (env.action_mask["on"][:, 1]).astype(np.int8),
                    "power": env.action_mask["power"][0].copy(),
                }
                action["on"][unit] = on
                was, waited = before["on"][unit], before["since"][unit] >= MIN_TIME[unit]
                small = before["power"][unit] <= STARTING[unit]
                expected = on == was or (waited and (was == 0 or small))
                try:
                    env.step(action)
                    legal, taken = True, taken + 1
                except InvalidActionError:
                    legal, refused = False, refused + 1
                assert legal == bool(expected)
                env.set_state(start)
    assert refused > 20
    assert taken > 20


def test_the_units_are_those_of_the_reference() -> None:
    """Sums published with the ten-unit system: 1662 MW installed, 27100 MWh a day."""
    assert sum(data.CAPACITY) == 1662
    assert sum(data.DEMAND) == 27100
    assert {len(column) for column in (data.LEAST_POWER, data.FIXED_COST, data.POWER_COST, data.START_COST)} == {10}


@pytest.mark.parametrize("ramp", [0.37, 0.1, 0.301])
def test_a_unit_that_starts_at_the_highest_power_may_stop_once_its_time_is_over(ramp: float) -> None:
    """The mask's bound is the float32 below the limit, which is what is compared when the unit is to stop."""
    stopped = 0
    for seed in range(80):
        env = make(ENV_ID, num_units=1, ramp=ramp, mask_in="info")
        _, info = env.reset(seed=seed)
        if info["action_mask"]["on"][0, 1] == 0 or read(env.get_state())["on"][0] == 1:
            continue
        power = info["action_mask"]["power"][1]
        for _ in range(int(data.MIN_TIME[0])):
            _, _, _, _, info = env.step({"on": np.array([1], np.int8), "power": power.copy()})
        assert info["action_mask"]["on"].tolist() == [[1, 1]]
        stopped += 1
    assert stopped >= 5


def test_the_chart_has_axes_with_hours_and_megawatts() -> None:
    env = make("MaskedUnitCommitment-v0")
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    for hour in range(5):
        scene, state = env.picture.scene(0), env.picture.engine.states[0]
        words = {shape.string: shape for shape in scene.shapes if isinstance(shape, Text)}
        bars = [
            shape
            for shape in scene.shapes
            if isinstance(shape, Rect) and shape.ink in ("frame", "machine") and shape.y > 1
        ]
        heights = {word.string: word.y for word in scene.shapes if isinstance(word, Text) and word.align == "right"}
        zero, top = heights["0"], heights["1040"]  # MW: 455 + 455 + 130
        assert "MW" in words and "hour" in words and f"demand of hour {hour}" in words
        for k, bar in enumerate(bars):
            assert bar.h / (zero - top) * 1040 == pytest.approx(state["demand"][hour + k])
            label = words.get(str(hour + k)) if (hour + k) % 3 == 0 and hour + k else None
            assert label is None or label.x == pytest.approx(bar.x + bar.w / 2)
        env.step(env.sample_legal(rng))
