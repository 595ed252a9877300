"""The torch agent on environments of a user: every kind of action, in a module of any directory, resumed by replay."""

import os
import re
import subprocess
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

from own_envs import Jobs  # noqa: E402
from ppo_cases import TINY, Config, Learner, after, bytes_of  # noqa: E402
from ppo_own_envs import OWN_IDS  # noqa: E402

from agents.ppo_torch import checkpoint, evaluation, main, training  # noqa: E402
from masked_envs.wrappers import ActionMask  # noqa: E402

CHECKOUT = Path(main.__file__).parents[2]
FLAGS = ["--num-envs=4", "--num-steps=8", "--hidden=16", "--epochs=1", "--total-decisions=64"]
PROOF = re.compile(r"decisions \d+, invalid 0 \(95% upper bound \S+\), negative control [1-9]\d*")


@pytest.fixture
def short(monkeypatch):
    """Evaluations of 8 episodes and a short control: the environments are Python's, and some never need to end."""
    evaluate, control = training.evaluate, training.negative_control
    monkeypatch.setattr(training, "evaluate", lambda *given, **how: evaluate(*given, **{"episodes": 8, **how}))
    monkeypatch.setattr(evaluation, "MOST_STEPS", 30)
    monkeypatch.setattr(training, "negative_control", lambda *given, decisions=200: control(*given, decisions))


@pytest.mark.parametrize("env_id", OWN_IDS)
def test_every_kind_of_action_is_trained_on_and_reported(env_id, short, capsys):
    assert main.main([*FLAGS, "--env", env_id]) == 0
    assert PROOF.fullmatch(capsys.readouterr().out.splitlines()[-1])


def test_an_own_environment_is_drawn(short, tmp_path):
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib")
    assert main.main([*FLAGS, "--env", "OwnDict-v0", "--demo", str(tmp_path)]) == 0
    with image.open(tmp_path / "agent.gif") as gif:
        assert gif.n_frames == 6 and gif.size == (32, 32)  # five jobs, one less in each picture


def test_an_evaluation_without_an_end_is_cut_off(short, monkeypatch, capsys):
    """The greedy policy takes the empty set for ever; what was cut off is no episode."""
    config = Config(**TINY, env="OwnBinary-v0")
    learner = Learner(config)
    monkeypatch.setattr(learner.policy, "to_env", lambda action: np.zeros_like(action.numpy()))
    evaluation.evaluate(learner.policy, learner.encoder, config, greedy=True, episodes=5)
    assert "5 of 5 episodes were cut off after 30 steps" in capsys.readouterr().err


@pytest.mark.parametrize("env_id", OWN_IDS)
def test_a_resumed_run_ends_in_the_same_bytes(env_id, tmp_path):
    """With the mask off, so that the replayed actions hold invalid ones, which are not counted twice."""
    config = Config(**TINY | {"num_envs": 3, "num_steps": 7, "mask": "off"}, env=env_id)
    whole = after(config, 4)
    checkpoint.save_checkpoint(tmp_path, after(config, 2).state())
    resumed = Learner(config)
    assert resumed.restore(checkpoint.load_checkpoint(tmp_path))
    for _ in range(2):
        resumed.iterate()
    assert bytes_of(resumed) == bytes_of(whole) and resumed.count.invalid > 0
    assert bytes_of(after(config, 3)) != bytes_of(whole)


class Forgetful(Jobs):
    """Not the same episodes again: how many were begun in this process decides them."""

    begun = 0

    def reset(self, *, seed=None, options=None):
        Forgetful.begun += 1
        return super().reset(seed=Forgetful.begun)


gym.register("Forgetful-v0", entry_point=lambda: ActionMask(Forgetful(), lambda env: env.unwrapped.free()))


