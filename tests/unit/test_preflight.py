"""What no law can be held against is named in one line, with what to do about it; the rest is served."""

from __future__ import annotations

import threading
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv
from verdict_cases import Items, Lock

import masked_envs

pytestmark = pytest.mark.core


class Seedless(Items):
    def reset(self) -> Any:
        return super().reset()


class OldReset(Items):
    def reset(self, **arguments: Any) -> Any:
        return super().reset(**arguments)[0]


class FailsAtReset(Items):
    def begin(self) -> None:
        raise OSError("no display")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (Seedless, "reset() takes no seed"),
        (lambda: gym.wrappers.OrderEnforcing(Seedless()), "reset() takes no seed"),
        (OldReset, "reset() returns ndarray and not the tuple (observation, info)"),
        (FailsAtReset, "reset(seed=0) raised OSError: no display"),
        (Lock(), "pass what makes it instead"),
    ],
)
def test_what_stands_in_the_way_is_one_line(target: Any, why: str) -> None:
    report = masked_envs.check_masked_env(target, steps=10, raise_on_failure=False)
    assert report.verdict == "not judged" and set(report.verdicts.values()) == {"not judged"}
    first, second = str(report).splitlines()
    assert "NOT JUDGED" in first and why in second and second == report.preflight


def test_a_mask_function_that_fails_is_one_line() -> None:
    def mask(env: Any) -> Any:
        raise ZeroDivisionError("of my own")

    report = masked_envs.check_masked_env(Items, mask_fn=mask, steps=10, raise_on_failure=False)
    assert "ZeroDivisionError: of my own" in str(report).splitlines()[1]
    report = masked_envs.check_masked_env(Items, mask_fn="nowhere", steps=10, raise_on_failure=False)
    assert "the environment has nothing of this name" in str(report).splitlines()[1]


@pytest.mark.parametrize(
    ("module", "advice"), [("gym.core", "shimmy"), ("torchrl.envs.common", "TorchRL"), ("rl4co.envs", "RL4CO"),
                           ("stable_baselines3.common.vec_env", "VecEnv")]
)  # fmt: skip
@pytest.mark.parametrize("given", [True, False])
def test_environments_of_other_libraries_are_named(module: str, advice: str, given: bool) -> None:
    kind = type("Theirs", (), {"__module__": module, "reset": lambda self: None})
    with pytest.raises(TypeError, match=advice):
        masked_envs.check_masked_env(kind() if given else lambda: kind())


def test_a_vector_in_processes_is_checked_without_them() -> None:
    before = threading.active_count()
    envs = AsyncVectorEnv([Items] * 2)
    report = masked_envs.check_masked_env(gym.wrappers.vector.RecordEpisodeStatistics(envs), steps=20)
    assert report.passed and any("SyncVectorEnv" in warning.sentence for warning in report.warnings)
    observations, _ = envs.reset(seed=0)  # the given one is untouched
    assert observations.shape == (2, 6)
    envs.close()
    assert threading.active_count() == before


def test_rewards_with_several_components_are_passed_on() -> None:
    class TwoGoals(Items):
        def good(self, a: int) -> Any:
            obs, _, *rest = super().good(a)
            return obs, np.array([1.0, -float(a)]), *rest

    assert masked_envs.check_masked_env(TwoGoals, steps=30).passed
