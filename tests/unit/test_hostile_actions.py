"""Actions that are none, in every disguise: refused, counted and answered alike, whatever container they come in.

A legal action of each kind is spoilt in one place, or as a whole. What is not a batch is in test_bad_input.py.
"""

from __future__ import annotations

import decimal
import fractions
import functools
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mask_oracle import SPECS
from toy_rules import NAMES, TOYS

import masked_envs
from masked_envs import MaskSpec, trees
from masked_envs.api import MaskedAECEnv, MaskedEnv, MaskedParallelEnv, MaskedVectorEnv

ALONE = [name for name in NAMES if TOYS[name].play != "simultaneous" or name == "race"]
ROWS = 3
FEW = settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)

# --- what is no action ------------------------------------------------------------------------------------------------

LOOP: list = []
LOOP.append(LOOP)

# In the place of one number of an action.
NO_NUMBERS = [
    True, False, np.True_, np.array(True), np.array(False), np.ma.masked, np.ma.array(0), np.ma.array(1, mask=True),
    None, "0", b"0", "", 0j, 1 + 0j, np.complex64(0), np.array(0j), [0], (0,), [], np.array([0]), {}, set(), object(),
    LOOP, lambda: 0, decimal.Decimal(0), fractions.Fraction(0), np.datetime64(0, "s"), np.timedelta64(0), np.str_("0"),
    np.array(None), np.array("0"), np.void(b"0"), np.zeros((), [("a", int)]), float("nan"), np.array(np.nan), 10**400,
    -(10**400), float("inf"), -np.inf, 2**70, 1e300, type, NotImplemented, ...,
]  # fmt: skip
NO_CHOICES = [0.0, 1.0, np.float32(0), np.float64(1), np.array(0.0), np.float16(0), 0.5, np.uint64(2**63), 99, -99]


def whole_disguises(spec, legal):
    """A legal action of one number or several, in a form that is no action."""
    array = np.asarray(legal)
    yield from (np.ma.array(array), np.ma.array(array, mask=True), np.ma.array(array, mask=array > 99))
    yield from (array.astype(object), array.astype(str), array.astype(complex), array.astype(bool), array[None])
    yield from (np.ma.masked, None, "left", {}, {0: 0}, set(), object(), LOOP, iter([0]), range(50), b"\x00", 0.5)
    if not spec.is_continuous:
        yield from (array.astype(float), array.astype(np.uint64), np.ma.array(array, dtype=np.int8))
    if array.ndim:
        yield from (array.tolist()[:-1], [*array.tolist(), 0], array.tolist() * 9, [array.tolist()])