def test_an_environment_that_does_not_repeat_itself_begins_new_episodes(tmp_path, short, capsys):
    directory = f"--checkpoint-dir={tmp_path}"
    config = Config(**TINY | {"num_steps": 7, "total_decisions": 150}, env="Forgetful-v0")
    checkpoint.save_checkpoint(tmp_path, after(config, 2).state())
    assert main.main(["--resume", directory]) == 0
    printed = capsys.readouterr()
    assert "Forgetful-v0 does not repeat itself from its seed: new episodes begin here" in printed.err
    assert PROOF.fullmatch(printed.out.splitlines()[-1])


def test_episodes_have_seeds_of_their_own():
    """Different episodes and rows, and the first of row i as a single environment with seed + i."""
    config = Config(**TINY, env="OwnFlat-v0")
    learner = after(config, 1)
    first = [gym.make("OwnFlat-v0").reset(seed=config.seed + row)[0]["observation"][0] for row in range(8)]
    times = learner.rollout.observation["features"][:, :, :5].numpy()
    assert np.array_equal(times[0], np.array(first))
    assert len({row.tobytes() for row in times[[0, 6, -1]].reshape(-1, 5)}) >= 16  # episodes take 5 steps


def test_what_an_environment_lacks_is_found_before_training(monkeypatch, capsys):
    """Here the pictures for --demo, and then something that only the evaluation asks for."""
    monkeypatch.setattr(Learner, "iterate", lambda learner: pytest.fail("began to train"))
    monkeypatch.setattr(Jobs, "render", lambda env: None)
    with pytest.raises(SystemExit, match="2"):
        main.main([*FLAGS, "--env", "OwnFlat-v0", "--demo", "nowhere"])
    assert "render() of the environment gives NoneType" in capsys.readouterr().err
    assert not Path("nowhere").exists()

    def without_evaluation(*given, **how):
        raise ValueError("no evaluation of this")

    monkeypatch.setattr(evaluation, "play", without_evaluation)
    with pytest.raises(ValueError, match="no evaluation of this"):
        main.main([*FLAGS, "--env", "OwnFlat-v0"])


MODULE = """
import gymnasium as gym
from jobs import Jobs
from masked_envs.wrappers import ActionMask

gym.register("Mine-v0", entry_point=lambda: ActionMask(Jobs(), lambda env: env.unwrapped.free()))
"""


@pytest.mark.parametrize("how", ["by path", "by -m"])
def test_an_environment_of_the_current_directory(how, tmp_path):
    (tmp_path / "jobs.py").write_text(Path(sys.modules["own_envs"].__file__).read_text())
    (tmp_path / "mine.py").write_text(MODULE)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if how == "by -m":
        environment["PYTHONPATH"] = str(CHECKOUT)
    program = ["-m", "agents.ppo_torch"] if how == "by -m" else [str(CHECKOUT / "agents" / "ppo_torch")]
    command = [sys.executable, *program, *FLAGS, "--env", "mine:Mine-v0", "--checkpoint-dir", "run"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert PROOF.fullmatch(done.stdout.splitlines()[-1])


def test_a_checkpoint_imports_a_module_only_where_the_command_names_it(tmp_path, short, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    (tmp_path / "named_in_file.py").write_text(MODULE.replace("from jobs", "from own_envs"))
    flags = ["--env", "named_in_file:Mine-v0"]
    assert main.main([*FLAGS, *flags, "--checkpoint-dir", "run"]) == 0
    del sys.modules["named_in_file"]
    for command in (["--evaluate", "run"], ["--resume", "--checkpoint-dir", "run"]):
        with pytest.raises(SystemExit, match="2"):
            main.main(command)
        assert "imports the module named_in_file: to allow that, add --env" in capsys.readouterr().err
        assert "named_in_file" not in sys.modules
        assert main.main([*command, *flags]) == 0
        del sys.modules["named_in_file"]


def test_a_module_that_is_not_there(capsys):
    with pytest.raises(SystemExit, match="2"):
        main.main([*FLAGS, "--env", "no_such_module:Mine-v0"])
    assert "No module named 'no_such_module'" in capsys.readouterr().err
