"""Runs of the reference agent as a program: the same bytes each time, checkpoints, the proof, errors."""

import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch.py needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch.py needs tqdm: pip install 'masked-envs[torch]'")

import torch  # noqa: E402
from ppo_cases import (  # noqa: E402
    AGENTS,
    CARTPOLE,
    FACES,
    TINY,
    Learner,
    after,
    bytes_of,
    checkpoint,
    evaluation,
    networks,
    ppo_torch,
)

main = ppo_torch.main


@pytest.fixture(params=FACES)
def config(request):
    return FACES[request.param]


# --- reproducibility and checkpoints ----------------------------------------------------------------------------


def test_a_run_is_a_function_of_its_seed(config):
    assert bytes_of(after(config, 4)) == bytes_of(after(config, 4))
    assert bytes_of(after(config, 4))[0] != bytes_of(after(replace(config, seed=2), 4))[0]


def test_a_resumed_run_ends_in_the_same_bytes(config, tmp_path):
    config = replace(config, mask="off") if config == CARTPOLE else config  # with invalid actions to carry over
    whole = bytes_of(after(config, 6))
    checkpoint.save_checkpoint(tmp_path, after(config, 3).state())
    resumed = Learner(config)
    resumed.restore(checkpoint.load_checkpoint(tmp_path))
    for _ in range(3):
        resumed.iterate()
    assert bytes_of(resumed) == whole


@pytest.mark.parametrize("greedy", [True, False])
def test_evaluation_leaves_the_run_as_it_was(greedy):
    expected = bytes_of(after(CARTPOLE, 4))
    learner = after(CARTPOLE, 2)
    first, _ = evaluation.evaluate(learner.policy, learner.encoder, CARTPOLE, greedy=greedy, episodes=10)
    again, _ = evaluation.evaluate(learner.policy, learner.encoder, CARTPOLE, greedy=greedy, episodes=10)
    assert np.array_equal(first, again)
    for _ in range(2):
        learner.iterate()
    assert bytes_of(learner) == expected


def test_evaluation_plays_one_whole_episode_per_row():
    """The same greedy episodes in single environments; some end by falling, some by the time limit."""
    config = replace(CARTPOLE, env_args={"time_limit": 40})
    learner = Learner(config)
    with torch.no_grad():  # push to the side to which the pole leans, which holds it for a while
        first, second, last = learner.policy.actor[0], learner.policy.actor[2], learner.policy.actor[4]
        for layer in (first, second, last):
            layer.weight.zero_()
        first.weight[0] = torch.tensor([0.0, 0.0, 1.0, 0.0])
        second.weight[0, 0], last.weight[::2, 0], last.weight[1::2, 0] = 1.0, -1.0, 1.0
    returns, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=True, episodes=20)
    expected = []
    for row in range(20):
        env, total, over = gym.make(config.env, **config.env_args, mask_in="info"), 0.0, False
        observation, info = env.reset(seed=config.seed + evaluation.EVALUATION_SEED + row)
        while not over:
            seen = {"features": torch.from_numpy(observation[None])}
            action = learner.policy.distribution(seen, torch.from_numpy(info["action_mask"][None])).mode
            observation, reward, terminated, truncated, info = env.step(int(action))
            total, over = total + reward, terminated or truncated
        expected.append(total)
    assert returns.tolist() == expected
    assert min(expected) < 40 and max(expected) == 40
    assert sum(expected) <= count.decisions <= 20 * 40


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import ppo_torch

replace, saves = os.replace, []
def replace_or_die(source, target):
    saves.append(target) if str(target).endswith("checkpoint.pt") else None
    if len(saves) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = replace_or_die
