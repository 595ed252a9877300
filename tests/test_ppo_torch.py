"""The reference agent: its estimates against brute force, its use of the mask, and that nothing depends on luck."""

import itertools
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

pytest.importorskip("tqdm", reason="agents/ppo_torch.py needs tqdm: pip install 'masked-envs[torch]'")
torch = pytest.importorskip("torch", reason="agents/ppo_torch.py needs torch: pip install 'masked-envs[torch]'")

AGENTS = Path(__file__).parents[1] / "agents"
sys.path.insert(0, str(AGENTS))

import checkpoint  # noqa: E402
import evaluation  # noqa: E402
import ppo_torch  # noqa: E402
from networks import Encoder, Policy  # noqa: E402
from ppo_torch import Config, Learner, main  # noqa: E402
from rollout import advantages  # noqa: E402

from masked_envs import MaskSpec  # noqa: E402

TINY = {"num_envs": 8, "num_steps": 8, "epochs": 2, "minibatches": 2, "hidden": 16, "total_decisions": 2000}
CARTPOLE = Config(**TINY, env_args={"num_actions": 12, "num_available": 4, "availability": "step"})
FACES = {
    "cartpole": CARTPOLE,
    "candidates": Config(**TINY, env="ParametricCartPole-v0", env_args={"num_actions": 7}),
    "taxi": Config(**TINY, env="MaskedTaxi-v0"),
    "self-play": Config(**TINY, env="MaskedConnectFour-v0"),
    "one seat": Config(**TINY, env="MaskedConnectFour-v0", env_args={"opponent": "random"}),
    "simultaneous": Config(**TINY, env="MaskedWarehouse-v0"),
}


@pytest.fixture(params=FACES)
def config(request):
    return FACES[request.param]


def bytes_of(learner):
    """All that was learnt, and all that the rest of the run depends on, as comparable values."""
    moments = learner.optimiser.state_dict()["state"]
    return (
        {name: weight.numpy().tobytes() for name, weight in learner.policy.state_dict().items()},
        {(i, name): moment.numpy().tobytes() for i, state in moments.items() for name, moment in state.items()},
        learner.envs.get_state(),
        torch.get_rng_state().numpy().tobytes(),
        (learner.iteration, learner.decisions, learner.count, learner.history, learner.episode_return.tolist()),
    )


def after(config, iterations):
    learner = Learner(config)
    for _ in range(iterations):
        learner.iterate()
    return learner


# --- advantage estimates ----------------------------------------------------------------------------------------


def random_rollout(rng, steps, rows, num_agents):
    """Arguments of `advantages` with ends everywhere, the step after each of them discarded."""
    terminated, truncated = rng.random((2, steps, rows)) < 0.15
    discarded = np.zeros((steps + 1, rows), bool)
    discarded[0] = rng.random(rows) < 0.2
    for t in range(steps):
        terminated[t] &= ~discarded[t]
        truncated[t] &= ~discarded[t]
        discarded[t + 1] = terminated[t] | truncated[t]
    rewards = rng.normal(size=(steps, rows, num_agents)) * ~discarded[:steps, :, None]
    agents = rng.integers(num_agents, size=(steps + 1, rows))
    return rewards, rng.normal(size=(steps + 1, rows)), agents, discarded, terminated, truncated


def by_definition(rewards, values, agents, discarded, terminated, truncated, gamma, gae_lambda):
    """Each agent's decisions of each episode as a list, and the estimate of each as the sum of its definition."""
    steps, rows, num_agents = rewards.shape
    estimates = np.full((steps, rows), np.nan)
    for i, a in itertools.product(range(rows), range(num_agents)):
        begin = 0
        ends = [t for t in range(steps) if terminated[t, i] or truncated[t, i]]
        for end in [*ends, steps - 1]:
            mine = [t for t in range(begin, end + 1) if agents[t, i] == a and not discarded[t, i]]
            ahead = values[end + 1, i] if agents[end + 1, i] == a else np.nan
            if terminated[end, i]:
                ahead = 0.0
            deltas = []
            for t, following in zip(mine, [*mine[1:], None], strict=False):
                upto = end + 1 if following is None else following
                value = ahead if following is None else values[following, i]
                deltas.append(rewards[t:upto, i, a].sum() + gamma * value - values[t, i])
            for k, t in enumerate(mine):
                later = [d for d in deltas[k:] if not np.isnan(d)]
                if not np.isnan(deltas[k]):
                    estimates[t, i] = sum((gamma * gae_lambda) ** j * d for j, d in enumerate(later))
            begin = end + 1
    return estimates


