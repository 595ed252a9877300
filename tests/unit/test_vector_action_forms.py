"""FlatActions and SequentialActions over vector environments, against Gymnasium's vector of the single wrappers."""

from __future__ import annotations

import functools
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from streams import fingerprint, row_of
from surfaces import BACKENDS, MODES, TOYS, in_one_action, makers

from masked_envs import InvalidActionError, check_masked_env, wrappers
from masked_envs.wrappers import (
    FlatActions,
    SequentialActions,
    VectorActionMask,
    VectorFlatActions,
    VectorSequentialActions,
)

pytestmark = pytest.mark.core

BINS, ROWS = 3, 3
PLAYED = [name for name, toy in TOYS.items() if in_one_action(toy)]
FORMS = {
    "flat": (FlatActions, VectorFlatActions),
    "sequential": (SequentialActions, VectorSequentialActions),
}
EVERY_FORM = pytest.mark.parametrize("form", FORMS)


def pair(name, form, mode, backend="python", **arguments):
    """The vector wrapper, and Gymnasium's vector environment over the single one."""
    single, vector = FORMS[form]
    theirs = SyncVectorEnv([lambda: single(makers(name)["env"](**arguments), bins=BINS)] * ROWS, autoreset_mode=mode)
    inner = makers(name)["vector"](num_envs=ROWS, backend=backend, **arguments, **inner_mode(form, mode))
    return vector(inner, bins=BINS, **outer_mode(form, mode)), theirs


def inner_mode(form, mode):
    return {"autoreset_mode": mode if form == "flat" else AutoresetMode.DISABLED}


def outer_mode(form, mode):
    return {} if form == "flat" else {"autoreset_mode": mode}


def some_numbers(masks, rng, bad):
    """Random legal numbers, but in a share `bad` of the rows any number, and in some rows one out of range."""
    numbers = (masks * rng.random(masks.shape)).argmax(axis=1)
    anything = rng.integers(0, masks.shape[1] + 1, len(masks))
    return np.where(rng.random(len(masks)) < bad, anything, numbers)


def same(ours, theirs, rows=None):
    """Infos of Gymnasium say with `_name` which rows have `name`; some of ours are in every row."""
    for name in theirs:
        if name.startswith("_"):
            continue
        has = theirs.get(f"_{name}", np.ones(ROWS, bool))
        if name in ("rewards", "invalid_action") and "final_info" in theirs:
            has = has & ~theirs["_final_info"]
        if rows is not None:
            has = has & rows
        if name == "final_info":
            same(ours[name], theirs[name], theirs["_final_info"])
            continue
        for row in np.flatnonzero(has):
            assert fingerprint(row_of(ours[name], row)) == fingerprint(row_of(theirs[name], row)), name


@EVERY_FORM
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PLAYED)
def test_rows_are_those_of_the_single_wrapper(name, mode, form):
    on_invalid = {AutoresetMode.NEXT_STEP: "noop", AutoresetMode.SAME_STEP: "terminate"}.get(mode, "resample")
    if TOYS[name].mask({}).needs_head_mask and mode is AutoresetMode.SAME_STEP and form == "flat":
        with pytest.raises(ValueError, match="SAME_STEP.*use NEXT_STEP or DISABLED"):
            pair(name, form, mode)
        return
    mask_in = "info" if mode is AutoresetMode.DISABLED else "observation"
    arguments = {"on_invalid": "noop" if on_invalid == "resample" else on_invalid, "invalid_reward": -0.5}
    ours, theirs = pair(name, form, mode, time_limit=3, mask_in=mask_in, **arguments)
    assert ours.single_action_space == theirs.single_action_space
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.metadata["autoreset_mode"] is mode
    rng, ended, seen = np.random.default_rng(2), np.zeros(ROWS, bool), set()
    (a, a_info), (b, b_info) = ours.reset(seed=4), theirs.reset(seed=4)
    for _ in range(36):
        if mode is AutoresetMode.DISABLED and ended.any():
            (a, a_info), (b, b_info) = (envs.reset(options={"reset_mask": ended.copy()}) for envs in (ours, theirs))
            assert fingerprint(a) == fingerprint(b)
            same(a_info, b_info, ended)
        assert fingerprint(ours.action_mask) == fingerprint(np.stack(theirs.get_attr("action_mask")))
        assert (ours.action_masks() == ours.action_mask).all()
        numbers = some_numbers(ours.action_mask, rng, 0.1)
        (*a, a_info), (*b, b_info) = ours.step(numbers), theirs.step(numbers)
        assert fingerprint(a) == fingerprint(b)
        same(a_info, b_info)
        ended = a[2] | a[3]
        seen |= {f"{what} {(flags & ended).any()}" for what, flags in (("terminated", a[2]), ("truncated", a[3]))}
    assert ours.invalid_actions.tolist() == list(theirs.get_attr("invalid_actions")) and ours.invalid_actions.any()
    assert "truncated True" in seen or on_invalid == "terminate"


