"""MaskedTaxi: Gymnasium's Taxi in every one of its 500 states."""

from __future__ import annotations

from collections import Counter
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from positions import changed, read

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.core.engine import State
from masked_envs.render.shapes import Text

pytestmark = pytest.mark.core

ENV_ID = "MaskedTaxi-v0"
STATES, ACTIONS = 500, 6


@pytest.fixture(scope="module")
def peer() -> Any:
    """Gymnasium's TaxiEnv; its newest id, as older ones warn when they are made."""
    newest = max(env_id for env_id in gym.registry if env_id.startswith("Taxi-v"))
    return gym.make(newest).unwrapped


def state_number(running: State, number: int, peer: Any) -> State:
    """The state that Gymnasium's Taxi has this number for, made from that of a running episode."""
    row, column, passenger, destination = peer.decode(number)
    return changed(running, row=row, column=column, passenger=passenger, destination=destination)


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.long)])
def test_masks_and_transitions_are_those_of_gymnasium_in_every_state(backend: str, peer: Any) -> None:
    """Passengers that wait where they want to be are among the states, as in Gymnasium's table."""
    if backend == "numba" and not numba_is_available():
        pytest.skip("no numba here")
    env = make(ENV_ID, backend=backend)
    env.reset(seed=0)
    running = env.get_state()
    allowed = delivered = 0
    for number in range(STATES):
        state = state_number(running, number, peer)
        env.set_state(state)
        mask = env.action_mask
        assert mask.tolist() == peer.action_mask(number).tolist()
        for action in range(ACTIONS):
            ((probability, next_number, reward, terminated),) = peer.P[number][action]
            assert probability == 1.0
            env.set_state(state)
            if not mask[action]:
                assert (next_number, terminated) == (number, False) and reward in (-1, -10)
                with pytest.raises(InvalidActionError):
                    env.step(action)
                assert env.get_state() == state
                continue
            observed, earned, over, truncated, _ = env.step(action)
            assert (observed["observation"], earned, over, truncated) == (next_number, reward, terminated, False)
            record = read(env.get_state())
            place = [int(record[name]) for name in ("row", "column", "passenger", "destination")]
            assert place == list(peer.decode(next_number))
            allowed, delivered = allowed + 1, delivered + over
    # 20 moves south and as many north, 14 open sides in each direction; 4 of 5 passengers wait at a landmark
    assert (allowed, delivered) == ((40 + 28) * 20 + 4 * 4 + 4 * 4, 4)


def test_the_mask_is_exactly_what_changes_the_state(peer: Any) -> None:
    """What "useful" says, from Gymnasium's table of transitions and not from its mask."""
    env = make(ENV_ID)
    env.reset(seed=0)
    for number in range(STATES):
        env.set_state(state_number(env.get_state(), number, peer))
        changes = [peer.P[number][action][0][1] != number for action in range(ACTIONS)]
        assert env.action_mask.tolist() == changes
    assert env.mask_spec.meaning == "useful"


def test_after_the_delivery_nothing_is_left_to_forbid(peer: Any) -> None:
    env = make(ENV_ID)
    env.reset(seed=0)
    for place, (row, column) in enumerate(peer.locs):
        env.reset()
        env.set_state(changed(env.get_state(), row=row, column=column, passenger=4, destination=place))
        observed, reward, terminated, _, info = env.step(5)
        assert (reward, terminated) == (20.0, True)
        assert observed["observation"] == peer.encode(row, column, place, place)
        assert info["action_mask"].tolist() == [1] * ACTIONS  # Gymnasium still forbids here


def test_starts_are_uniform_over_those_of_gymnasium(peer: Any) -> None:
    stats = pytest.importorskip("scipy.stats")
    possible = np.flatnonzero(peer.initial_state_distrib)
    assert len(possible) == 300
    starts = make_vec(ENV_ID, 60 * len(possible)).reset(seed=0)[0]["observation"]
    counts = Counter(starts.tolist())
    assert set(counts) == set(possible.tolist())
    assert stats.chisquare([counts[number] for number in possible]).pvalue > 1e-4


def test_the_episode_is_cut_after_as_many_steps_as_in_gymnasium() -> None:
    newest = max(env_id for env_id in gym.registry if env_id.startswith("Taxi-v"))
    env = make(ENV_ID)
    env.reset(seed=0)
    steps, truncated = 0, False
    while not truncated:
        mask = env.action_mask
        _, _, terminated, truncated, info = env.step(int(np.flatnonzero(mask)[0]))  # south and north for ever
        assert not terminated
        steps += 1
    assert steps == gym.spec(newest).max_episode_steps
    assert 0 < info["action_mask"].sum() < ACTIONS  # the true mask, as the episode was only cut


def test_a_useless_action_costs_what_the_caller_says() -> None:
    """Gymnasium's price for a useless pickup, by `on_invalid` and `invalid_reward`."""
    env = make(ENV_ID, on_invalid="noop", invalid_reward=-10)
    env.reset(seed=0)
    env.set_state(changed(env.get_state(), row=2, column=2, passenger=0, destination=1))
    before = read(env.get_state())
    _, reward, terminated, truncated, info = env.step(4)
    after = read(env.get_state())
    assert (reward, terminated, truncated, info["invalid_action"]) == (-10.0, False, False, True)
    names = ("row", "column", "passenger", "destination")
    assert all(before[name] == after[name] for name in names) and after["elapsed_steps"] == before["elapsed_steps"] + 1


def test_the_picture_says_where_the_passenger_is_and_is_going() -> None:
    env = make("MaskedTaxi-v0")
    env.reset(seed=0)
    for passenger, place in enumerate(("at R", "at G", "at Y", "at B", "in the taxi")):
        env.set_state(changed(env.get_state(), passenger=passenger, destination=2))
        words = [shape.string for shape in env.picture.scene(0).shapes if isinstance(shape, Text)]
        assert f"passenger {place}" in words and "destination Y" in words