def spoil(draw, spec, legal):
    """What is no action, made of a legal one; draw(n) gives a number below n."""
    if spec.kind == "dict":
        wrong = wrong_structures(legal)
        choice = draw(2 * len(spec.parts) + 1)
        if choice == 2 * len(spec.parts):
            return wrong[draw(len(wrong))]
        key = choice // 2 if spec.is_tuple else spec.keys[choice // 2]
        part = spoil(draw, spec.parts[choice // 2], legal[key])
        return (*legal[:key], part, *legal[key + 1 :]) if spec.is_tuple else {**legal, key: part}
    whole, numbers = list(whole_disguises(spec, legal)), NO_NUMBERS + ([] if spec.is_continuous else NO_CHOICES)
    if draw(2):
        return whole[draw(len(whole))]
    wrong = numbers[draw(len(numbers))]
    if np.ndim(legal) == 0:
        return wrong
    listed = np.asarray(legal).tolist()
    listed[draw(len(listed))] = wrong
    return [list, tuple][draw(2)](listed)


def wrong_structures(legal):
    parts = list(legal) if isinstance(legal, tuple) else list(legal.values())
    return [parts, dict(enumerate(parts)), parts[0], None, 0, {}, (), (*parts, 0), np.ma.masked]


def drawing(data):
    """Choices of hypothesis, to shrink them by."""
    return lambda number: data.draw(st.integers(0, number - 1))


# --- the spec ---------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SPECS)
@given(data=st.data())
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_no_disguise_is_allowed_and_none_raises(name, data):
    spec = SPECS[name]
    legal = spec.sample(spec.full(), np.random.default_rng(0))
    wrong = spoil(drawing(data), spec, legal)
    assert spec.allows(spec.full(), wrong) is False
    assert spec.allows(spec.full(), legal) is True


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@given(data=st.data())
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_no_disguise_is_between_two_bounds(dtype, data):
    spec = MaskSpec.interval([-1.0, 0.0], [1.0, 4.0], dtype=dtype)
    legal = spec.sample(spec.full(), np.random.default_rng(0))
    assert spec.allows(spec.full(), spoil(drawing(data), spec, legal)) is False
    assert spec.allows(spec.full(), legal) is True and spec.allows(spec.full(), legal.tolist()) is True


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.kind != "dict"])
@given(data=st.data())
@FEW
def test_a_disguise_in_a_batch_spoils_its_row_alone(name, data):
    spec = SPECS[name]
    legal = spec.sample(spec.full(), np.random.default_rng(0))
    wrong, row = spoil(drawing(data), spec, legal), data.draw(st.integers(0, ROWS - 1))
    batch = [wrong if i == row else legal for i in range(ROWS)]
    expected = [i != row for i in range(ROWS)]
    for actions in (batch, tuple(batch)):
        assert spec.allows(spec.full(ROWS), actions).tolist() == expected
        assert spec.action_of_row(actions, row) is wrong


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if spec.kind != "dict"])
def test_a_masked_batch_is_no_action_in_any_row(name):
    spec = SPECS[name]
    actions = spec.sample(spec.full(ROWS), np.random.default_rng(0))
    assert spec.allows(spec.full(ROWS), actions).all()
    for masked in (np.ma.array(actions), np.ma.array(actions, mask=np.arange(actions.size).reshape(actions.shape) > 0)):
        assert not spec.allows(spec.full(ROWS), masked).any()
        assert isinstance(spec.action_of_row(masked, 0), np.ma.MaskedArray)


def test_numbers_in_any_honest_form_are_actions():
    """Negative control of the refusals above."""
    spec, interval = MaskSpec.joint([2, 3]), MaskSpec.interval([0, 0], [1, 1])
    for zero, two in ((0, 2), (np.int8(0), np.uint8(2)), (np.array(0), np.array(2, np.int32)), (0, np.int64(2))):
        for container in (list, tuple, np.array):
            assert spec.allows(spec.full(), container([zero, two])) is True
    for half in (0.5, np.float16(0.5), np.float64(0.5), np.array(0.5), np.array(0.5, np.float32)):
        assert interval.allows(interval.full(), [half, 1]) is True


# --- the environments -------------------------------------------------------------------------------------------------


def check_refused(env, step, read, wrong, on_invalid):
    """One bad action: counted once; nothing has moved, or it was answered; and no warning."""
    state, counted = env.get_state(), int(np.sum(env.invalid_actions))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if on_invalid == "raise":
            with pytest.raises(masked_envs.InvalidActionError, match="(?s)the action .*Legal now: .*Sample a legal"):
                step(wrong)
            assert env.get_state() == state
        else:
            assert read(step(wrong))
    assert int(np.sum(env.invalid_actions)) == counted + 1
    env.set_state(state)


@pytest.mark.parametrize("on_invalid", ["raise", "noop", "terminate", "resample"])
@pytest.mark.parametrize("name", ALONE)
@given(data=st.data())
@FEW
def test_a_single_environment_refuses_and_counts(name, on_invalid, data):
    env = single(name, on_invalid)
    wrong = spoil(drawing(data), env.mask_spec, env.sample_legal(np.random.default_rng(0)))
    check_refused(env, env.step, lambda given: given[-1]["invalid_action"] is True, wrong, on_invalid)


@functools.cache
def single(name, on_invalid):
    env = MaskedEnv(TOYS[name], on_invalid=on_invalid)
    env.reset(seed=0)
    return env


