"""The checker's tools: the command line on any environment, the pytest plugin, reproductions that run as they stand."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from own_envs import Jobs, Pairs, mask_of

import masked_envs
from masked_envs.cli import main
from masked_envs.conformance.snippet import written
from masked_envs.wrappers import ActionMask

Capture = pytest.CaptureFixture[str]


class Told(Jobs):
    """Tells its mask in info, as a list of numbers."""

    def told(self) -> dict[str, Any]:
        return {"legal_actions": self.free()}


class Stale(Told):
    """Tells what was legal before the step."""

    def step(self, job: Any) -> Any:
        before = self.told()
        *given, _ = super().step(job)
        return *given, before


class StalePairs(Pairs):
    def told(self) -> dict[str, Any]:
        return {"action_mask": self.free()}

    def step(self, pair: Any) -> Any:
        before = self.told()
        *given, _ = super().step(pair)
        return *given, before


def failure(target: Any, law: str, **options: Any) -> Any:
    report = masked_envs.check_masked_env(target, steps=40, raise_on_failure=False, **options)
    return next(finding for finding in report.failures if finding.law == law)


# --- reproductions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "steps"), [(Stale, 1), (StalePairs, 1)])
def test_a_reproduction_is_as_short_as_can_be_and_runs_as_it_stands(make: type, steps: int) -> None:
    found = failure(make, "L7")
    assert len(found.reproduction.actions) == steps, found
    with pytest.raises(KeyError, match="is done"):
        exec(found.snippet, {})


def test_a_failure_far_into_an_episode_is_led_back_to_its_cause() -> None:
    """A mask that is wrong once the first job is done, which walks find later."""
    mask = lambda env: np.ones(12, bool) if not env.unwrapped.left[0] else env.unwrapped.left  # noqa: E731
    make = functools.partial(ActionMask, Jobs(jobs=12), mask)
    found = failure(lambda: make(), "L7")
    assert found.reproduction.actions == (0,)


@pytest.mark.parametrize(
    "action",
    [3, np.int64(3), np.array([1, 2]), {"a": np.array([0.5], np.float32), "b": 1}, (1, np.array([1], np.int8))],
)
def test_actions_are_written_as_code(action: Any) -> None:
    again = eval(written(action), {"np": np})
    assert repr(again) == repr(action) or again == action


# --- arguments of the checker ---------------------------------------------------------------------------------------


def test_a_function_gives_the_mask_of_an_environment_without_one() -> None:
    assert masked_envs.check_masked_env(Jobs, mask_fn=mask_of, steps=20, raise_on_failure=False).places == ("mask_fn",)
    wrong = failure(Jobs, "L7", mask_fn=lambda env: [1] * 5)
    assert "the mask allows" in wrong.sentence


@pytest.mark.parametrize("answer", ["raise", "ignore", "penalise", "terminate"])
def test_every_answer_is_found_by_trying_or_taken_at_its_word(answer: str) -> None:
    make = functools.partial(Told, answer=answer)
    words = {"raise": "raises", "ignore": "leaves", "penalise": "reward -100", "terminate": "ends the episode"}[answer]
    found = masked_envs.check_masked_env(make, steps=40, raise_on_failure=False)
    assert words in found.behaviour and "found by trying" in found.behaviour
    told = masked_envs.check_masked_env(make, steps=40, on_invalid=answer, raise_on_failure=False)
    assert "declared" in told.behaviour
    for report in (found, told):
        assert not {finding.law for finding in report.failures} - {"L6"}, report


@pytest.mark.parametrize("answer", ["raise", "penalise"])
def test_a_stale_mask_is_found_out_whatever_the_answer(answer: str) -> None:
    assert "the mask allows" in failure(functools.partial(Stale, answer=answer), "L7").sentence


def test_an_unknown_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="on_invalid must be one of 'raise'"):
        masked_envs.check_masked_env(Jobs, on_invalid="noop")


def test_a_time_budget_is_kept_and_reported() -> None:
    report = masked_envs.check_masked_env("MaskedConnectFour-v0", steps=10**6, time_budget=4, raise_on_failure=False)
    assert report.passed and report.coverage.cut_short and "cut short by the time budget" in str(report)
    assert report.coverage.laws == 11 and report.coverage.states > 11 and report.coverage.probes > 0


def test_progress_names_each_law() -> None:
    laws: list[str] = []
    masked_envs.check_masked_env(Told, steps=3, progress=laws.append)
    assert laws == [f"L{k}" for k in range(1, 12)]


# --- the command line -----------------------------------------------------------------------------------------------

MODULE = """
import gymnasium as gym, numpy as np

class Good(gym.Env):
    observation_space, action_space = gym.spaces.Box(0, 1, (3,), np.float32), gym.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = self.np_random.permutation([1, 1, 1]).astype(np.float32)
        self.first = self.np_random.integers(3)
        return self.left.copy(), self.info()

    def info(self):
        return {"action_mask": self.left.astype(np.int8)}

    def step(self, action):
        if action not in (0, 1, 2) or not self.left[action]:
            raise ValueError("done")
        self.left[action] = 0
        over = not self.left.any()
        return self.left.copy(), float(action == self.first), over, False, {} if over else self.info()

class Bad(Good):
    def info(self):
        return {"action_mask": np.ones(3, np.int8)}

class Mute(Good):
    # Shows nothing of what it does but a flag of its own.

    def info(self):
        return {"action_mask": np.array([1, 1, 0], np.int8), "oops": self.oops}

    def reset(self, *, seed=None, options=None):
        self.oops = False
        super().reset(seed=seed)
        return np.zeros(3, np.float32), self.info()

    def step(self, action):
        self.oops = action == 2
        return np.zeros(3, np.float32), 0.0, bool(self.np_random.random() < 0.2), False, self.info()

