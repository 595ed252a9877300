"""Runs of the torch agent as a program: the same bytes each time, the proof, progress, interruption, errors."""

import itertools
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

import torch  # noqa: E402
from ppo_cases import CARTPOLE, FACES, TINY, Config, Learner, after, bytes_of  # noqa: E402

from agents.ppo_torch import checkpoint, comparison, evaluation, networks, progress, training  # noqa: E402
from agents.ppo_torch.event_log import EventLog  # noqa: E402
from agents.ppo_torch.main import main  # noqa: E402
from agents.proof import Count, proof_line  # noqa: E402
from masked_envs import files  # noqa: E402


@pytest.fixture(params=FACES)
def config(request):
    return FACES[request.param]


# --- reproducibility and evaluation ---------------------------------------------------------------------------------


def test_a_run_is_a_function_of_its_seed(config):
    assert bytes_of(after(config, 4)) == bytes_of(after(config, 4))
    assert bytes_of(after(config, 4))[0] != bytes_of(after(replace(config, seed=2), 4))[0]


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
    monkeypatch.setattr(training, "negative_control", lambda *given, **how: 0)
    assert main(FLAGS) == 1


def test_an_invalid_action_fails_the_run(monkeypatch):
    monkeypatch.setattr(networks.Policy, "to_env", lambda policy, action: (action.numpy() + 1) % 6)
    assert main(FLAGS) == 1


def test_the_proof_line():
    expected = "decisions 204800, invalid 0 (95% upper bound 1.5e-5), negative control 3871"
    assert proof_line(Count(204800, 0), 3871) == expected
    assert proof_line(Count(100, 2), 7) == "decisions 100, invalid 2, negative control 7"
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
    named = {"first_ratio_error", "first_kl", "entropy", "episode_return", "learning_rate", "legal_fraction"}
    assert named | {"invalid_actions"} <= set(events.Tags()["scalars"])
    assert events.Scalars("first_ratio_error")[-1].step >= 1000
    assert {event.value for event in events.Scalars("invalid_actions")} == {0.0}
    assert all(event.value == pytest.approx(2 / 6) for event in events.Scalars("legal_fraction"))


