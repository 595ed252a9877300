"""What is not a legal action is refused with words on every surface, changes nothing, and is counted.

What is not even an environment's argument, seed, batch or position is refused as clearly: test_bad_arguments.py.
"""

from __future__ import annotations

import itertools
import math

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Discrete
from players import VectorPlayer, ended, go_where_something_is_forbidden, player
from positions import read
from streams import fingerprint
from surfaces import ALL_SURFACES, BACKENDS, TOY_SURFACES, make, some_and_long

import masked_envs
from masked_envs.conformance.actions import malformed_actions, out_of_range
from masked_envs.core.backends import numba_is_available
from masked_envs.core.random import random_uniform

COMPILED = (f"vector {gym.vector.AutoresetMode.NEXT_STEP.value}", "aec")  # surfaces of the toys tried on numba too
DISABLED = f"vector {gym.vector.AutoresetMode.DISABLED.value}"


def of_surfaces(*names):
    """The (id or toy, surface) pairs of these surfaces, all of them without names."""
    both = [[pair for pair in each if not names or pair[1] in names] for each in (TOY_SURFACES, ALL_SURFACES)]
    return some_and_long(*both)


EVERY_SURFACE = pytest.mark.parametrize(("env_id", "surface"), of_surfaces())
EVERY_SURFACE_AND_BACKEND = pytest.mark.parametrize(
    ("env_id", "surface", "backend"),
    some_and_long(
        [
            (*pair, backend)
            for pair in TOY_SURFACES
            for backend in BACKENDS
            if backend == "python" or pair[1] in COMPILED
        ],
        [(*pair, backend) for pair in ALL_SURFACES for backend in BACKENDS],
    ),
)
VECTORS = of_surfaces(*{surface for _, surface in TOY_SURFACES if surface.startswith("vector")})
PRICE = -0.25  # a power of two: sums of it are exact


class Unreadable:
    def __repr__(self):
        raise RuntimeError("no repr")


NEVER_ACTIONS = (
    None, "0", "left", b"0", math.nan, -math.inf, 0.5, -0.0, True, np.True_, 1j, 10**30, -(10**30), 2**63, -(2**63) - 1,
    [], {}, object(), Unreadable(), np.array([], np.int64), np.zeros((2, 2, 2), np.int64), np.array(None),
    np.datetime64(0, "s"), np.float32(1), np.uint64(2**63),
)  # fmt: skip


SHORT = 3  # steps of an episode that ends before anything else can end it


def elapsed_steps(each):
    return int(read(each.position())["elapsed_steps"])


def needs(backend):
    if backend == "numba" and not numba_is_available():
        pytest.skip("numba has no build for this Python")


# --- refused: nothing has moved --------------------------------------------------------------------------------------


@EVERY_SURFACE_AND_BACKEND
def test_a_refused_action_leaves_everything_where_it_was(env_id, surface, backend):
    """State, mask, random stream and all that follows are those of a twin that never was given a bad action."""
    needs(backend)
    victim, twin = (player(env_id, surface, backend=backend) for _ in range(2))
    forbidden = go_where_something_is_forbidden(victim, twin)
    legal = victim.legal()
    bad = [forbidden, out_of_range(victim.spec, legal), *NEVER_ACTIONS, *malformed_actions(victim.spec, legal)]
    whole, mask = victim.whole(), fingerprint(victim.mask())
    by_parts = isinstance(victim, VectorPlayer) and victim.spec.kind == "dict"  # a batch that holds no whole action
    for given, action in enumerate(bad, 1):
        try:
            with pytest.raises(masked_envs.InvalidActionError) as refusal:
                victim.step(action)
        except (ValueError, TypeError, KeyError, IndexError):  # its parts cannot be put into the batch
            assert by_parts
            continue
        words = str(refusal.value)
        assert words.startswith(f"{env_id}{victim.named}: the action ") and f"({type(action).__name__})" in words
        assert "Legal now: " in words and "Sample a legal action with " in words
        assert victim.whole() == whole and fingerprint(victim.mask()) == mask
        assert victim.spec.kind == "dict" or victim.counts() == (given, 0)
    for _ in range(5):
        action = victim.spec.sample(victim.mask(), np.random.default_rng(3), victim.head_mask)
        outcome, untouched = victim.step(action), twin.step(action)
        assert outcome == untouched
        if ended(victim, outcome):
            break
    assert victim.whole() == twin.whole()
    assert twin.counts() == (0, 0)