@EVERY_FORM
@pytest.mark.parametrize("name", ["ToyJoint-v0", "ToyHybrid-v0"])
def test_the_backends_are_equal(name, form):
    given = []
    for backend in BACKENDS:
        envs, _ = pair(name, form, AutoresetMode.NEXT_STEP, backend, on_invalid="noop")
        rng, stream = np.random.default_rng(0), [envs.reset(seed=1)]
        for _ in range(20):
            stream.append(envs.step(some_numbers(envs.action_mask, rng, 0.1)))
        given.append(fingerprint(stream))
    assert given[0] == given[1]


@EVERY_FORM
def test_a_forbidden_number_is_refused_counted_and_nothing_moves(form):
    envs, _ = pair("ToyJoint-v0", form, AutoresetMode.NEXT_STEP)
    envs.reset(seed=0)
    numbers, before = envs.sample_legal(np.random.default_rng(0)), envs.action_mask
    for bad in (int(np.argmin(before[1])), before.shape[1], -1):
        numbers[1] = bad
        with pytest.raises(InvalidActionError, match="row 1"):
            envs.step(numbers)
        np.testing.assert_array_equal(envs.action_mask, before)
    assert envs.invalid_actions.tolist() == [0, 3, 0]
    for wrong in (numbers[:2], numbers[:, None], int(numbers[0])):
        with pytest.raises(ValueError, match="expected a batch of"):
            envs.step(wrong)
    with pytest.raises(InvalidActionError):
        envs.step(numbers.astype(float))


@pytest.mark.parametrize("name", ["ToyBinary-v0", "ToyConditionalThree-v0", "ToyHybrid-v0"])
def test_states_in_the_middle_of_actions(name):
    envs, _ = pair(name, "sequential", AutoresetMode.NEXT_STEP)
    envs.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(5):
        envs.step(envs.sample_legal(rng))
    state = pickle.loads(pickle.dumps(envs.get_state()))
    assert state == envs.get_state()
    numbers = [envs.sample_legal(rng)]
    first = [envs.step(numbers[0])]
    for _ in range(6):
        numbers.append(envs.sample_legal(rng))
        first.append(envs.step(numbers[-1]))
    for other in (envs, pair(name, "sequential", AutoresetMode.NEXT_STEP)[0]):
        other.set_state(state)
        assert other.get_state() == state
        assert fingerprint(first) == fingerprint([other.step(chosen) for chosen in numbers])
    for wrong in (None, envs.unwrapped.get_state()):
        with pytest.raises(TypeError, match="expected what get_state"):
            envs.set_state(wrong)


def test_set_state_below_drops_partial_actions():
    envs, _ = pair("ToyJoint-v0", "sequential", AutoresetMode.NEXT_STEP)
    envs.reset(seed=0)
    start, mask = envs.unwrapped.get_state(), envs.action_mask
    observations, *_ = envs.step(envs.sample_legal())
    assert (observations["choices"] > 0).sum(axis=1).tolist() == [1, 1, 1]
    envs.unwrapped.set_state(start)
    np.testing.assert_array_equal(envs.action_mask, mask)
    observations, *_ = envs.step(envs.sample_legal())
    assert (observations["choices"] > 0).sum(axis=1).tolist() == [1, 1, 1]


