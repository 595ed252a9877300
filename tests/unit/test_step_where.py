"""`step(actions, where=)`: a part of the rows moves; held against single environments and between the backends."""

from __future__ import annotations

import functools

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from players import spoilt
from streams import fingerprint, legal_action, row_of
from surfaces import BACKENDS, TOYS, in_one_action, makers

import masked_envs
from masked_envs import trees

pytestmark = pytest.mark.core

ROWS = 4
SEAT = {"opponent": "random"}
PLAYED = [
    *((name, {}) for name, toy in TOYS.items() if in_one_action(toy)),
    *((name, SEAT) for name, toy in TOYS.items() if toy.play != "single"),
]
EVERY_PLAY = pytest.mark.parametrize(("name", "game"), PLAYED)


def make_rows(name, backend="python", **arguments):
    return makers(name)["vector"](num_envs=ROWS, autoreset_mode=AutoresetMode.DISABLED, backend=backend, **arguments)


def some_rows(ended, rng):
    """Running rows, at least one of them."""
    where = (rng.random(ROWS) < 0.5) & ~ended
    where[rng.choice(np.flatnonzero(~ended))] = True
    return where


@EVERY_PLAY
def test_rows_move_as_single_environments_do_and_others_keep_still(name, game):
    envs = make_rows(name, on_invalid="noop", invalid_reward=-0.5, time_limit=5, **game)
    singles = [makers(name)["env"](on_invalid="noop", invalid_reward=-0.5, time_limit=5, **game) for _ in range(ROWS)]
    spec, rng = envs.mask_spec, np.random.default_rng(1)
    shown = list(envs.reset(seed=8))
    for i, single in enumerate(singles):
        single.reset(seed=8 + i)
    ended, kept_still, moved = np.zeros(ROWS, bool), 0, 0
    for _ in range(40):
        if ended.all() or (ended.any() and rng.random() < 0.4):
            shown = list(envs.reset(options={"reset_mask": ended.copy()}))
            for row in np.flatnonzero(ended):
                singles[row].reset()
            ended[:] = False
        where, before = some_rows(ended, rng), envs.get_state()
        actions = legal_action(envs, envs.action_mask, rng)
        bad = np.flatnonzero(rng.random(ROWS) < 0.3).tolist()
        actions = spoilt(spec, actions, bad)
        observations, rewards, terminated, truncated, info = envs.step(actions, where=where)
        after = envs.get_state()
        for row, single in enumerate(singles):
            if where[row]:
                expected = single.step(spec.action_of_row(actions, row))
                given = (row_of(observations, row), rewards[row], terminated[row], truncated[row], row_of(info, row))
                assert fingerprint(trees.plain(given)) == fingerprint(trees.plain(expected))
                moved += 1
            else:
                assert after[row] == before[row] and rewards[row] == 0
                assert (terminated[row] or truncated[row]) == ended[row]
                assert fingerprint(row_of(observations, row)) == fingerprint(row_of(shown[0], row))
                assert fingerprint(row_of(info["action_mask"], row)) == fingerprint(
                    row_of(shown[1]["action_mask"], row)
                )
                assert not info["invalid_action"][row] and not np.any(info.get("rewards", np.zeros(ROWS))[row])
                kept_still += 1
        shown, ended = [observations, info], terminated | truncated
    assert kept_still > 20 and moved > 20
    assert envs.invalid_actions.tolist() == [single.invalid_actions for single in singles]
    assert envs.invalid_actions.sum() > 0


@pytest.mark.once
@pytest.mark.parametrize("on_invalid", ["terminate", "resample"])
@EVERY_PLAY
def test_the_backends_are_equal(name, game, on_invalid):
    python, compiled = (
        make_rows(name, backend, on_invalid=on_invalid, invalid_reward=-1.0, time_limit=6, **game)
        for backend in BACKENDS
    )
    rng = np.random.default_rng(3)
    assert fingerprint(python.reset(seed=1)) == fingerprint(compiled.reset(seed=1))
    ended = np.zeros(ROWS, bool)
    for _ in range(30):
        if ended.any() and (ended.all() or rng.random() < 0.5):
            assert fingerprint([envs.reset(options={"reset_mask": ended.copy()}) for envs in [python]]) == fingerprint(
                [compiled.reset(options={"reset_mask": ended.copy()})]
            )
            ended[:] = False
        where = some_rows(ended, rng)
        actions = legal_action(python, python.action_mask, rng)
        actions = spoilt(python.mask_spec, actions, np.flatnonzero(rng.random(ROWS) < 0.2).tolist())
        given = python.step(actions, where=where)
        assert fingerprint(given) == fingerprint(compiled.step(actions, where=where))
        assert python.get_state() == compiled.get_state()
        ended = given[2] | given[3]
    assert python.invalid_actions.tolist() == compiled.invalid_actions.tolist() and python.invalid_actions.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_actions_of_other_rows_are_not_judged(backend):
    envs = make_rows("ToyJoint-v0", backend)
    envs.reset(seed=0)
    actions = legal_action(envs, envs.action_mask, np.random.default_rng(0))
    actions = spoilt(envs.mask_spec, actions, [1, 3])
    envs.step(actions, where=np.array([True, False, True, False]))
    assert not envs.invalid_actions.any()
    before = envs.get_state()
    with pytest.raises(masked_envs.InvalidActionError, match=r"row 3"):
        envs.step(actions, where=np.array([True, False, True, True]))
    assert envs.get_state() == before and envs.invalid_actions.tolist() == [0, 0, 0, 1]


def test_ended_rows_may_wait_but_not_move():
    envs = make_rows("ToyJoint-v0", time_limit=1)
    envs.reset(seed=0)
    first = np.array([True, False, False, False])
    actions = legal_action(envs, envs.action_mask, np.random.default_rng(0))
    _, _, _, truncated, _ = envs.step(actions, where=first)
    assert truncated.tolist() == first.tolist()
    _, _, _, truncated, _ = envs.step(actions, where=~first)
    assert truncated.all()  # of the first row, since it has still ended
    with pytest.raises(gym.error.ResetNeeded, match="rows 0 have ended"):
        envs.step(actions, where=first)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (np.ones(ROWS - 1, bool), r"where must be a bool array of shape \(4,\)"),
        (np.ones(ROWS, np.int8), r"where must be a bool array of shape \(4,\)"),
        (np.array([0, 1]), r"rows by number: where = np.zeros\(num_envs, bool\)"),
        ([True] * ROWS, r"where must be a bool array of shape \(4,\)"),
        (np.zeros(ROWS, bool), "where chooses no row"),
    ],
)
def test_bad_masks_of_rows_are_refused(where, message):
    envs = make_rows("ToyJoint-v0")
    envs.reset(seed=0)
    before, actions = envs.get_state(), legal_action(envs, envs.action_mask, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message):
        envs.step(actions, where=where)
    assert envs.get_state() == before


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_other_autoreset_modes_move_all_rows(mode):
    envs = functools.partial(makers("ToyJoint-v0")["vector"], num_envs=2)(autoreset_mode=mode)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="make it with autoreset_mode=AutoresetMode.DISABLED"):
        envs.step(np.zeros((2, 2), np.int64), where=np.array([True, False]))