@EVERY_SURFACE
def test_the_error_says_what_is_wrong_with_the_action(env_id, surface):
    victim = player(env_id, surface)
    forbidden = go_where_something_is_forbidden(victim)
    legal = victim.legal()
    reasons = [(forbidden, "is forbidden by the action mask"), (out_of_range(victim.spec, legal), "is out of range")]
    reasons += [(action, "is not an action of ") for action in (None, "0", True, math.nan, [[[0]]])]
    if victim.spec.kind == "dict":
        reasons = reasons[:1]
    if isinstance(victim.spec.action_space, Discrete):
        reasons += [(10**30, "is out of range"), (-1, "is out of range"), (0.0, "is not an action of ")]
    for action, reason in reasons:
        with pytest.raises(masked_envs.InvalidActionError) as refusal:
            victim.step(action)
        assert reason in str(refusal.value)


@pytest.mark.parametrize(("env_id", "surface"), of_surfaces("env"))
def test_the_remedy_in_the_error_works(env_id, surface):
    """The code that the message gives is run as it stands, and gives a legal action."""
    victim = player(env_id, surface)
    forbidden = go_where_something_is_forbidden(victim)
    with pytest.raises(masked_envs.InvalidActionError) as refusal:
        victim.step(forbidden)
    code = str(refusal.value).partition("Sample a legal action with ")[2].removesuffix(".")
    names = {"env": victim.env, "info": {"action_mask": victim.mask()}, "rng": np.random.default_rng(0)}
    victim.step(eval(code, names))


@pytest.mark.parametrize(("env_id", "surface"), VECTORS)
def test_what_is_no_batch_is_refused_and_counted_for_nobody(env_id, surface):
    victim = player(env_id, surface)
    victim.begin(0)
    whole = victim.whole()
    batch = victim.batch(victim.legal())
    wrong = [None, 0, "012", math.nan, {}, np.zeros(()), np.zeros((3, 3, 3), np.int64)]
    if isinstance(batch, list):
        wrong += [batch[:-1], [*batch, batch[0]], np.array(batch)[:-1], np.array(batch)[None], []]
    for actions in wrong:
        with pytest.raises(ValueError, match="expected"):
            victim.env.step(actions)
    if isinstance(batch, list):
        for dtype in (np.float64, np.bool_, complex, object, str):
            if victim.spec.kind != "interval" or np.dtype(dtype).kind != "f":
                with pytest.raises(masked_envs.InvalidActionError, match="row 0 .and 2 more.*is not an action"):
                    victim.env.step(np.array(batch).astype(dtype))
                assert victim.whole() == whole
    assert victim.whole() == whole


@pytest.mark.parametrize(("env_id", "surface"), of_surfaces("parallel"))
def test_a_parallel_step_takes_one_action_of_each_agent(env_id, surface):
    victim = player(env_id, surface)
    victim.begin(0)
    whole, actions = victim.whole(), victim.actions(victim.legal())
    first = victim.env.agents[0]
    fewer = {agent: action for agent, action in actions.items() if agent != first}
    for wrong in (fewer, {}, {**actions, "nobody": 0}, {**fewer, 0: 0}, list(actions.values()), None, 0, "left"):
        with pytest.raises(ValueError, match="expected a dict with one action for each of .*, got "):
            victim.env.step(wrong)
        assert victim.whole() == whole and victim.counts() == (0, 0)
    both = dict.fromkeys(actions, -1)
    with pytest.raises(masked_envs.InvalidActionError, match=first):
        victim.env.step(both)
    assert victim.whole() == whole and victim.counts() == (len(both), 0)