@EVERY_FORM
def test_a_part_of_the_rows(form):
    envs, _ = pair("ToyJoint-v0", form, AutoresetMode.DISABLED)
    envs.reset(seed=0)
    before = envs.unwrapped.get_state()
    for _ in range(1 if form == "flat" else 2):  # choices of one action
        envs.step(envs.sample_legal(), where=np.array([False, True, False]))
    assert [one == other for one, other in zip(envs.unwrapped.get_state(), before, strict=True)] == [True, False, True]


def test_numbers_over_masks_of_somebody_elses_environment():
    envs = VectorActionMask(
        SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 2), lambda envs: np.array([[0, 1], [1, 0]], np.int8)
    )
    flat = VectorFlatActions(envs)
    _, info = flat.reset(seed=0)
    assert info["action_mask"].tolist() == [[0, 1], [1, 0]]
    with pytest.raises(InvalidActionError, match="row 1"):
        flat.step(np.array([1, 1]))
    flat.step(np.array([1, 0]))
    assert flat.invalid_actions.tolist() == [0, 1]


@pytest.mark.once
@pytest.mark.parametrize(("name", "form"), [("ToyJoint-v0", "flat"), ("ToyBinary-v0", "sequential")])
def test_the_laws_hold(name, form):
    make = functools.partial(_made, name, form)
    report = check_masked_env(make, steps=6, raise_on_failure=False)
    assert report.passed, report


def _made(name, form, **arguments):
    return pair(name, form, AutoresetMode.NEXT_STEP, **arguments)[0]


# --- the other kind of environment ------------------------------------------------------------------------------------

ARGUMENTS = {"OnObservation": [lambda env: env], "FrameStack": [2], "Delay": [1], "StickyAction": [0.5],
             "ActionMask": [lambda env: None]}  # fmt: skip
TAKE_ONE = ("ActionMask", "Delay", "FlatActions", "Flatten", "FrameStack", "Normalize", "OnObservation",
            "RecordInvalidActions", "SequentialActions", "StickyAction")  # fmt: skip


@pytest.mark.parametrize("name", TAKE_ONE)
def test_single_wrappers_name_what_to_use_for_a_vector_environment(name):
    envs = gym.make_vec("MaskedPairs-v0", num_envs=2, backend="python")
    vector = f"masked_envs.wrappers.Vector{name}"
    expected = vector if hasattr(wrappers, f"Vector{name}") else rf"SyncVectorEnv\(\[lambda: {name}"
    with pytest.raises(TypeError, match=f"{name} takes a single environment .* is a vector environment: .*{expected}"):
        getattr(wrappers, name)(envs, *ARGUMENTS.get(name, []))


@pytest.mark.parametrize("name", [name for name in wrappers.HOME if name.startswith("Vector")])
def test_vector_wrappers_name_what_to_use_for_a_single_environment(name):
    with pytest.raises(TypeError, match=f"{name} takes a .*VectorEnv.*use masked_envs.wrappers.{name[6:]}$"):
        getattr(wrappers, name)(
            gym.make("MaskedPairs-v0"), *([lambda envs: None] if name == "VectorActionMask" else [])
        )


def test_sequences_need_an_environment_that_leaves_resets_to_them():
    with pytest.raises(ValueError, match="make the vector environment with autoreset_mode=AutoresetMode.DISABLED"):
        VectorSequentialActions(gym.make_vec("MaskedPairs-v0", num_envs=2, backend="python"))
    envs = VectorActionMask(SyncVectorEnv([lambda: gym.make("CartPole-v1")] * 2), lambda envs: np.ones((2, 2), np.int8))
    with pytest.raises(TypeError, match="wrap the single environments in SequentialActions"):
        VectorSequentialActions(envs)


def test_a_vector_environment_without_masks_is_refused():
    with pytest.raises(TypeError, match="or VectorActionMask; .* has no mask_spec"):
        VectorFlatActions(SyncVectorEnv([lambda: gym.make("CartPole-v1")]))