@pytest.mark.parametrize("num_agents", [1, 2, 3])
@pytest.mark.parametrize("gamma, gae_lambda", [(0.9, 0.8), (1.0, 1.0), (0.9, 0.0), (0.0, 0.5)])
def test_advantages_equal_their_definition(num_agents, gamma, gae_lambda):
    rng = np.random.default_rng(num_agents)
    for _ in range(20):
        given = random_rollout(rng, steps=13, rows=4, num_agents=num_agents)
        estimates, usable = advantages(*given, gamma, gae_lambda)
        expected = by_definition(*given, gamma, gae_lambda)
        assert np.array_equal(usable, ~np.isnan(expected))
        np.testing.assert_allclose(estimates[usable], expected[usable], atol=1e-12)
        if num_agents == 1:
            assert np.array_equal(usable, ~given[3][:-1])


@pytest.mark.parametrize("ending, second", [("terminated", 2.0 - 0.3), ("truncated", 2.0 + 0.9 * 0.7 - 0.3)])
def test_only_truncation_bootstraps_from_the_final_observation(ending, second):
    """Two steps and the discarded third: rewards 1 and 2, values 0.5 and 0.3, and 0.7 of the final observation."""
    never, at_the_second = np.zeros((3, 1), bool), np.array([[False], [True], [False]])
    estimates, usable = advantages(
        rewards=np.array([1.0, 2.0, 0.0]).reshape(3, 1, 1),
        values=np.array([[0.5], [0.3], [0.7], [100.0]]),
        agents=np.zeros((4, 1), int),
        discarded=np.array([[False], [False], [True], [False]]),
        terminated=at_the_second if ending == "terminated" else never,
        truncated=at_the_second if ending == "truncated" else never,
        gamma=0.9,
        gae_lambda=0.8,
    )
    first = 1.0 + 0.9 * 0.3 - 0.5 + 0.9 * 0.8 * second
    np.testing.assert_allclose(estimates[:2, 0], [first, second], atol=1e-12)
    assert usable[:, 0].tolist() == [True, True, False]


def test_truncated_episodes_go_on_in_the_value_of_what_was_last_seen():
    """The last observation comes from single environments that replay the actions."""
    config = replace(CARTPOLE, env_args={"time_limit": 5}, gamma=0.9, gae_lambda=0.0)
    learner = Learner(config)
    learner.collect()
    r = learner.rollout
    estimates, _ = advantages(
        r.reward, learner.policy.value(r.observation).detach().numpy(), r.agent, r.discarded, r.terminated, r.truncated,
        config.gamma, config.gae_lambda,
    )  # fmt: skip
    for row in range(config.num_envs):
        env = gym.make(config.env, **config.env_args, mask_in="info")
        seen = [env.reset(seed=config.seed + row)[0]]
        for t in range(5):
            observation, _, terminated, truncated, _ = env.step(int(r.action[t, row]))
            seen.append(observation)
        assert truncated and not terminated and r.truncated[4, row] and r.discarded[5, row]
        last, final = learner.policy.value({"features": torch.tensor(np.array(seen[-2:]))}).tolist()
        assert estimates[4, row] == pytest.approx(1.0 + 0.9 * final - last, abs=1e-6)