ppo_torch.main(sys.argv[2:])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_the_newest_complete_checkpoint_survives_a_kill(tmp_path):
    flags = ["--num-envs=8", "--num-steps=8", "--total-decisions=600", "--checkpoint-every=2", "--hidden=16"]
    command = [sys.executable, "-c", KILLED, str(AGENTS), *flags, f"--checkpoint-dir={tmp_path / 'killed'}"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(AGENTS.parent), os.environ.get("PYTHONPATH", "")])}
    assert subprocess.run(command, env=environment, capture_output=True).returncode == -signal.SIGKILL
    assert checkpoint.load_checkpoint(tmp_path / "killed")["counters"][0] == 4
    assert main([f"--checkpoint-dir={tmp_path / 'killed'}", "--resume", "--checkpoint-every=2"]) == 0
    assert main([f"--checkpoint-dir={tmp_path / 'whole'}", *flags]) == 0
    killed, whole = (checkpoint.load_checkpoint(tmp_path / name) for name in ("killed", "whole"))
    assert killed["counters"] == whole["counters"]
    assert all(torch.equal(weight, whole["policy"][name]) for name, weight in killed["policy"].items())


def test_a_failed_write_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    checkpoint.save_checkpoint(tmp_path, {"number": 1})
    with pytest.raises(Exception, match="pickle"):
        checkpoint.save_checkpoint(tmp_path, {"number": lambda: None})
    assert checkpoint.load_checkpoint(tmp_path)["number"] == 1


