"""BoundedAction: the affine map between [-1, 1] and the bounds of the moment; the play of the environment within."""

from __future__ import annotations

import math
from fractions import Fraction

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given
from hypothesis import strategies as st
from streams import fingerprint, row_of
from surfaces import MODES, makers

from masked_envs import InvalidActionError, MaskSpec, check_masked_env
from masked_envs.wrappers import BoundedAction, VectorBoundedAction
from masked_envs.wrappers.unit_actions import log_scale, to_bounds, to_unit

pytestmark = pytest.mark.core

TOY = "ToyInterval-v0"
FLOATS = {np.float32: st.floats(-(2.0**99), 2.0**99, width=32), np.float64: st.floats(-1e300, 1e300)}


@st.composite
def bounds(draw, dtype):
    low, high = sorted(draw(FLOATS[dtype]) for _ in range(2))
    return np.array([[low], [high]], dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@given(data=st.data())
def test_the_map_is_affine_exact_at_the_bounds_and_never_leaves_them(data, dtype):
    mask = data.draw(bounds(dtype))
    low, high = (Fraction(float(bound[0])) for bound in mask)
    unit = np.array([data.draw(st.floats(-1, 1, width=32 if dtype is np.float32 else 64))], dtype)
    action = to_bounds(unit, mask)
    exact = low + (Fraction(float(unit[0])) + 1) / 2 * (high - low)
    size = max(abs(low), abs(high))
    assert action.dtype == dtype and mask[0, 0] <= action[0] <= mask[1, 0]
    eps, least, tiny = (Fraction(float(getattr(np.finfo(dtype), x))) for x in ("eps", "smallest_subnormal", "tiny"))
    assert abs(Fraction(float(action[0])) - exact) <= size * eps * 2 + least
    for end, bound in ((-1, mask[0]), (1, mask[1])):
        assert to_bounds(np.array([end], dtype), mask).tobytes() == (bound + dtype(0)).tobytes() or bound[0] == 0
        if mask[0, 0] < mask[1, 0]:
            assert to_unit(bound, mask).tolist() == [end]
    back = to_unit(action, mask)
    assert -1 <= back[0] <= 1
    if high - low > max(size / 1000, tiny):  # else there are too few numbers between the bounds to tell units apart
        assert abs(float(back[0]) - float(unit[0])) <= 1e4 * eps


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_least_of_widths_has_two_ends(dtype):
    least = np.finfo(dtype).smallest_subnormal
    mask = np.array([[0.0], [least]], dtype)
    assert [to_unit(bound, mask).tolist() for bound in mask] == [[-1], [1]]


def test_where_bounds_meet_every_number_is_the_one_action():
    mask = np.array([[0.3, -1], [0.3, 2]], np.float32)
    units = np.array([[-1, -1], [0.2, 0], [1, 1]], np.float32)
    actions = to_bounds(units, np.repeat(mask[None], 3, axis=0))
    assert actions[:, 0].tolist() == [mask[0, 0]] * 3 and actions[:, 1].tolist() == [-1, 0.5, 2]
    assert to_unit(actions, mask).tolist() == [[0, -1], [0, 0], [0, 1]]


def test_densities_differ_by_the_volume():
    """A uniform number has density 2 ** -d; its action is uniform too, so its density is one over the volume."""
    spec = MaskSpec.interval([-2, -2, 0], [2, 2, 1])
    mask = np.array([[-1, -2, 0.5], [0.5, 1, 0.5]], np.float32)
    free = MaskSpec.interval([-2, -2], [2, 2])
    volume = 16 * free.legal_fraction(mask[:, :2])
    assert spec.allows(mask, to_bounds(np.zeros(3, np.float32), mask))
    assert log_scale(mask) == pytest.approx(math.log(volume) - 2 * math.log(2))


@pytest.mark.parametrize("mask_in", ["observation", "info"])
def test_play_is_that_of_the_environment_within(mask_in):
    env, bare = BoundedAction(makers(TOY)["env"](mask_in=mask_in)), makers(TOY)["env"](mask_in=mask_in)
    seen, info = env.reset(seed=1)
    expected, inner = bare.reset(seed=1)
    rng, ends = np.random.default_rng(0), 0
    assert env.action_space == gym.spaces.Box(-1, 1, bare.action_space.shape, bare.action_space.dtype)
    for _ in range(60):
        assert env.observation_space.contains(seen)
        np.testing.assert_array_equal(info["bounds"], inner["action_mask"])
        np.testing.assert_array_equal(info["action_mask"], env.mask_spec.full())
        bare_part = expected["observation"] if mask_in == "observation" else expected
        np.testing.assert_array_equal(seen["observation"] if mask_in == "observation" else seen, bare_part)
        if mask_in == "observation":
            np.testing.assert_array_equal(seen["bounds"], inner["action_mask"])
        unit = env.sample_legal(rng)
        action = env.action(unit)
        assert bare.mask_spec.allows(inner["action_mask"], action)
        np.testing.assert_allclose(env.action(env.unit(action)), action, rtol=1e-5, atol=1e-6)
        assert env.log_scale() == log_scale(inner["action_mask"])
        seen, reward, terminated, truncated, info = env.step(unit)
        expected, *others, inner = bare.step(action)
        assert [reward, terminated, truncated] == others
        if terminated or truncated:
            ends += 1
            seen, info = env.reset()
            expected, inner = bare.reset()
    assert env.unwrapped.invalid_actions == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mask_in", ["observation", "info"])
def test_rows_are_those_of_the_single_wrapper(mode, mask_in):
    arguments = {"mask_in": mask_in, "on_invalid": "noop", "time_limit": 3}
    envs = VectorBoundedAction(makers(TOY)["vector"](autoreset_mode=mode, backend="python", **arguments))
    theirs = SyncVectorEnv([lambda: BoundedAction(makers(TOY)["env"](**arguments))] * 3, autoreset_mode=mode)
    assert envs.observation_space == theirs.observation_space and envs.action_space == theirs.action_space
    (a, a_info), (b, b_info) = envs.reset(seed=1), theirs.reset(seed=1)
    rng, ended, finals = np.random.default_rng(0), np.zeros(3, bool), 0
    for _ in range(30):
        if mode is AutoresetMode.DISABLED and ended.any():
            envs.reset(options={"reset_mask": ended.copy()}), theirs.reset(options={"reset_mask": ended.copy()})
        units = envs.sample_legal(rng) * np.where(rng.random((3, 1)) < 0.1, 3, 1).astype(np.float32)
        (*a, a_info), (*b, b_info) = envs.step(units), theirs.step(units)
        assert fingerprint(a) == fingerprint(b)
        for name in ("action_mask", "bounds"):
            np.testing.assert_array_equal(a_info[name], b_info[name])
        ended = a[2] | a[3]
        for row in np.flatnonzero(b_info.get("_final_info", [])):
            assert fingerprint(a_info["final_obs"][row]) == fingerprint(b_info["final_obs"][row])
            for name in ("action_mask", "bounds"):
                given = row_of(a_info["final_info"][name], row)
                np.testing.assert_array_equal(given, row_of(b_info["final_info"][name], row))
            finals += 1
    assert envs.invalid_actions.tolist() == list(theirs.get_attr("invalid_actions")) and envs.invalid_actions.any()
    assert (finals > 0) == (mode is AutoresetMode.SAME_STEP)


def test_what_is_not_in_the_box_is_refused_and_counted():
    env = BoundedAction(gym.make("MaskedPendulum-v0"))
    env.reset(seed=0)
    wrong = [1.5, -1.0001, np.nan, np.inf]
    for number in wrong:
        with pytest.raises(InvalidActionError):
            env.step(np.full(env.action_space.shape, number, np.float32))
    for other in (None, 0, np.zeros(7, np.float32), "0"):
        with pytest.raises(InvalidActionError):
            env.step(other)
    assert env.unwrapped.invalid_actions == len(wrong) + 4


@pytest.mark.parametrize("make", [gym.make, lambda name: gym.make_vec(name, num_envs=2, backend="python")])
def test_other_kinds_are_sent_elsewhere(make):
    wrapper = BoundedAction if make is gym.make else VectorBoundedAction
    with pytest.raises(TypeError, match=rf"{wrapper.__name__} is for interval masks.*FlatActions and Sequential"):
        wrapper(make("MaskedPairs-v0"))


def test_the_laws_hold():
    report = check_masked_env(lambda: BoundedAction(makers(TOY)["env"]()), steps=15, raise_on_failure=False)
    assert report.passed, report