# --- answered: terminate, noop, resample -----------------------------------------------------------------------------


def bad_actions(each, forbidden):
    legal = each.legal()
    return (forbidden, out_of_range(each.spec, legal)) + ((None,) if each.spec.kind != "dict" else ())


def answered(env_id, surface, backend, on_invalid):
    """Players just after a bad action: (player, its position before, whole before, the outcome)."""
    needs(backend)
    each = player(env_id, surface, backend=backend, on_invalid=on_invalid, invalid_reward=PRICE)
    forbidden = go_where_something_is_forbidden(each)
    start = each.whole()
    for number, action in enumerate(bad_actions(each, forbidden), 1):
        each.restore(start)
        before = each.position()
        outcome = each.step(action)
        assert each.counts() == (number, 0)
        assert bool(outcome.invalid) and not any(outcome.other_flags)
        yield each, before, start, outcome


@EVERY_SURFACE_AND_BACKEND
def test_noop_lets_time_pass_and_nothing_else(env_id, surface, backend):
    for each, before, _, outcome in answered(env_id, surface, backend, "noop"):
        after = each.position()
        assert outcome.reward == PRICE and not any(outcome.other_rewards)
        assert not outcome.terminated and not outcome.truncated
        assert after.without_clock() == before.without_clock()
        assert elapsed_steps(each) == read(before)["elapsed_steps"] + 1


@EVERY_SURFACE_AND_BACKEND
def test_terminate_ends_the_episode_and_nothing_else(env_id, surface, backend):
    for each, before, _, outcome in answered(env_id, surface, backend, "terminate"):
        assert outcome.reward == PRICE and not any(outcome.other_rewards)
        assert outcome.terminated and not outcome.truncated
        if isinstance(each, VectorPlayer) and each.starts_again_at_once:
            assert elapsed_steps(each) == 0
            continue
        after = each.position()
        assert after.terminated and after.without_clock() == before.without_clock()
        assert elapsed_steps(each) == read(before)["elapsed_steps"] + 1
        assert fingerprint(each.mask()) == fingerprint(each.spec.full())


@EVERY_SURFACE_AND_BACKEND
def test_resample_carries_out_a_legal_action_drawn_from_the_rows_own_stream(env_id, surface, backend):
    """Some legal action, given to a twin whose stream is the drawn numbers further, leads to the very same bytes."""
    twin = player(env_id, surface, backend=backend)
    for each, _, start, outcome in answered(env_id, surface, backend, "resample"):
        twin.begin(0)
        assert any(leads_there(twin, start, drawn, each, outcome) for drawn in range(1, 9))


def leads_there(twin, start, drawn, each, outcome):
    twin.restore(start)
    stream = read(twin.position())["rng"].tolist()
    numbers = np.array([random_uniform(stream, 0.0, 1.0) for _ in range(drawn)])
    for action in drawn_actions(twin.spec, twin.mask(), numbers, twin.head_mask):
        twin.restore(start, drawn)
        instead = twin.step(action)
        there = same_position(twin.position(), each.position(), has_continuum(twin.spec))
        same_reward = outcome.reward == pytest.approx(instead.reward + PRICE)  # the bytes need not tell actions apart
        ends = (outcome.terminated, outcome.truncated) == (instead.terminated, instead.truncated)
        if there and same_reward and ends:
            return True
    return False


def drawn_actions(spec, mask, numbers, head_mask=None):
    """Every legal action that uniform numbers may stand for; of an interval the one at their share of it."""
    if spec.kind == "dict":
        first = np.cumsum([0, *(part.num_draws for part in spec.parts)])
        parts = zip(spec.parts, spec.unpack(mask, "the mask"), first, strict=False)
        choices = [drawn_actions(part, value, numbers[start : start + part.num_draws]) for part, value, start in parts]
        return [spec.pack(values) for values in itertools.product(*choices)]
    if spec.kind == "interval":
        if len(numbers) < spec.num_draws:
            return []
        low, high = mask.astype(np.float64)
        return [np.clip((low + numbers[: len(low)] * (high - low)).astype(mask.dtype), *mask)]
    return spec.list_legal(mask, 5000, head_mask)