def test_in_self_play_every_decision_is_worth_what_its_own_player_gets():
    """With gamma = lambda = 1, estimate + value is the outcome: 1 for the player of the last move, -1 for the other."""
    learner = Learner(replace(FACES["self-play"], num_steps=100, gamma=1.0, gae_lambda=1.0))
    learner.collect()
    r, values = learner.rollout, learner.policy.value(learner.rollout.observation).detach().numpy()
    estimates, usable = advantages(r.reward, values, r.agent, r.discarded, r.terminated, r.truncated, 1.0, 1.0)
    outcomes = estimates + values[:-1]
    games = 0
    for row in range(8):
        begin = 0
        for end in np.flatnonzero(r.terminated[:, row]):
            moves = np.arange(begin, end + 1)
            if len(moves) < 42:  # the last move of a full rack may win or not
                expected = np.where((end - moves) % 2 == 0, 1.0, -1.0)
                np.testing.assert_allclose(outcomes[moves, row], expected, atol=1e-5)
                games += 1
            assert usable[moves, row].all()
            begin = end + 2  # one step is discarded
    assert games > 5


# --- the mask ---------------------------------------------------------------------------------------------------


def test_before_any_update_the_ratio_is_one_and_the_divergence_zero(config):
    learner = Learner(config)
    for _ in range(4):
        metrics = learner.iterate()
        assert metrics["first_ratio_error"] <= 1e-5
        assert abs(metrics["first_kl"]) <= 1e-6
    assert metrics["ratio_error"] > 1e-5  # after updates the measures are not blind


@pytest.mark.parametrize("face", ["cartpole", "candidates", "taxi", "self-play", "simultaneous"])
def test_an_update_that_forgets_the_mask_is_noticed(face, monkeypatch):
    learner = Learner(replace(FACES[face], num_steps=32))
    batch_with_its_mask = learner.batch

    def batch():
        batch = batch_with_its_mask()
        batch.mask = torch.ones_like(batch.mask)
        return batch

    monkeypatch.setattr(learner, "batch", batch)
    assert learner.iterate()["first_ratio_error"] > 1e-3


def test_the_stored_mask_is_the_one_beside_the_observation():
    """A twin, stepped with the stored actions, shows the same masks and observations; masks change at every step."""
    learner = after(CARTPOLE, 1)
    r, twin = learner.rollout, evaluation.make_envs(CARTPOLE, CARTPOLE.num_envs)
    observation, info = twin.reset(seed=CARTPOLE.seed)
    for t in range(CARTPOLE.num_steps):
        assert np.array_equal(r.mask[t].numpy(), info["action_mask"] == 1)
        assert np.array_equal(r.observation["features"][t].numpy(), observation)
        assert info["action_mask"][np.arange(8), r.action[t].numpy()].all()
        observation, _, _, _, info = twin.step(r.action[t].numpy())
    assert (r.mask[0] != r.mask[1]).any()


def test_discarded_decisions_are_neither_learnt_nor_counted(monkeypatch):
    """Poison their log-probabilities: one of them in a minibatch would spread nan over all weights."""
    learner = Learner(replace(CARTPOLE, env_args={"time_limit": 3}))
    learner.collect()
    discarded = torch.from_numpy(learner.rollout.discarded[:-1].copy())
    assert discarded.sum() == 8 * 2  # in each row, steps 3 and 7
    assert learner.decisions == 8 * 6
    learner.rollout.log_prob[discarded] = torch.nan
    learner.update()
    assert all(weight.isfinite().all() for weight in learner.policy.state_dict().values())
    learner.rollout.log_prob[0, 0] = torch.nan
    with pytest.raises(ValueError, match="must be finite"):
        learner.update()