def oops(before, action, after):
    return after.info["oops"]

def make_good():
    return Good()

def mask(env):
    return env.unwrapped.left

NUMBER = 3
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_envs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_envs"
    sys.modules.pop("my_envs", None)


@pytest.mark.parametrize("name", ["Good", "make_good"])
def test_check_takes_a_class_or_a_function(name: str, module: str, capsys: Capture) -> None:
    main(["check", f"{module}:{name}", "--steps", "20"])
    shown = capsys.readouterr().out
    assert 'found in: info["action_mask"]' in shown and "L7  passed" in shown and "covered: 11 laws" in shown


def test_check_fails_with_a_snippet(module: str, capsys: Capture) -> None:
    assert main(["check", f"{module}:Bad", "--steps", "20"]) == 1
    shown = capsys.readouterr().out
    assert "L7  FAILED: the mask allows" in shown and "from my_envs import Bad" in shown


def test_check_without_a_verdict_has_an_exit_status_of_its_own(module: str, capsys: Capture) -> None:
    assert main(["check", f"{module}:Mute", "--steps", "30"]) == 3
    first, *_ = capsys.readouterr().out.splitlines()
    assert "NOT JUDGED" in first and "passed" not in first
    assert main(["check", f"{module}:Mute", "--steps", "30", "--json"]) == 3
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["verdict"], report["passed"], report["verdicts"]["L7"]) == ("not judged", False, "not judged")


@pytest.mark.parametrize("refused", ["oops", "my_envs:oops"])
def test_check_is_told_how_to_see_a_refusal(refused: str, module: str, capsys: Capture) -> None:
    assert main(["check", f"{module}:Mute", "--steps", "30", "--refused", refused]) == 0
    assert "refused=" in capsys.readouterr().out


def test_check_takes_the_place_of_the_mask(module: str, capsys: Capture) -> None:
    assert main(["check", f"{module}:Good", "--steps", "30", "--mask-at", "env.left"]) == 0
    assert "found in: env.left" in capsys.readouterr().out


def test_check_prints_json(module: str, capsys: Capture) -> None:
    assert main(["check", f"{module}:Bad", "--steps", "20", "--json"]) == 1
    (report,) = json.loads(capsys.readouterr().out)
    assert not report["passed"] and report["coverage"]["laws"] == 11
    broken = next(finding for finding in report["findings"] if finding["status"] == "failed" and finding["law"] == "L7")
    assert "from my_envs import Bad" in broken["snippet"] and broken["reproduction"]["seed"] == 0
    assert report["verdict"] == report["verdicts"]["L7"] == "failed" and broken["evidence"]["legal"] > 0


def test_check_takes_an_id_of_gymnasium_and_a_function_for_the_mask(module: str, capsys: Capture) -> None:
    name = next(name for name in gym.registry if name.startswith("Taxi-v"))
    assert main(["check", name, "--steps", "30", "--time-budget", "20"]) == 0
    assert "leaves everything as it was" in capsys.readouterr().out
    main(["check", f"{module}:Bad", "--steps", "20", "--mask-fn", f"{module}:mask"])
    assert "found in: mask_fn" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["nowhere:Env"], "cannot import nowhere"),
        (["my_envs:Missing"], "my_envs has no Missing"),
        (["my_envs:NUMBER"], "NUMBER is no class or function"),
        ([":Env"], "expected module:name"),
        (["my_envs:mask"], "mask"),
        (["my_envs:Good", "--mask-fn", "mask"], "--mask-fn mask: expected module:name"),
        (["MaskedCartPol-v0"], "Did you mean 'MaskedCartPole-v0'?"),
    ],
)
def test_wrong_targets_are_named(words: list[str], expected: str, module: str, capsys: Capture) -> None:
    assert main(["check", *words]) == 2
    assert expected in capsys.readouterr().err


# --- the pytest plugin ----------------------------------------------------------------------------------------------


def pytest_run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_the_plugin_gives_a_line_for_each_environment_and_law(module: str, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p masked_envs.pytest_plugin\nmasked_envs = my_envs:Bad my_envs:Mute MaskedCartPole-v0\n"
        "masked_envs_time_budget = 3\n"
    )
    shown = pytest_run(tmp_path)
    assert "masked_envs::my_envs:Bad[L7] FAILED" in shown and "the mask allows" in shown
    assert "masked_envs::my_envs:Bad[L5] PASSED" in shown and "masked_envs::my_envs:Bad[L9] SKIPPED" in shown
    assert "masked_envs::MaskedCartPole-v0[L7] PASSED" in shown
    assert "masked_envs::my_envs:Mute[L7] FAILED" in shown and "NOT JUDGED" in shown
    assert "masked_envs::my_envs:Mute[L2] PASSED" in shown
    assert "Traceback" not in shown


def test_a_test_module_may_name_environments_itself(module: str, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        textwrap.dedent(
            """
            from my_envs import Bad, Good
            from masked_envs.pytest_plugin import mask_laws

            test_masks = mask_laws(Good, Bad, "MaskedCartPole-v0", steps=10)
            """
        )
    )
    shown = pytest_run(tmp_path)
    assert "test_masks[Good-L7] PASSED" in shown and "test_masks[Bad-L7] FAILED" in shown
    assert "test_masks[MaskedCartPole-v0-L11] PASSED" in shown