@pytest.mark.parametrize("on_invalid", ["raise", "noop", "resample"])
@pytest.mark.parametrize("name", ["race", "convoy", "crew"])
@given(data=st.data())
@FEW
def test_agents_are_refused_and_counted(name, on_invalid, data):
    parallel, aec = several(name, on_invalid)
    agent = parallel.possible_agents[1]
    legal = {each: parallel.sample_legal(each, np.random.default_rng(0)) for each in parallel.possible_agents}
    wrong = spoil(drawing(data), parallel.mask_spec(agent), legal[agent])
    check_refused(
        parallel, parallel.step, lambda given: given[-1][agent]["invalid_action"], {**legal, agent: wrong}, on_invalid
    )
    assert aec.agent_selection == agent
    check_refused(aec, aec.step, lambda _: aec.infos[agent]["invalid_action"], wrong, on_invalid)


@functools.cache
def several(name, on_invalid):
    parallel, aec = (
        MaskedParallelEnv(TOYS[name], on_invalid=on_invalid),
        MaskedAECEnv(TOYS[name], on_invalid=on_invalid),
    )
    parallel.reset(seed=0)
    aec.reset(seed=0)
    aec.step(aec.sample_legal(aec.agent_selection))
    return parallel, aec


@pytest.mark.parametrize("on_invalid", ["raise", "noop"])
@pytest.mark.parametrize("name", ALONE)
@given(data=st.data())
@FEW
def test_a_row_of_a_vector_environment_is_refused_and_counted(name, on_invalid, data):
    envs = vector(name, on_invalid)
    spec, row = envs.mask_spec, data.draw(st.integers(0, ROWS - 1))
    legal = [trees.row(envs.sample_legal(np.random.default_rng(0)), i) for i in range(ROWS)]
    wrong = spoil(drawing(data), spec, legal[row])
    rows = [wrong if i == row else action for i, action in enumerate(legal)]
    if spec.kind == "dict":
        try:
            parts = [spec.unpack(action, "the action") for action in rows]
        except ValueError:  # another structure has no place in a batch of parts
            return
        batches = [spec.pack([container(column) for column in zip(*parts, strict=True)]) for container in (list, tuple)]
    else:
        batches = [rows, tuple(rows)]
    messages = set()
    for actions in batches:
        read = lambda given: given[-1]["invalid_action"].tolist() == [i == row for i in range(ROWS)]  # noqa: E731
        check_refused(envs, envs.step, read, actions, on_invalid)
        assert envs.invalid_actions[row] == envs.invalid_actions.sum() - others(envs, row)
        if on_invalid == "raise":
            with pytest.raises(masked_envs.InvalidActionError, match=f", row {row}: the action ") as refusal:
                envs.step(actions)
            messages.add(str(refusal.value))
    assert len(messages) == (on_invalid == "raise")


def others(envs, row):
    return int(np.delete(envs.invalid_actions, row).sum())


@functools.cache
def vector(name, on_invalid):
    envs = MaskedVectorEnv(TOYS[name], ROWS, on_invalid=on_invalid)
    envs.reset(seed=0)
    return envs


# --- list, tuple, array -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in ALONE if TOYS[name].mask({}).kind not in ("dict", "interval")])
@given(data=st.data())
@FEW
def test_a_list_a_tuple_and_an_array_have_one_answer(name, data):
    envs = vector(name, "raise")
    shape = envs.action_space.shape
    numbers = data.draw(st.lists(st.integers(-2, 6), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    array = np.array(numbers, np.int64).reshape(shape)
    nested = array.tolist()
    outcomes = []
    for actions in (array, nested, tuple(nested), [tuple(row) if array.ndim > 1 else row for row in nested]):
        state, before = envs.get_state(), envs.invalid_actions
        try:
            outcome = trees.map(lambda leaf: np.asarray(leaf).tolist(), envs.step(actions))
        except masked_envs.InvalidActionError as error:
            outcome = str(error).partition("the action ")[0] + str(error).partition("Legal now")[2]
            assert envs.get_state() == state
        outcomes.append((str(outcome), (envs.invalid_actions - before).tolist()))
        envs.set_state(state)
    assert len({str(outcome) for outcome in outcomes}) == 1


def test_a_tuple_of_actions_is_named_row_by_row():
    """A tuple is one action per row, also where an action is itself a pair."""
    envs = vector("per_head", "raise")
    with pytest.raises(
        masked_envs.InvalidActionError, match=r"row 1 .*: the action \(98, 99\) \(tuple\) is out of range"
    ):
        envs.step(((0, 1) if envs.action_mask[0][0] else (1, 1), (98, 99), (97, 96)))