def has_continuum(spec):
    return spec.kind == "interval" or (spec.kind == "dict" and any(map(has_continuum, spec.parts)))


def same_position(one, other, nearly):
    """Whether two positions are equal; `nearly`: in real numbers to the precision of a float32 action."""
    if not nearly:
        return one == other
    a, b = read(one), read(other)
    pairs = [(a[name], b[name]) for name in a.dtype.names]
    same = [np.allclose(x, y, 1e-6, 1e-6) if x.dtype.kind == "f" else np.array_equal(x, y) for x, y in pairs]
    return all(same) and (one.terminated, one.truncated) == (other.terminated, other.truncated)


@EVERY_SURFACE
def test_a_legal_action_costs_nothing_and_is_not_marked(env_id, surface):
    twin = player(env_id, surface)
    twin.begin(7)
    action = twin.legal()
    instead = twin.step(action)
    assert instead.invalid is None
    for on_invalid in ("noop", "terminate", "resample"):
        each = player(env_id, surface, on_invalid=on_invalid, invalid_reward=PRICE)
        each.begin(7)
        outcome = each.step(action)
        assert outcome.reward == instead.reward and not outcome.invalid and outcome.invalid is not None
        assert each.position() == twin.position() and each.counts() == (0, 0)


@EVERY_SURFACE
def test_time_that_passes_in_vain_still_ends_the_episode(env_id, surface):
    each = player(env_id, surface, on_invalid="noop", time_limit=SHORT)
    outcomes, seed = None, 0
    while outcomes is None:
        each.begin(seed)
        bad = out_of_range(each.spec, each.legal())
        try:
            outcomes = [each.step(bad) for _ in range(SHORT - elapsed_steps(each))]
        except ResetNeeded:  # the game of another row, which plays legally, was over before
            assert surface == DISABLED and seed < 20
            seed += 1
    assert [outcome.truncated for outcome in outcomes] == [False] * (len(outcomes) - 1) + [True]
    assert all(outcome.invalid and not outcome.terminated for outcome in outcomes)


# --- out of season: before the first reset and after the end ---------------------------------------------------------


@EVERY_SURFACE
def test_nothing_can_be_asked_before_the_first_reset(env_id, surface):
    env = make(env_id, surface, render_mode="ansi")
    untouched = env.unwrapped.get_state()
    asked = [
        lambda: env.step({} if surface == "parallel" else 0),
        lambda: env.unwrapped.action_mask,
        lambda: env.unwrapped.action_masks(),
    ]
    if "vector" not in surface:
        asked.append(env.render)
    for ask in asked:
        with pytest.raises(ResetNeeded, match=r"reset\(\)"):
            ask()
    assert env.unwrapped.get_state() == untouched and np.sum(env.unwrapped.invalid_actions) == 0


def some_have_ended(each):
    """Whether a row of a batch has ended, the player's or another."""
    return any(state.terminated or state.truncated for state in each.whole())


@EVERY_SURFACE
def test_no_step_after_the_end(env_id, surface):
    """But in batches that reset themselves."""
    each = player(env_id, surface, time_limit=SHORT)
    each.begin(0)
    ended = False
    while not ended:
        action = each.legal()
        outcome = each.step(action)
        ended = outcome.terminated or outcome.truncated or (surface == DISABLED and some_have_ended(each))
    whole = each.whole()
    if surface in ("env", "seat", "parallel", DISABLED):
        given = {} if surface == "parallel" else each.batch(action) if "vector" in surface else action
        with pytest.raises(ResetNeeded, match=r"reset\("):
            each.env.step(given)
    elif surface == "aec":
        with pytest.raises(ValueError, match="only valid action is None"):  # PettingZoo's own words
            each.env.step(action)
        while each.env.agents:
            each.env.step(None)
        with pytest.raises(ResetNeeded, match=r"reset\(\)"):
            each.env.step(None)
    if surface != "aec":
        assert each.whole() == whole
    assert each.counts() == (0, 0)
