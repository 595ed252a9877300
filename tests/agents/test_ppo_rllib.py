"""The RLlib agent as a program: every algorithm's proof, checkpoints, resuming, errors before a worker starts."""

import re
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("ray")
import own_envs
import ray
from ppo_rllib_cases import SMALL, counted, interrupt_at_checkpoint, proof, results, start

from agents.rllib import evaluation, main, recipes

STEPS = {"PPO": 6_000, "APPO": 12_000, "IMPALA": 12_000, "DQN": 2_000}  # DQN learns after every few steps
THROUGH_TUNE = ("PPO", *(pytest.param(algo, marks=pytest.mark.long) for algo in ("APPO", "IMPALA", "DQN")))
HERE = ("--num-env-runners", "0", "--evaluation-interval", "1")
"""No process that only samples."""


@pytest.fixture
def run(local_ray, monkeypatch, capsys):
    """The program in this process and the Ray of all tests: its exit status and what it printed."""
    for name in ("RAY_AIR_NEW_OUTPUT", "TUNE_GLOBAL_CHECKPOINT_S"):
        monkeypatch.setenv(name, "")  # what the program sets is gone after the test
        monkeypatch.delenv(name)

    def call(*flags):
        code = main.main([*SMALL, *map(str, flags)])
        return code, capsys.readouterr().out

    return call


@pytest.mark.parametrize("algo", THROUGH_TUNE)
def test_every_algorithm_proves_itself_and_leaves_checkpoints(algo, tmp_path, run):
    code, output = run(
        "--algo", algo, "--total-steps", STEPS[algo], "--num-to-keep", 2, "--checkpoint-frequency", 1,
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
    if algo == "PPO":  # the other kind of play alone
        code, output = run("--evaluate", kept[-1])
        again, invalid, _ = proof(output)
        assert code == 0 and invalid == 0 and again == decisions - counted(last).decisions


@pytest.mark.parametrize("algo", ["APPO", "IMPALA", "DQN"])
def test_every_other_recipe_learns_and_proves_its_checkpoint(algo, local_ray, tmp_path, capsys):
    """Without Tune, whose runs are of `make test-long`."""
    _, given = main.parse([*SMALL, *HERE, "--algo", algo])
    config = recipes.make_config(given, masked=True).reporting(min_time_s_per_iteration=0)
    if algo == "DQN":
        config.training(num_steps_sampled_before_learning_starts=100)
        config.reporting(min_sample_timesteps_per_iteration=200)
    algorithm = config.build_algo()
    before = algorithm.get_weights()["default_policy"]
    for _ in range(10):
        trained = algorithm.train()
        after = algorithm.get_weights()["default_policy"]
        if any((before[name] != after[name]).any() for name in before):
            break
    else:
        pytest.fail("learns nothing")
    algorithm.save_to_path(tmp_path / "checkpoint")
    algorithm.stop()
    assert evaluation.report(given, str(tmp_path / "checkpoint"), counted(trained))
    decisions, invalid, control = proof(capsys.readouterr().out)
    assert decisions > counted(trained).decisions > 100 and invalid == 0 and control > 1000


@pytest.fixture
def refuse(monkeypatch, capsys):
    """The message of the program with flags that it refuses before Ray starts."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda *_, **__: pytest.fail("started Ray"))

    def message(*flags):
        with pytest.raises(SystemExit) as stopped:
            main.main([str(flag) for flag in flags])
        assert stopped.value.code == 2
        return capsys.readouterr().err

    return message


def test_a_run_without_the_mask_counts_and_an_ended_run_reports_again(tmp_path, run, request):
    flags = [*HERE, "--mask", "off", "--total-steps", 3000, "--storage-path", tmp_path, "--name", "run"]
    code, output = run(*flags)
    assert code == 0, output
    decisions, invalid, _ = proof(output)
    assert invalid > 1000 and decisions > 3000
    code, again = run(*flags, "--resume")
    assert code == 0 and proof(again)[:2] == (decisions, invalid)
    refuse = request.getfixturevalue("refuse")  # from here on there is no Ray
    assert "holds a run: continue it with --resume, or give another --name" in refuse(*flags)
    other = ["--resume", "--algo", "DQN", "--env-arg", "num_actions=8"]
    assert "was begun with --algo PPO, --env-arg []" in refuse(*flags, *other)


def test_a_game_is_played_by_all_its_agents(tmp_path, run):
    code, output = run(
        *HERE, "--env", "MaskedConnectFour-v0", "--total-steps", 2000, "--storage-path", tmp_path,
        "--num-envs-per-env-runner", 2,
    )  # fmt: skip
    assert code == 0, output
    _, invalid, control = proof(output)
    assert invalid == 0 and control > 0


def test_an_environment_of_the_current_directory_is_proven_too_and_ctrl_c_says_how_to_go_on(tmp_path, monkeypatch, run):
    """In a process and a Ray of its own, as without flags.

    The environment raises on invalid actions; the negative control, at the end, only counts them.
    """
    (tmp_path / "own_envs.py").write_text(Path(own_envs.__file__).read_text())
    (tmp_path / "mine.py").write_text(MODULE)
    flags = ["--env", "mine:Mine-v0", "--num-env-runners", 0, "--checkpoint-frequency", 1, "--name", "run"]
    process = start(*flags, "--total-steps", 1_000_000, cwd=tmp_path)
    interrupted = interrupt_at_checkpoint(process)
    assert process.returncode == 130
    newest = re.search(r"^interrupted; the same command with --resume goes on from (.+)$", interrupted, re.MULTILINE)[1]
    assert newest.startswith(str(tmp_path / "runs" / "run")) and Path(newest).is_dir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    code, output = run("--env", "mine:Mine-v0", "--evaluate", newest)
    _, invalid, control = proof(output)
    assert code == 0 == invalid and control > 0


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

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", no_cluster)
    with pytest.raises(SystemExit):
        main.main(["--address", "192.0.2.1:6379"])
    assert "no Ray cluster at --address 192.0.2.1:6379: no node answers" in capsys.readouterr().err


def test_help_names_every_flag_of_the_founding_script(capsys):
    with pytest.raises(SystemExit):
        main.main(["--help"])
    text = capsys.readouterr().out
    for flag in ("algo", "num-env-runners", "num-envs-per-env-runner", "evaluation-interval", "evaluation-duration",
                 "checkpoint-frequency", "num-to-keep", "storage-path", "resume", "address"):  # fmt: skip
        assert f"--{flag}" in text