def test_a_resumed_log_gives_way_to_what_is_logged_again(tmp_path):
    """A run that was killed at 300 decisions and had its last checkpoint at 200."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for begin, logged in ((0, (100, 200, 300)), (200, (290, 400))):
        log = EventLog(tmp_path, begin)
        for decisions in logged:
            log.write(decisions, {"entropy": float(decisions)})
        log.close()
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Scalars("entropy")] == [100, 200, 290, 400]


def test_the_demo_draws_a_curve_and_the_agent(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    image = pytest.importorskip("PIL.Image")
    assert main([*FLAGS, "--demo", str(tmp_path)]) == 0
    with image.open(tmp_path / "agent.gif") as gif, image.open(tmp_path / "learning_curve.png") as curve:
        assert gif.n_frames > 5 and min(gif.size) >= 100 and min(curve.size) >= 200
        with_both = curve.size[0]
    printed = capsys.readouterr().out
    found = re.search(r"without the mask: .* (\d+)% of the actions invalid", printed)
    assert found and int(found[1]) > 0 and "invalid 0" in printed
    assert main([*FLAGS, "--demo", str(tmp_path), "--mask", "off"]) == 0  # and again, over the first
    with image.open(tmp_path / "learning_curve.png") as curve:
        assert curve.size[0] < with_both
    assert "to compare" not in capsys.readouterr().out


def test_the_run_without_a_mask_is_that_of_the_flag():
    config = Config(**TINY)
    found = comparison.train_unmasked(config)
    learner = Learner(replace(config, mask="off"))
    while not learner.finished:
        learner.iterate()
    assert found.returns == learner.history
    steps = np.diff([0, *(at for at, _ in found.invalid)])
    counted = sum(share * step for (_, share), step in zip(found.invalid, steps, strict=True))
    assert round(counted) == learner.count.invalid > 0


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
        (["--resume"], "--resume needs --checkpoint-dir or --demo"),
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


# --- interruption and full disks --------------------------------------------------------------------------------------


def interrupt_after(iterations, monkeypatch):
    """Ctrl-C in the middle of a later iteration, as Python raises it."""
    collect, calls = Learner.collect, []

    def interrupted(learner):
        calls.append(collect(learner))
        if len(calls) > iterations:
            raise KeyboardInterrupt
        return calls[-1]

    monkeypatch.setattr(Learner, "collect", interrupted)


def test_an_interrupted_run_says_how_to_go_on_and_goes_on(tmp_path, monkeypatch, capsys):
    command = [*FLAGS, "--checkpoint-dir", str(tmp_path / "run"), "--checkpoint-every", "2"]
    with monkeypatch.context() as patch:
        interrupt_after(5, patch)
        assert main(command) == 130
    printed = capsys.readouterr()
    saved = checkpoint.load_checkpoint(tmp_path / "run")["counters"]
    line = (
        f"{tmp_path / 'run' / checkpoint.FILE} holds the first {saved[1]}: the same command with --resume goes on from"
    )
    assert saved[0] == 4 and line in printed.err.splitlines()[-1] and "decisions" not in printed.out
    assert main([*command, "--resume"]) == 0
    assert main([*FLAGS, "--checkpoint-dir", str(tmp_path / "whole")]) == 0
    resumed, whole = (tmp_path / name / checkpoint.FILE for name in ("run", "whole"))
    assert resumed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        ([], r"interrupted after \d+ decisions; nothing is kept without --checkpoint-dir"),
        (["--checkpoint-dir", "run"], r"interrupted after \d+ decisions, before the first checkpoint"),
    ],
)
def test_an_interrupted_run_without_a_checkpoint(flags, line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    interrupt_after(2, monkeypatch)
    assert main([*FLAGS, *flags]) == 130
    assert re.fullmatch(line, capsys.readouterr().err.splitlines()[-1])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("buffering", [-1, 1, 100_000], ids=["usual", "lines", "large"])
@pytest.mark.parametrize("command", [["--help"], FLAGS], ids=["help", "training"])
def test_output_that_cannot_be_written_is_one_line(command, buffering, monkeypatch, capsys):
    """The text is longer than the buffer, or shorter."""
    with open("/dev/full", "w", buffering) as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        assert main(command) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "agents.ppo_torch: error: No space left on device"


def test_a_reader_that_leaves_ends_a_run_quietly(monkeypatch, capsys):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", pipe)
        assert main(["--help"]) == 128 + signal.SIGPIPE
    assert capsys.readouterr().err == ""


def test_an_interrupted_demo_goes_on(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    command = [*FLAGS, "--demo", str(tmp_path), "--checkpoint-every", "1"]
    with monkeypatch.context() as patch:
        interrupt_after(2, patch)
        assert main(command) == 130
    assert main([*command, "--resume"]) == 0 and (tmp_path / "agent.gif").exists()


@pytest.mark.parametrize("name", ["agent.gif", "learning_curve.png", checkpoint.FILE])
def test_a_full_disk_is_one_line(name, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    replace = files.os.replace

    def full_for_one(source, target):
        if Path(target).name == name:
            raise OSError(28, "No space left on device")
        replace(source, target)

    (tmp_path / "agent.gif").write_bytes(b"an older picture")
    monkeypatch.setattr(files.os, "replace", full_for_one)
    assert main([*FLAGS, "--demo", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"{tmp_path / name} was not written: No space left on device"
    assert (tmp_path / "agent.gif").read_bytes() == b"an older picture"
    written = {path.name for path in tmp_path.iterdir() if "tfevents" not in path.name}
    assert written == {"agent.gif", checkpoint.FILE, "learning_curve.png"} - ({name} - {"agent.gif"}) - (
        {"learning_curve.png"} if name == checkpoint.FILE else set()
    )


@pytest.mark.parametrize("flag", ["--checkpoint-dir", "--demo"])
def test_a_directory_that_cannot_be_made_is_said_before_the_training(flag, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    (tmp_path / "file").touch()
    for place, reason in ((tmp_path / "file" / "run", "Not a directory"), (tmp_path / "file", "File exists")):
        with pytest.raises(SystemExit, match="2"):
            main([*FLAGS, flag, str(place)])
        said = capsys.readouterr()
        assert said.out == "" and said.err.splitlines()[-1].startswith("agents.ppo_torch: error: ")
        assert reason in said.err and str(place) in said.err and "Traceback" not in said.err


def test_a_directory_that_refuses_files_is_one_line(tmp_path, monkeypatch, capsys):
    """As one of another user's."""
    run = tmp_path / "run"

    def refused(*given, **how):
        raise PermissionError(13, "Permission denied", str(run / "events"))

    monkeypatch.setattr("agents.ppo_torch.event_log.open", refused, raising=False)
    assert main([*FLAGS, "--checkpoint-dir", str(run)]) == 1
    assert re.fullmatch(r".*tfevents.* was not written: Permission denied", capsys.readouterr().err.splitlines()[-1])
    assert list(run.iterdir()) == []


def test_a_full_disk_is_noticed_by_the_log(tmp_path):
    """As the system refuses it: no file of this process may grow beyond a few bytes while the log is written."""
    resource = pytest.importorskip("resource")
    log = EventLog(tmp_path, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.path.stat().st_size, hard))
    try:
        with pytest.raises(files.NotWrittenError, match="tfevents.* was not written: File too large"):
            log.write(1, {"entropy": 0.5})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        log.close()


# --- progress ---------------------------------------------------------------------------------------------------------


def test_without_a_terminal_there_is_a_line_for_each_tenth(capsys):
    assert main(FLAGS) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if " of 1,000 decisions in " in line]
    tenths = [int(line.split(" of ")[0].replace(",", "")) // 100 for line in lines]
    assert tenths == sorted(set(tenths)) and len(tenths) >= 9 and tenths[-1] >= 10
    assert any(re.search(r"decisions in \d+ s, episode return \d+\.\d", line) for line in lines)


def test_a_slow_run_is_not_silent(monkeypatch, capsys):
    """By a clock that moves 20 seconds between two iterations of a thousandth each."""
    now = itertools.count(0, 20)
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    with progress.Progress(total=100_000, done=0) as shown:
        for done in (100, 200, 300, 400):
            shown.update(done, {"episode_return": 1.25, "entropy": 0.5})
    assert capsys.readouterr().err.splitlines() == [
        "200 of 100,000 decisions in 40 s, episode return 1.2",
        "400 of 100,000 decisions in 80 s, episode return 1.2",
    ]


def test_in_a_terminal_there_is_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(progress.sys.stderr, "isatty", lambda: True, raising=False)
    with progress.Progress(total=100, done=10) as shown:
        shown.update(60, {"episode_return": 1.0})
    assert "60/100" in capsys.readouterr().err
