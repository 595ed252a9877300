"""Every kind of mask through the engine and every surface: legality, drawing, both backends, and the errors.

The environments are `tests/helpers/toys`; `tests/helpers/toy_rules.py` says a second time what is legal in them.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re

import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from toy_rules import LEGAL, NAMES, TOYS, all_actions

import masked_envs
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv
from masked_envs.core.engine import Engine

BACKENDS = ("python", "numba")
ON_INVALID = ("raise", "terminate", "noop", "resample")
TOLERANCE = np.finfo(np.float32).eps  # the bounds of an interval are rounded to float32


def engine_of(name, rows=1, backend="python", **arguments):
    declared = TOYS[name]
    engine = Engine(declared, declared.resolve({}), rows, backend, **arguments)
    engine.seed(range(100, 100 + rows))
    engine.reset()
    return engine


def agent_in(engine, row, view):
    return view if engine.views > 1 else int(engine.acting[row])


def reset_ended(engine):
    ended = engine.terminated | engine.truncated
    if ended.any():
        engine.reset(ended)


# --- the engine -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_legality_equals_brute_force(name, backend):
    engine = engine_of(name, backend=backend)
    listed = all_actions(engine.mask_spec.action_space)
    both_seen = set()
    for _ in range(12 if len(listed) > 100 else 25):
        for view in range(engine.views):
            agent = agent_in(engine, 0, view)
            for action in listed:
                engine.actions[0, view] = engine.mask_spec.encode(action)
                expected = bool(LEGAL[name](engine.stored_records()[0], agent, action))
                assert engine.is_legal(0, view) == expected, (name, action, engine.stored_records()[0])
                both_seen.add(expected)
            engine.pick(engine.every_row, view)
        engine.find_invalid(engine.every_row)
        engine.step(engine.every_row)
        reset_ended(engine)
    assert both_seen == {True, False}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_drawn_actions_are_legal_and_any_legal_one_can_be_drawn(name, backend):
    engine = engine_of(name, rows=600, backend=backend)
    one_state = engine.get_state(0)
    for row in range(engine.rows):  # one position, many streams
        engine.set_state(row, one_state)
    engine.seed(range(engine.rows))
    spec, view = engine.mask_spec, engine.views - 1
    engine.pick(engine.every_row, view)
    state, agent = engine.stored_records()[0], agent_in(engine, 0, view)
    drawn = [spec.decode(engine.actions[row, view], False) for row in range(engine.rows)]
    assert all(LEGAL[name](state, agent, action) for action in drawn)
    if name in ("interval", "hybrid", "crew"):
        assert len({str(action) for action in drawn}) > 500  # a continuum
        return
    legal = {str(action) for action in all_actions(spec.action_space) if LEGAL[name](state, agent, action)}
    assert {str(action) for action in drawn} == legal


@pytest.mark.parametrize("on_invalid", ON_INVALID)
@pytest.mark.parametrize("name", NAMES)
def test_the_backends_are_equal_byte_for_byte(name, on_invalid):
    engines = [engine_of(name, 8, backend, on_invalid=on_invalid, invalid_reward=-0.5) for backend in BACKENDS]
    rng, refused = np.random.default_rng(3), 0
    for _ in range(80):
        spoil = rng.random((8, engines[0].views)) < 0.1
        for engine in engines:
            for view in range(engine.views):
                engine.pick(engine.every_row, view)
            if on_invalid != "raise":
                spoil_actions(engine, spoil)
            refused += engine.find_invalid(engine.every_row) >= 0
            engine.step(engine.every_row)
        python, numba = engines
        fields = ("observations", "masks", "actions", "rewards", "terminated", "truncated", "acting", "invalid")
        for field in (*fields, "invalid_counts"):
            assert getattr(python, field).tobytes() == getattr(numba, field).tobytes(), field
        assert python.stored_records().tobytes() == numba.stored_records().tobytes()
        for engine in engines:
            reset_ended(engine)
    assert (refused > 0) == (on_invalid != "raise")


def spoil_actions(engine, where):
    """Put what no mask allows in some rows and views."""
    if engine.actions.dtype.names:
        first = engine.actions.dtype.names[0]
        engine.actions[first][where] = -1
    else:
        engine.actions[where] = np.nan if engine.actions.dtype.kind == "f" else -1


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_resampled_action_is_legal(name, backend):
    engine = engine_of(name, 40, backend, on_invalid="resample", invalid_reward=-2.0)
    for _ in range(6):
        spoil_actions(engine, np.ones((40, engine.views), bool))
        before, movers = engine.stored_records().copy(), engine.acting.copy()
        engine.find_invalid(engine.every_row)
        engine.step(engine.every_row)
        assert engine.invalid.all()
        for row, view in itertools.product(range(40), range(engine.views)):
            agent = view if engine.views > 1 else movers[row]
            action = engine.mask_spec.decode(engine.actions[row, view], False)
            assert LEGAL[name](before[row], agent, action), (name, action)
        reset_ended(engine)
    assert (engine.invalid_counts == 6 * engine.views).all()


def test_unchecked_views_keep_their_marks():
    engine = engine_of("race", on_invalid="noop")
    engine.actions[0] = [-1, 0, -1]
    assert engine.find_invalid(engine.every_row, view=0) == 0
    assert engine.invalid[0].tolist() == [True, False, False]
    assert engine.find_invalid(engine.every_row, view=1) == -1
    assert engine.invalid[0].tolist() == [True, False, False]
    assert engine.find_invalid(engine.every_row, view=2) == 0
    assert engine.invalid[0].tolist() == [True, False, True]
    assert engine.invalid_counts.tolist() == [2]
    engine.reset()
    assert not engine.invalid.any() and engine.invalid_counts.tolist() == [2]


# --- the surfaces -----------------------------------------------------------------------------------------------------

ALONE = [n for n in NAMES if TOYS[n].play != "simultaneous" or n == "race"]
SIMULTANEOUS = [n for n in NAMES if TOYS[n].play == "simultaneous"]


def a_legal_action(env, agent=None):
    """One legal action of the caller, or of an agent, from what the public interface gives."""
    rng = np.random.default_rng(0)
    if agent is None:
        return env.mask_spec.sample(env.action_mask, rng, env.head_mask)
    return env.mask_spec(agent).sample(env.action_mask[agent], rng, functools.partial(env.head_mask, agent))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ALONE)
def test_single_environment_plays_every_kind(name, backend):
    env = MaskedEnv(TOYS[name], backend=backend)
    observation, info = env.reset(seed=1)
    for _ in range(60):
        assert env.observation_space.contains(observation)
        assert env.mask_spec.contains(info["action_mask"])
        observation, _, terminated, truncated, info = env.step(a_legal_action(env))
        if terminated:
            assert env.mask_spec.contains(info["action_mask"])
        if terminated or truncated:
            observation, info = env.reset()
    assert env.invalid_actions == 0


@pytest.mark.parametrize("name", ALONE)
def test_vector_environment_plays_every_kind(name):
    envs = MaskedVectorEnv(TOYS[name], 3, autoreset_mode=AutoresetMode.SAME_STEP)
    observations, info = envs.reset(seed=1)
    rng = np.random.default_rng(1)
    for _ in range(40):
        assert envs.observation_space.contains(observations)
        actions = envs.mask_spec.sample(info["action_mask"], rng, envs.head_mask)
        observations, *_, info = envs.step(actions)
    assert not envs.invalid_actions.any()


def test_vector_head_mask_is_of_the_row():
    envs = MaskedVectorEnv(TOYS["conditional_three"], 4)
    envs.reset(seed=0)
    states = [np.frombuffer(state.record, envs._engine.records.dtype)[0] for state in envs.get_state()]
    assert len({int(state["t"]) % 2 for state in states}) == 2
    for row, state in enumerate(states):
        first, second = map(int, np.argwhere(envs.action_mask[row])[0])
        expected = [(first + second + k) % 2 == state["t"] % 2 for k in range(5)]
        assert envs.head_mask(row, 2, (first, second)).tolist() == expected
    with pytest.raises(ValueError, match="row must be in 0..3"):
        envs.head_mask(4, 0, ())


@pytest.mark.parametrize("name", SIMULTANEOUS)
def test_parallel_and_aec_environments_are_one_game(name):
    parallel, aec = MaskedParallelEnv(TOYS[name]), MaskedAECEnv(TOYS[name], backend="numba")
    parallel.reset(seed=4)
    aec.reset(seed=4)
    for _ in range(25):
        actions = {agent: a_legal_action(parallel, agent) for agent in parallel.agents}
        for agent in parallel.agents:
            assert aec.agent_selection == agent
            np.testing.assert_equal(aec.action_mask, parallel.action_mask[agent])
            aec.step(actions[agent])
        observations, rewards, terminations, truncations, _ = parallel.step(actions)
        assert aec.get_state().position == parallel.get_state()
        assert (aec.rewards, aec.terminations, aec.truncations) == (rewards, terminations, truncations)
        for agent, observation in observations.items():
            if agent == aec.agent_selection or agent not in parallel.agents:
                np.testing.assert_equal(aec.observe(agent), observation)
        while parallel.agents and aec.terminations[aec.agent_selection]:
            aec.step(None)
        if not parallel.agents:
            parallel.reset()
            aec.reset()


@pytest.mark.parametrize("opponent", ["random", "callable"])
@pytest.mark.parametrize("name", [*SIMULTANEOUS, "duel"])
def test_one_seat_sees_what_its_agent_sees(name, opponent):
    if opponent == "callable":
        rng, spec = np.random.default_rng(0), TOYS[name].mask({})
        opponent = lambda observation, mask, *heads: spec.sample(mask, rng, *heads)  # noqa: E731
    agents = TOYS[name].agents({})
    for index, agent in enumerate(agents):
        seat = MaskedEnv(TOYS[name], opponent=opponent, agent=agent)
        seat.reset(seed=6)
        for _ in range(30):
            state = np.frombuffer(seat.get_state().record, seat._engine.records.dtype)[0]
            action = a_legal_action(seat)
            assert LEGAL[name](state, index, action)
            *_, terminated, truncated, _ = seat.step(action)
            if terminated or truncated:
                seat.reset()
        assert seat.invalid_actions == 0


@pytest.mark.parametrize("name", ["duel", "race"])
def test_a_position_of_an_aec_environment_holds_what_agents_have_earned(name):
    """PettingZoo pays an agent at its turn what it earned since its last; a position in between keeps that."""
    aec, other, rng = MaskedAECEnv(TOYS[name]), MaskedAECEnv(TOYS[name]), np.random.default_rng(0)
    aec.reset(seed=0)
    kept = []
    for _ in range(5):  # ends in the middle of a round
        aec.step(aec.mask_spec(aec.agent_selection).sample(aec.action_mask, rng))
        state, (_, earned, *_) = aec.get_state(), aec.last()
        other.set_state(state)
        assert other.get_state() == state and other.last()[1] == earned
        kept.append(earned)
        with pytest.raises(masked_envs.InvalidActionError):
            aec.step(-1)
        assert aec.last()[1] == earned and aec.get_state() == state  # a refused action takes nothing away
    assert any(kept)


def test_all_agents_at_once_have_one_mask_per_head():
    env = MaskedEnv(TOYS["race"])
    _, info = env.reset(seed=0)
    assert env.mask_spec == masked_envs.MaskSpec.per_head([4, 4, 4])
    assert info["action_mask"].shape == (12,) and "agent" not in info
    _, reward, _, _, info = env.step([1, 2, 0])
    assert reward == 3.0 and info["rewards"].tolist() == [1.0, 2.0, 0.0]


@pytest.mark.parametrize("name", ["convoy", "crew"])
def test_agents_of_other_kinds_cannot_be_played_at_once(name):
    kind = TOYS[name].mask({}).kind
    with pytest.raises(TypeError, match=f"agents with {kind} masks cannot be played .* use masked_envs.make_parallel"):
        MaskedEnv(TOYS[name])


def test_dict_observations_lie_beside_the_mask():
    env = MaskedEnv(TOYS["candidates"])
    observation, info = env.reset(seed=0)
    assert set(observation) == {"observation", "action_embeddings", "action_mask"}
    assert observation["action_embeddings"].shape == (5, 2)
    bare, info = MaskedEnv(TOYS["candidates"], mask_in="info").reset(seed=0)
    assert set(bare) == {"observation", "action_embeddings"}
    np.testing.assert_array_equal(info["action_mask"], observation["action_mask"])


def test_discrete_observations_are_numbers():
    env = MaskedEnv(TOYS["conditional_two"], mask_in="info")
    observation, _ = env.reset(seed=0)
    assert env.observation_space == spaces.Discrete(21) and env.observation_space.contains(observation)
    observations, _ = MaskedVectorEnv(TOYS["conditional_two"], 2, mask_in="info").reset(seed=0)
    assert observations.shape == (2,) and observations.dtype == np.int64


def test_an_action_outside_float_and_int8_reaches_the_rules_wide():
    """Rules multiply actions; in NumPy's narrow scalars they would overflow or round otherwise than in numba."""
    for name, base in (("binary", np.int64), ("interval", np.float64), ("joint", np.int64)):
        assert engine_of(name).actions.dtype == base
    assert engine_of("hybrid").actions.dtype["power"].base == np.float64


