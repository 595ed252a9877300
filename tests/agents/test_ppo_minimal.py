"""agents/ppo_minimal.py: short, masked PPO in every detail, and clean."""

import ast
import os
import re
import signal
import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

pytest.importorskip("torch", reason="agents/ppo_minimal.py needs torch: pip install 'masked-envs[torch]'")

import torch  # noqa: E402

from agents import ppo_minimal  # noqa: E402
from agents.ppo_torch import rollout  # noqa: E402
from masked_envs.torch import MaskedCategorical  # noqa: E402

SOURCE = Path(ppo_minimal.__file__).read_text()
TINY = ["--num-envs=4", "--num-steps=8", "--hidden=16", "--total-steps=100"]
PROOF = re.compile(r"decisions \d+, invalid 0 \(95% upper bound \S+\), negative control [1-9]\d*")


def args_of(*flags):
    return ppo_minimal.parser.parse_args([*TINY, *flags])


def begun(*flags):
    """Arguments, environments, policy, and what `collect` begins with."""
    args = args_of(*flags)
    torch.manual_seed(args.seed)
    envs = ppo_minimal.make_envs(args, args.num_envs)
    seen = ppo_minimal.tensors(envs.reset(seed=args.seed)[0])
    return args, envs, ppo_minimal.Policy(envs, args.hidden), seen, torch.zeros(args.num_envs, dtype=torch.bool)


def test_it_is_one_short_file():
    nodes = [node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name if isinstance(node, ast.Import) else node.module for node in nodes for alias in node.names}
    libraries = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    assert len(SOURCE.splitlines()) <= 200
    assert libraries <= {"torch", "numpy", "gymnasium", "masked_envs"}


@pytest.mark.parametrize("env_id", ["MaskedCartPole-v0", "ParametricCartPole-v0", "MaskedWarehouse-v0"])
def test_every_kind_that_it_serves_ends_with_the_proof(env_id, monkeypatch, capsys):
    monkeypatch.setattr(ppo_minimal, "EPISODES", 3)
    assert ppo_minimal.main([*TINY, "--env", env_id]) == 0
    assert PROOF.fullmatch(capsys.readouterr().out.splitlines()[-1])


