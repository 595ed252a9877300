"""A damaged position is refused before anything moves: every field, every bit, every row, on every interface."""

from __future__ import annotations

import dataclasses
import importlib
import pickle
import pkgutil

import numpy as np
import pytest
import toys
from positions import changed, read
from surfaces import ALL_SURFACES, GAMES, make

from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.core.random import random_word

TOYS = {name: importlib.import_module(f"toys.{name}").ENV for _, name, _ in pkgutil.iter_modules(toys.__path__)}


def flipped(data, bit):
    """The bytes with one bit changed."""
    damaged = bytearray(data)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def advanced(env):
    """The environment, a step into an episode."""
    env.reset(seed=5)
    env.set_state(env.get_state())
    return env


# --- every bit --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TOYS)
def test_no_flipped_bit_of_a_record_is_let_through(name):
    env = advanced(MaskedVectorEnv(TOYS[name], 2, backend="python", opponent=None if playable(name) else "random"))
    states = env.get_state()
    for bit in range(8 * len(states[1].record)):
        damaged = dataclasses.replace(states[1], record=flipped(states[1].record, bit))
        with pytest.raises(ValueError, match="is damaged: its checksum is wrong"):
            env.set_state((states[0], damaged))
    assert env.get_state() == states


def playable(name):
    """Whether one action can play every agent."""
    return TOYS[name].play != "simultaneous" or TOYS[name].mask({}).kind in ("flat", "candidates")


@pytest.mark.parametrize(("env_id", "surface"), ALL_SURFACES)
def test_a_damaged_position_moves_nothing(env_id, surface):
    """Of a batch the last row is damaged: the rows before it stay where they are too."""
    env = make(env_id, surface, backend="python")
    env.reset(seed=1)
    elsewhere = env.unwrapped.get_state()
    env.reset(seed=2)
    before = env.unwrapped.get_state()
    rng = np.random.default_rng(0)
    for damage in (record_damaged, checksum_damaged, *map(flag_damaged, ("terminated", "truncated", "started"))):
        with pytest.raises(ValueError, match="damaged"):
            env.unwrapped.set_state(in_last_position(elsewhere, lambda state, damage=damage: damage(state, rng)))
        assert env.unwrapped.get_state() == before
    env.unwrapped.set_state(elsewhere)
    assert env.unwrapped.get_state() == elsewhere


def in_last_position(whole, damage):
    """A whole position with the damage to its only, or its last, row."""
    if isinstance(whole, tuple):
        return (*whole[:-1], damage(whole[-1]))
    if hasattr(whole, "position"):
        return dataclasses.replace(whole, position=damage(whole.position)).sealed()
    return damage(whole)


def record_damaged(state, rng):
    return dataclasses.replace(state, record=flipped(state.record, int(rng.integers(8 * len(state.record)))))


def checksum_damaged(state, rng):
    return dataclasses.replace(state, checksum=state.checksum ^ 1)


def flag_damaged(name):
    return lambda state, rng: dataclasses.replace(state, **{name: not getattr(state, name)})


@pytest.mark.parametrize("record", [None, "x", 5, bytearray(b"x"), np.zeros(3)])
def test_a_record_that_is_no_bytes_is_refused(record):
    env = advanced(MaskedEnv(TOYS["joint"]))
    state = env.get_state()
    with pytest.raises(ValueError, match="is damaged: its record is no bytes"):
        env.set_state(dataclasses.replace(state, record=record))
    with pytest.raises(ValueError, match="is damaged"):
        env.set_state(dataclasses.replace(state, terminated=2))
    with pytest.raises(ValueError, match="with the parameters None; expected one with"):
        env.set_state(dataclasses.replace(state, parameters=None))
    assert env.get_state() == state


LACKING = {
    "single": lambda: MaskedEnv(TOYS["joint"]),
    "vector": lambda: MaskedVectorEnv(TOYS["joint"], 3, backend="python"),
    "aec": lambda: MaskedAECEnv(TOYS["duel"]),
    "parallel": lambda: MaskedParallelEnv(TOYS["convoy"]),
}


@pytest.mark.parametrize("surface", LACKING)
def test_a_position_that_lacks_a_field_is_refused(surface):
    """Damaged bytes may unpickle to a state of which a field is missing."""
    env = LACKING[surface]()
    env.reset(seed=1)
    before = env.unwrapped.get_state()
    last = before[-1] if isinstance(before, tuple) else before
    for field in dataclasses.fields(last):
        damaged = object.__new__(type(last))
        vars(damaged).update({name: value for name, value in vars(last).items() if name != field.name})
        with pytest.raises(ValueError, match=f"is damaged: it has no {field.name}"):
            env.unwrapped.set_state((*before[:-1], damaged) if isinstance(before, tuple) else damaged)
        assert env.unwrapped.get_state() == before


# --- AEC environments -------------------------------------------------------------------------------------------------

IMPOSSIBLE = {
    "agents": lambda state: ("nobody",),
    "agent_selection": lambda state: "nobody",
    "next_selection": lambda state: "nobody",
    "rewards": lambda state: (7.0, *state.rewards[1:]),
    "cumulative_rewards": lambda state: (*state.cumulative_rewards, 1.0),
    "chosen": lambda state: state.chosen + 1,
    "actions": lambda state: b"\xff" * max(8, len(state.actions)),
    "invalid": lambda state: (*state.invalid, True),
    "gave_invalid": lambda state: tuple(not flag for flag in state.gave_invalid),
    "checksum": lambda state: state.checksum ^ 1,
}


@pytest.mark.parametrize("field", IMPOSSIBLE)
@pytest.mark.parametrize("name", ["race", "duel", "convoy"])
def test_what_agents_have_chosen_is_part_of_what_is_checked(name, field):
    env, rng = MaskedAECEnv(TOYS[name]), np.random.default_rng(0)
    env.reset(seed=3)
    spec = env.mask_spec(env.agent_selection)
    env.step(spec.sample(env.action_mask, rng, *[env.head_mask] * spec.needs_head_mask))  # in the middle of a round
    state = env.get_state()
    assert set(IMPOSSIBLE) == {each.name for each in dataclasses.fields(state)} - {"position"}
    with pytest.raises(ValueError, match="damaged: its checksum is wrong"):
        env.set_state(dataclasses.replace(state, **{field: IMPOSSIBLE[field](state)}))
    assert env.get_state() == state
    env.set_state(pickle.loads(pickle.dumps(state)))
    assert env.get_state() == state


# --- positions made by hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", GAMES)
def test_a_position_that_is_changed_on_purpose_is_sealed(env_id):
    """As a search does that draws anew what it cannot know."""
    env = make(env_id, "seat")
    env.reset(seed=0)
    state = env.unwrapped.get_state()
    stream = read(state)["rng"].tolist()
    random_word(stream)
    unsealed = dataclasses.replace(changed(state, rng=stream), checksum=state.checksum)
    with pytest.raises(ValueError, match=r"is damaged: .*state.sealed\(\)"):
        env.unwrapped.set_state(unsealed)
    env.unwrapped.set_state(unsealed.sealed())
    assert read(env.unwrapped.get_state())["rng"].tolist() == stream
    assert unsealed.sealed() == changed(state, rng=stream) != state and state.sealed() == state
