"""The RLlib agent as a program: every algorithm's proof, checkpoints, resuming, errors before a worker starts."""

import re
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("ray")
import own_envs
import ray
from ppo_rllib_cases import DIRECTORY, counted, interrupt_at_checkpoint, proof, results, start

from agents.rllib import main, recipes

STEPS = {"PPO": 12_000, "APPO": 12_000, "IMPALA": 12_000, "DQN": 2_000}  # DQN learns after every few steps


def run(*flags):
    process = start(*flags)
    output, _ = process.communicate()
    return process.returncode, output


@pytest.mark.parametrize("algo", recipes.RECIPES)
def test_every_algorithm_proves_itself_and_leaves_checkpoints(algo, tmp_path, local_ray):
    """PPO in a Ray of its own, as without flags; the others in the one that is there."""
    where = [] if algo == "PPO" else ["--address", local_ray]
    code, output = run(
        *where, "--algo", algo, "--total-steps", STEPS[algo], "--num-to-keep", 2, "--checkpoint-frequency", 1,
        "--evaluation-interval", 1,
        "--storage-path", tmp_path, "--name", "run",
    )  # fmt: skip
    assert code == 0, output
    decisions, invalid, control = proof(output)
    assert invalid == 0 and control > 1000
    noted = results(tmp_path / "run")
    last = noted[-1]
    assert last["num_env_steps_sampled_lifetime"] >= STEPS[algo]
    assert counted(last).decisions >= STEPS[algo] and counted(last).invalid == 0
    # The line counts 200 episodes more, played from the last checkpoint.
    assert decisions > counted(last).decisions
    assert last["env_runners"]["mean_legal_fraction"] == pytest.approx(2 / 6)
    assert any("evaluation" in result for result in noted)
    kept = sorted((tmp_path / "run").glob("*/checkpoint_*"))
    assert len(kept) == min(2, len(noted)) and (algo != "PPO" or len(noted) > 2)
    if algo == "PPO":  # a new process, of the other kind of play alone
        code, output = run("--evaluate", kept[-1])
        again, invalid, _ = proof(output)
        assert code == 0 and invalid == 0 and again == decisions - counted(last).decisions


@pytest.fixture
def refuse(monkeypatch, capsys):
    """The message of the program with flags that it refuses before Ray starts."""
    monkeypatch.setattr(ray, "init", lambda *_, **__: pytest.fail("started Ray"))

    def message(*flags):
        with pytest.raises(SystemExit) as stopped:
            main.main([str(flag) for flag in flags])
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return message


def test_a_run_without_the_mask_counts_and_an_ended_run_reports_again(tmp_path, local_ray, refuse):
    flags = [
        "--address",
        local_ray,
        "--mask",
        "off",
        "--total-steps",
        4000,
        "--storage-path",
        tmp_path,
        "--name",
        "run",
    ]
    code, output = run(*flags)
    assert code == 0, output
    decisions, invalid, _ = proof(output)
    assert invalid > 1000 and decisions > 4000
    code, again = run(*flags, "--resume")
    assert code == 0 and proof(again)[:2] == (decisions, invalid)
    assert "holds a run: continue it with --resume, or give another --name" in refuse(*flags)
    other = ["--resume", "--algo", "DQN", "--env-arg", "num_actions=8"]
    assert "was begun with --algo PPO, --env-arg []" in refuse(*flags, *other)


def test_a_game_is_played_by_all_its_agents(tmp_path, local_ray):
    code, output = run(
        "--address", local_ray, "--env", "MaskedConnectFour-v0", "--total-steps", 3000, "--storage-path", tmp_path,
        "--num-envs-per-env-runner", 2, "--evaluation-interval", 1,
    )  # fmt: skip
    assert code == 0, output
    _, invalid, control = proof(output)
    assert invalid == 0 and control > 0


def test_an_environment_of_the_current_directory_is_proven_too_and_ctrl_c_says_how_to_go_on(tmp_path):
    """It raises on invalid actions; the negative control, at the end, only counts them."""
    (tmp_path / "own_envs.py").write_text(Path(own_envs.__file__).read_text())
    (tmp_path / "mine.py").write_text(MODULE)
    flags = ["--env", "mine:Mine-v0", "--num-env-runners", 0, "--checkpoint-frequency", 1, "--name", "run"]
    process = start(*flags, "--total-steps", 1_000_000, cwd=tmp_path)
    interrupted = interrupt_at_checkpoint(process)
    assert process.returncode == 130
    newest = re.search(r"^interrupted; the same command with --resume goes on from (.+)$", interrupted, re.MULTILINE)[1]
    assert newest.startswith(str(tmp_path / "runs" / "run")) and Path(newest).is_dir()
    process = start("--env", "mine:Mine-v0", "--evaluate", newest, cwd=tmp_path)
    output, _ = process.communicate()
    _, invalid, control = proof(output)
    assert process.returncode == 0 == invalid and control > 0


MODULE = """
import gymnasium as gym
from own_envs import Jobs
from masked_envs.wrappers import ActionMask

gym.register("Mine-v0", entry_point=lambda: ActionMask(Jobs(), lambda env: env.unwrapped.free()))
"""


class Uncounted(gym.Env):
    """A mask in the observation, and no counter."""

    observation_space = gym.spaces.Dict(
        observation=gym.spaces.Box(0, 1, (1,)), action_mask=gym.spaces.Box(0, 1, (2,), np.int8)
    )
    action_space = gym.spaces.Discrete(2)


gym.register("Uncounted-v0", entry_point=Uncounted)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--env", "NoSuch-v0"], "NoSuch"),
        (["--env", "no_such_module:Mine-v0"], "No module named 'no_such_module'"),
        (["--env", "Uncounted-v0"], "Uncounted-v0 does not count invalid actions"),
        (["--env", "CartPole-v1"], "action_mask"),
        (["--env-arg", "num_actions"], "expected NAME=VALUE"),
        (["--env-arg", "num_wheels=3"], "num_wheels"),
        (["--env-arg", "num_actions=-2"], "num_actions"),
        (["--algo", "SAC"], "invalid choice"),
        (["--total-steps", "0"], "must be at least 1"),
        (["--policies", "shared"], "policies"),
        (["--algo", "DQN", "--env", "MaskedPairs-v0"], "DQN"),
        (["--resume", "--storage-path", "no/such/place"], "no run to resume in"),
        (["--storage-path", "nosuch://place"], "nosuch"),
    ],
)
def test_wrong_flags_are_refused_before_ray_starts(flags, words, refuse):
    assert words in refuse(*flags)


def test_no_cluster_is_said_in_a_line(capsys, monkeypatch):
    def no_cluster(*_, **__):
        raise ConnectionError("no node answers")

    monkeypatch.setattr(ray, "init", no_cluster)
    with pytest.raises(SystemExit):
        main.main(["--address", "192.0.2.1:6379"])
    assert "no Ray cluster at --address 192.0.2.1:6379: no node answers" in capsys.readouterr().err


def test_help_names_every_flag_of_the_founding_script():
    text = subprocess.run([sys.executable, str(DIRECTORY), "--help"], capture_output=True, text=True, check=True).stdout
    for flag in ("algo", "num-env-runners", "num-envs-per-env-runner", "evaluation-interval", "evaluation-duration",
                 "checkpoint-frequency", "num-to-keep", "storage-path", "resume", "address"):  # fmt: skip
        assert f"--{flag}" in text