def test_a_game_is_learnt_against_an_opponent(monkeypatch, capsys):
    monkeypatch.setattr(ppo_minimal, "EPISODES", 3)
    assert ppo_minimal.main([*TINY, "--env=MaskedConnectFour-v0", "--opponent=random", "--total-steps=500"]) == 0
    assert PROOF.fullmatch(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--env=MaskedConnectFour-v0"], "MaskedConnectFour-v0 needs agents/ppo_torch"),
        (["--env=MaskedPendulum-v0"], "MaskedPendulum-v0 needs agents/ppo_torch"),
        (["--env=CartPole-v1"], "Did you mean 'MaskedCartPole-v0'"),
        (["--opponent=random"], "opponent"),
        (["--num-steps=0"], "--num-steps: expected an integer of at least 1, not 0"),
        (["--total-steps=0"], "--total-steps: expected an integer of at least 1, not 0"),
        (["--minibatches=0"], "--minibatches: expected an integer of at least 1, not 0"),
        (["--seed=-1"], "--seed: expected an integer of at least 0"),
    ],
)
def test_what_it_does_not_serve_is_refused(flags, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        ppo_minimal.main(flags)
    assert words in capsys.readouterr().err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("command", [["--help"], TINY], ids=["help", "training"])
def test_output_that_cannot_be_written_is_one_line(command, monkeypatch, capsys):
    monkeypatch.setattr(ppo_minimal, "EPISODES", 3)
    for buffering in (-1, 1, 100_000):  # lines, and texts that are longer and shorter than the buffer
        with open("/dev/full", "w", buffering) as full, monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", full)
            assert ppo_minimal.main(command) == 1
        assert capsys.readouterr().err == "agents/ppo_minimal.py: error: No space left on device\n"
    monkeypatch.setattr(sys, "stdout", None)
    assert ppo_minimal.main(command) == 1
    assert capsys.readouterr().err == "agents/ppo_minimal.py: error: standard output is closed\n"


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(ppo_minimal, "collect", lambda *given: os.kill(os.getpid(), signal.SIGINT))
    assert ppo_minimal.main(TINY) == 130
    assert capsys.readouterr().err == "agents/ppo_minimal.py: interrupted\n"


def test_an_invalid_action_fails_the_run(monkeypatch, capsys):
    monkeypatch.setattr(ppo_minimal, "EPISODES", 3)
    monkeypatch.setattr(ppo_minimal.Policy, "to_env", lambda policy, action: (action.numpy() + 1) % 6)
    assert ppo_minimal.main(TINY) == 1
    assert re.search(r"invalid [1-9]\d*, negative control", capsys.readouterr().out)


def test_advantages_equal_those_of_the_complete_agent():
    rng, args = np.random.default_rng(0), args_of()
    for _ in range(20):
        terminated, truncated = rng.random((2, 12, 3)) < 0.15
        discarded = np.zeros((13, 3), bool)
        for t in range(12):
            terminated[t] &= ~discarded[t]
            truncated[t] &= ~discarded[t] & ~terminated[t]
            discarded[t + 1] = terminated[t] | truncated[t]
        rewards, values = rng.normal(size=(12, 3)) * ~discarded[:12], rng.normal(size=(13, 3))
        one_agent = rewards[:, :, None], values, np.zeros((13, 3), int), discarded, terminated, truncated
        expected, usable = rollout.advantages(*one_agent, args.gamma, args.gae_lambda)
        given = [torch.as_tensor(part) for part in (rewards, terminated, terminated | truncated, values)]
        found = ppo_minimal.estimate(args, *given)
        np.testing.assert_allclose(found[usable], expected[usable], atol=1e-9)


def test_a_rollout_holds_what_was_played_and_the_final_observations():
    """Single environments replay the actions; with a time limit of 3 every fourth step is a reset."""
    args, envs, policy, seen, discarded = begun()
    envs = ppo_minimal.masked_envs.make_vec(args.env, 4, on_invalid="noop", time_limit=3)
    seen = ppo_minimal.tensors(envs.reset(seed=args.seed)[0])
    played, after, last = ppo_minimal.collect(envs, policy, seen, discarded, 7)
    obs, mask, action, log_prob, _, _, ended, ignored = played
    assert ignored[:, 0].tolist() == [False, False, False, True, False, False, False]
    assert ended[[2, 6]].all() and ended.sum() == 8 and last.all()
    for row in range(4):
        env = gym.make(args.env, time_limit=3)
        shown = [env.reset(seed=args.seed + row)[0]]
        shown += [env.step(int(action[t, row]))[0] for t in range(3)]
        for t, one in enumerate(shown):
            assert np.array_equal(obs["observation"][t, row], one["observation"])
            assert t == 3 or np.array_equal(mask[t, row], one["action_mask"] == 1)
    assert torch.equal(obs["observation"][-1], after[0]["observation"])
    with torch.no_grad():
        again = MaskedCategorical(policy.actor(obs["observation"][:-1]), mask)
    torch.testing.assert_close(again.log_prob(action), log_prob)


@pytest.mark.parametrize("forgotten", [False, True])
def test_before_any_update_the_ratio_is_one_under_the_stored_mask(forgotten, monkeypatch):
    args, envs, policy, seen, discarded = begun("--epochs=1", "--minibatches=1")
    played, _, _ = ppo_minimal.collect(envs, policy, seen, discarded, args.num_steps)
    made, distribution, kept = [], policy.distribution, ~played[-1]
    monkeypatch.setattr(policy, "distribution", lambda *given: made.append(distribution(*given)) or made[-1])
    monkeypatch.setattr(torch, "randperm", torch.arange)
    if forgotten:
        played[1] = torch.ones_like(played[1])
    ppo_minimal.update(args, policy, torch.optim.Adam(policy.parameters(), 0.0), played)
    ratio = (made[0].log_prob(played[2][kept]) - played[3][kept]).exp()
    assert bool((ratio - 1).abs().max() < 1e-5) is not forgotten


def test_discarded_decisions_are_not_learnt():
    """A poisoned log-probability spreads nan over all weights where it is learnt, and nothing where it is not."""
    args, envs, policy, seen, discarded = begun()
    envs = ppo_minimal.masked_envs.make_vec(args.env, 4, on_invalid="noop", time_limit=3)
    seen = ppo_minimal.tensors(envs.reset(seed=args.seed)[0])
    played, _, _ = ppo_minimal.collect(envs, policy, seen, discarded, args.num_steps)
    log_prob, ignored = played[3], played[-1]
    log_prob[ignored] = torch.nan
    assert ppo_minimal.update(args, policy, torch.optim.Adam(policy.parameters(), 1e-3), played) == 4 * 6
    assert all(weight.isfinite().all() for weight in policy.parameters())
    log_prob[0, 0] = torch.nan
    with pytest.raises(ValueError, match="must be finite"):
        ppo_minimal.update(args, policy, torch.optim.Adam(policy.parameters(), 1e-3), played)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("env_id", ["MaskedCartPole-v0", "ParametricCartPole-v0"])
def test_it_learns(env_id, seed, capsys):
    assert ppo_minimal.main(["--env", env_id, "--seed", str(seed), "--target-return=475"]) == 0
    *_, last, proof = capsys.readouterr().out.splitlines()
    assert float(last.split()[-1]) >= 475 and PROOF.fullmatch(proof)