def spoil(path, how):
    content = bytearray(path.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "changed byte":
        content[len(content) // 3] ^= 0xFF
    elif how == "empty":
        content = bytearray()
    elif how == "text":
        content = bytearray(b"not a checkpoint")
    path.write_bytes(content)
    if how == "foreign":
        torch.save({"weights": torch.ones(3)}, path)
    elif how == "code":
        torch.save({"format": checkpoint.FORMAT, "run": os.system}, path)


@pytest.mark.parametrize("how", ["cut", "changed byte", "empty", "text", "foreign", "code"])
@pytest.mark.parametrize("flags", [["--resume", "--checkpoint-dir"], ["--evaluate"]])
def test_a_damaged_or_foreign_checkpoint_is_refused(how, flags, tmp_path, capsys):
    checkpoint.save_checkpoint(tmp_path, after(CARTPOLE, 1).state())
    spoil(tmp_path / checkpoint.FILE, how)
    with pytest.raises(SystemExit, match="2"):
        main([*flags, str(tmp_path)])
    assert re.search(r"checkpoint.pt is damaged or no checkpoint of this agent", capsys.readouterr().err)


# --- the program ------------------------------------------------------------------------------------------------


FLAGS = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]


def test_a_run_ends_with_the_proof_and_can_be_evaluated_again(tmp_path, capsys):
    assert main([*FLAGS, "--env-arg", "num_actions=40", "--checkpoint-dir", str(tmp_path / "run")]) == 0
    trained = capsys.readouterr().out.splitlines()
    proof = re.fullmatch(r"decisions (\d+), invalid 0 \(95% upper bound (\S+)\), negative control (\d+)", trained[-1])
    assert int(proof[1]) > 1000 and float(proof[2]) == pytest.approx(3 / int(proof[1]), rel=0.05) and int(proof[3]) > 0
    assert main(["--evaluate", str(tmp_path / "run")]) == 0
    evaluated = capsys.readouterr().out.splitlines()
    assert evaluated[0] == trained[1] and evaluated[0].startswith("greedy: mean return ")
    assert evaluated[1] == trained[2]


def test_where_nothing_is_forbidden_there_is_no_control(capsys):
    assert main([*FLAGS, "--env-arg", "num_actions=2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("negative control not possible, nothing was forbidden")


def test_with_the_mask_off_the_invalid_actions_are_reported(capsys):
    assert main([*FLAGS, "--mask", "off"]) == 0
    assert int(re.search(r"invalid (\d+), negative", capsys.readouterr().out)[1]) > 100


def test_a_control_that_counts_nothing_fails_the_run(monkeypatch):
    monkeypatch.setattr(ppo_torch, "negative_control", lambda *given: 0)
    assert main(FLAGS) == 1


def test_an_invalid_action_fails_the_run(monkeypatch):
    monkeypatch.setattr(networks.Policy, "to_env", lambda policy, action: (action.numpy() + 1) % 6)
    assert main(FLAGS) == 1


def test_the_proof_line():
    expected = "decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871"
    assert evaluation.proof_line(evaluation.Count(204800, 0), 3871) == expected
    assert evaluation.proof_line(evaluation.Count(100, 2), 7) == "decisions 100, invalid 2, negative control 7"
    exact = 1 - 0.05 ** (1 / 204800)  # the rate at which none in 204,800 is a chance of 5%
    assert exact == pytest.approx(3 / 204800, rel=0.01)


def test_the_target_return_ends_a_run(capsys):
    assert main([*FLAGS, "--target-return", "9", "--total-decisions", "100000"]) == 0
    assert int(re.match(r"(\d+) decisions in .* s, mean return 9 reached", capsys.readouterr().out)[1]) < 1000


def test_the_learning_rate_falls_linearly():
    learner = Learner(CARTPOLE)
    learner.iterate()
    done = learner.decisions
    assert learner.iterate()["learning_rate"] == pytest.approx(CARTPOLE.learning_rate * (1 - done / 1000))


def test_what_is_measured_is_logged_for_tensorboard(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    main([*FLAGS, "--checkpoint-dir", str(tmp_path)])
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert {"first_ratio_error", "first_kl", "entropy", "episode_return", "learning_rate"} <= set(
        events.Tags()["scalars"]
    )
    assert events.Scalars("first_ratio_error")[-1].step >= 1000


def test_the_demo_draws_a_curve_and_the_agent(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    assert main([*FLAGS, "--demo", str(tmp_path)]) == 0
    with image.open(tmp_path / "agent.gif") as gif, image.open(tmp_path / "learning_curve.png") as curve:
        assert gif.n_frames > 5 and min(gif.size) >= 100 and min(curve.size) >= 200
    assert main([*FLAGS, "--demo", str(tmp_path)]) == 0  # and again, over the first


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--env", "MaskedCartpole-v0"], "Did you mean 'MaskedCartPole-v0'"),
        (["--env-arg", "num_action=4"], "num_action"),
        (["--env-arg", "num_available=9"], "num_available=9 legal actions cannot be chosen"),
        (["--env-arg", "autoreset_mode=Disabled"], "multiple values for keyword argument 'autoreset_mode'"),
        (["--env-arg", "nonsense"], "expected NAME=VALUE"),
        (["--total-decisions", "0"], "total_decisions must be at least 1"),
        (["--num-envs", "two"], "invalid int value"),
        (["--gamma", "1.5"], "gamma must lie between 0 and 1"),
        (["--mask", "maybe"], "mask 'on' or 'off'"),
        (["--resume"], "--resume needs --checkpoint-dir"),
        (["--resume", "--checkpoint-dir", "none"], "there is no checkpoint none"),
        (["--evaluate", "none"], "there is no checkpoint none"),
        (["--evaluate", "none", "--demo", "none"], "give one of"),
        (["--checkpoint-every", "0"], "--checkpoint-every must be at least 1"),
    ],
)
def test_wrong_flags_are_explained(flags, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(flags)
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_neither_overwritten_nor_turned_into_another(tmp_path, capsys):
    checkpoint.save_checkpoint(tmp_path, after(CARTPOLE, 1).state())
    before = (tmp_path / checkpoint.FILE).read_bytes()
    for flags, message in (
        ([], "holds a run: continue it with --resume"),
        (["--resume", "--num-envs", "9"], "has num_envs=8, which cannot become 9"),
        (["--resume", "--env-arg", "num_actions=9"], "cannot become {'num_actions': 9}"),
    ):
        with pytest.raises(SystemExit, match="2"):
            main([*flags, "--checkpoint-dir", str(tmp_path)])
        assert message in capsys.readouterr().err
    assert (tmp_path / checkpoint.FILE).read_bytes() == before
