"""MaskedPendulum: Gymnasium's Pendulum-v1 where the limit is off, and a limit that no legal torque breaks."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from positions import changed, read

from masked_envs import InvalidActionError, make, make_vec
from masked_envs.core.backends import numba_is_available
from masked_envs.render.shapes import Text

pytestmark = pytest.mark.core

ENV_ID = "MaskedPendulum-v0"
OFF = {"speed_limit": 8.0, "max_torque": 2.0}
BACKEND = "numba" if numba_is_available() else "python"


def test_without_a_limit_it_is_gymnasiums_pendulum() -> None:
    env, peer = make(ENV_ID, **OFF), gym.make("Pendulum-v1").unwrapped
    rng = np.random.default_rng(0)
    for seed in range(5):
        observed, _ = env.reset(seed=seed)
        state = read(env.get_state())
        peer.reset(seed=0)
        peer.state = np.array([state["angle"], state["speed"]])
        assert np.allclose(observed["observation"], peer._get_obs(), rtol=0, atol=1e-7)
        truncated, steps = False, 0
        while not truncated:
            assert env.action_mask.ravel().tolist() == [-2.0, 2.0]
            torque = rng.uniform(-2, 2, 1).astype(np.float32)
            # From the same state each step: the last digit of a sine, where NumPy and the C library may differ, grows
            # by a factor of 10^17 in the ten seconds of an episode.
            state = read(env.get_state())
            peer.state = np.array([state["angle"], state["speed"]])
            observed, reward, terminated, truncated, _ = env.step(torque)
            theirs = peer.step(torque)
            assert np.allclose(observed["observation"], theirs[0], rtol=0, atol=1e-6)
            after = read(env.get_state())
            assert np.allclose([after["angle"], after["speed"]], peer.state, rtol=0, atol=1e-13)
            # Gymnasium squares the torque with the float32 power function, whose last bit may differ.
            assert reward == pytest.approx(theirs[1], rel=0, abs=1e-9)
            assert not terminated
            steps += 1
        assert steps == gym.spec("Pendulum-v1").max_episode_steps == 200


@pytest.mark.parametrize(("speed_limit", "max_torque"), [(4.0, 6.0), (1.0, 6.0), (7.5, 100.0)])
def test_the_limit_is_never_exceeded_in_a_million_steps_of_extreme_legal_torques(
    speed_limit: float, max_torque: float
) -> None:
    rows, rng = 2000 if BACKEND == "numba" else 20, np.random.default_rng(1)
    envs = make_vec(ENV_ID, rows, backend=BACKEND, mask_in="info", speed_limit=speed_limit, max_torque=max_torque)
    _, info = envs.reset(seed=3)
    fastest, at_a_bound = 0.0, 0
    for _ in range(500):
        mask = info["action_mask"]
        assert (mask[:, 0] <= mask[:, 1]).all()
        torque = mask[np.arange(rows), rng.integers(2, size=rows)]
        at_a_bound += int((np.abs(torque) < np.float32(max_torque)).sum())
        observation, *_, info = envs.step(torque)
        fastest = max(fastest, float(np.abs(observation[:, 2]).max()))
    assert fastest <= speed_limit
    # It is reached, and by torques that the limit cut short: the mask forbids no more than it must.
    assert fastest > speed_limit - 1e-4 and at_a_bound > rows
    assert envs.invalid_actions.sum() == 0


def test_just_beyond_the_mask_the_limit_would_be_exceeded() -> None:
    """The negative control: the physics by hand, with a torque that the mask forbids."""
    env, rng, beyond = make(ENV_ID), np.random.default_rng(2), 0
    env.reset(seed=0)
    for _ in range(400):
        angle, speed = rng.uniform(-3, 3), rng.uniform(-4, 4)
        env.set_state(changed(env.get_state(), angle=angle, speed=speed, elapsed_steps=0))
        low, high = env.action_mask.ravel().astype(float)
        for bound, away in ((low, -1e-3), (high, 1e-3)):
            if abs(bound) < 6:
                torque = bound + away
                after = speed + (15 * np.sin(angle) + 3 * torque) * 0.05
                assert abs(after) > 4
                with pytest.raises(InvalidActionError):
                    env.step(np.array([torque], np.float32))
                beyond += 1
    assert beyond > 50


def test_a_motor_that_cannot_hold_the_rod_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold the rod against gravity"):
        make(ENV_ID, max_torque=2.0)
    make(ENV_ID, speed_limit=8.0, max_torque=2.0)
    with pytest.raises(ValueError, match="speed_limit must be"):
        make(ENV_ID, speed_limit=9.0)


def test_the_picture_shows_the_speed_between_its_limits() -> None:
    env = make("MaskedPendulum-v0", speed_limit=3.0)
    env.reset(seed=0)
    for speed in (-3.0, 0.5, 3.0):
        env.set_state(changed(env.get_state(), speed=speed))
        words = {shape.string: shape.y for shape in env.picture.scene(0).shapes if isinstance(shape, Text)}
        assert words["+3"] < words["0"] < words["-3"] and "limit 3" in words
        between = (words["0"] - words[f"{speed:+.2f}"]) / (words["0"] - words["+3"])
        assert between == pytest.approx(speed / 3)