@pytest.mark.parametrize("on_invalid", ["raise", "noop"])
@pytest.mark.parametrize("name", NAMES)
def test_infos_have_the_same_keys_after_reset_and_step(name, on_invalid):
    """Recorders build the structure of a whole run from the first info."""
    keys = []
    if name in ALONE:
        env, envs = (make(TOYS[name], on_invalid=on_invalid) for make in (MaskedEnv, MaskedVectorEnv))
        for each in (env, envs):
            keys.append([each.reset(seed=0)[1], each.step(each.sample_legal())[-1], each.reset()[1]])
        first, after, _ = keys[0]
        assert ("invalid_action" in first) == (on_invalid != "raise")
        assert ("rewards" in first) == (TOYS[name].play != "single")
        if "rewards" in first:
            assert not first["rewards"].any() and first["rewards"].shape == after["rewards"].shape
    if TOYS[name].play != "single":
        aec = MaskedAECEnv(TOYS[name], on_invalid=on_invalid)
        aec.reset(seed=0)
        first = aec.infos[aec.agent_selection]
        aec.step(aec.sample_legal(aec.agent_selection))
        keys.append([first, *aec.infos.values()])
    if name in SIMULTANEOUS:
        env = MaskedParallelEnv(TOYS[name], on_invalid=on_invalid)
        first = env.reset(seed=0)[1]
        after = env.step({agent: env.sample_legal(agent) for agent in env.agents})[-1]
        keys.append([*first.values(), *after.values()])
    for infos in keys:
        assert len({tuple(sorted(info)) for info in infos}) == 1


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
def test_an_environment_with_bounds_of_float16_is_refused_by_name(backend):
    half = masked_envs.MaskSpec.interval([-1, -1], [1, 1], dtype=np.float16)
    for spec in (half, masked_envs.MaskSpec.dict({"a": half, "b": masked_envs.MaskSpec.flat(2)})):
        declared = dataclasses.replace(TOYS["interval"], mask=lambda values, spec=spec: spec)
        with pytest.raises(ValueError, match="of float32 or float64; numba has no float16"):
            MaskedVectorEnv(declared, 2, backend=backend)