def test_the_loss_is_the_clipped_objective():
    """Written the other way round: a positive advantage is capped at 1 + clip, a negative one at 1 - clip."""
    config = replace(CARTPOLE, entropy_weight=0.1, value_weight=0.7)
    learner = after(config, 1)
    batch = learner.batch()
    batch.log_prob += torch.linspace(-1, 1, len(batch.log_prob))
    loss, _ = learner.loss(batch)
    logits = learner.policy.actor(batch.observation["features"]).double().masked_fill(~batch.mask, -torch.inf)
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    ratio = (log_probs[torch.arange(len(logits)), batch.action] - batch.log_prob).exp()
    cap = torch.where(batch.advantage > 0, ratio.clamp(max=1.2), ratio.clamp(min=0.8))
    entropy = -(log_probs.exp() * log_probs).nan_to_num().sum(-1).mean()
    squared = (learner.policy.value(batch.observation) - batch.target).square().mean()
    expected = -(cap * batch.advantage).mean() - 0.1 * entropy + 0.7 * squared
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_masks_keep_a_run_clean_and_without_them_it_is_not(config):
    config = replace(config, num_steps=64)  # long enough for a column of Connect Four to fill up
    masked, blind = after(config, 2), after(replace(config, mask="off"), 2)
    assert masked.count.invalid == 0 and masked.count.decisions > 500
    assert blind.count.invalid > 0
    assert evaluation.negative_control(masked.encoder, config) > 0


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
    assert int(proof[1]) > 2000 and float(proof[2]) == pytest.approx(3 / int(proof[1]), rel=0.05) and int(proof[3]) > 0
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
    monkeypatch.setattr(Policy, "to_env", lambda policy, action: (action.numpy() + 1) % 6)
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
    assert learner.iterate()["learning_rate"] == pytest.approx(CARTPOLE.learning_rate * (1 - done / 2000))


def test_what_is_measured_is_logged_for_tensorboard(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    main([*FLAGS, "--checkpoint-dir", str(tmp_path)])
    events = accumulator.EventAccumulator(str(tmp_path)).Reload()
    assert {"first_ratio_error", "first_kl", "entropy", "episode_return", "learning_rate"} <= set(
        events.Tags()["scalars"]
    )
    assert events.Scalars("first_ratio_error")[-1].step >= 2000


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


# --- the networks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "space",
    [
        spaces.Box(-1, 1, (2, 3), np.float64),
        spaces.Discrete(5, start=2),
        spaces.MultiDiscrete([2, 4]),
        spaces.MultiBinary(3),
        spaces.Dict({"b": spaces.Box(-1, 1, (2,), np.float32), "a": spaces.Discrete(3)}),
    ],
)
def test_features_are_those_of_gymnasium_flatten(space):
    vector = gym.vector.utils.batch_space(space, 4)
    vector.seed(0)
    batch = vector.sample()
    expected = [spaces.flatten(space, row) for row in gym.vector.utils.iterate(vector, batch)]
    encoder = Encoder(space)
    features = encoder(batch)["features"]
    assert features.dtype == torch.float32 and features.shape[1:] == encoder.shapes["features"]
    np.testing.assert_allclose(features.numpy(), np.array(expected), rtol=1e-6)


def test_spaces_without_features_are_refused():
    with pytest.raises(ValueError, match="no way to make features of the observation 'words'"):
        Encoder(spaces.Dict({"words": spaces.Text(5)}))


def test_permuted_candidates_have_permuted_scores():
    torch.manual_seed(0)
    policy = Policy({"features": (4,), "action_embeddings": (6, 3)}, MaskSpec.candidates(6), hidden=16)
    torch.nn.init.normal_(policy.actor[-1].weight)  # away from the equal scores of the start
    observation = {"features": torch.randn(5, 4), "action_embeddings": torch.randn(5, 6, 3)}
    order, mask = torch.randperm(6), torch.rand(5, 6) < 0.7
    mask[:, 0] = True
    permuted = observation | {"action_embeddings": observation["action_embeddings"][:, order]}
    probs = policy.distribution(observation, mask).probs
    assert probs.std() > 0.05
    torch.testing.assert_close(policy.distribution(permuted, mask[:, order]).probs, probs[:, order])


def test_actions_of_a_space_that_starts_elsewhere():
    policy = Policy({"features": (2,)}, MaskSpec.flat(3, start=5), hidden=4)
    assert policy.to_env(torch.tensor([0, 2])).tolist() == [5, 7]


# --- learning ---------------------------------------------------------------------------------------------------


def test_it_learns_on_a_tiny_budget():
    config = Config(env_args={"num_actions": 16}, total_decisions=10_000)
    learner = Learner(config)
    begun, _ = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    while not learner.finished:
        learner.iterate()
    returns, count = evaluation.evaluate(learner.policy, learner.encoder, config, greedy=False)
    assert begun.mean() < 50 and returns.mean() > 150
    assert (learner.count + count).invalid == 0