# --- errors -----------------------------------------------------------------------------------------------------------

REFUSED = {
    "per_head": ([9, 0], "out of range", r"Legal now: \(\d, \d\)"),
    "joint": ([0.5, 1.0], "is not an action of MultiDiscrete", r"Legal now: \(\d, \d\), \(\d, \d\)"),
    "conditional_two": ([-1, 0], "out of range", r"Legal now: \(0, 0\)"),
    "conditional_three": ([3, 0, 0], "out of range", r"Legal now: \(0, 0, \d\), .*, \.\.\."),
    "binary": ([2, 0, 0, 0], "out of range", r"Legal now: \(\d, \d, \d, \d\)"),
    "interval": (np.float32([7, 0]), "out of range", r"Legal now: between \[-?\d.*\] and \["),
    "candidates": (True, "is not an action of Discrete", "Legal now: 0, 1, 2, 3, 4"),
    "hybrid": ({"gear": 0}, "is not an action of Dict", r"Legal now: flags: \(\d.*; gear: \d, \d; power: between \["),
    "hybrid_tuple": (3, "is not an action of Tuple", r"Legal now: \(\(\d, \d\), \(\d, \d\), \d\)"),
    "duel": ([0, 3], "out of range", r"Legal now: \(0, 0\), \(0, 1\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_error_says_what_is_wrong_and_what_is_legal(name):
    action, reason, legal = REFUSED[name]
    env = MaskedEnv(TOYS[name])
    env.reset(seed=0)
    before = env.get_state()
    with pytest.raises(
        masked_envs.InvalidActionError, match=f"(?s){TOYS[name].id}: the action .*{reason}.*{legal}"
    ) as e:
        env.step(action)
    assert re.search(r"Sample a legal action with \S", str(e.value))
    assert env.get_state() == before and env.invalid_actions == 1


@pytest.mark.parametrize("name", [n for n in REFUSED if TOYS[n].play == "single"])
def test_forbidden_actions_are_called_forbidden(name):
    env = MaskedEnv(TOYS[name])
    env.reset(seed=0)
    if name == "candidates":
        env.step(0)
        if env.action_mask[0]:
            env.step(0)
    state = np.frombuffer(env.get_state().record, env._engine.records.dtype)[0]
    forbidden = next(a for a in all_actions(env.action_space) if not LEGAL[name](state, 0, a))
    with pytest.raises(masked_envs.InvalidActionError, match="is forbidden by the action mask"):
        env.step(forbidden)
