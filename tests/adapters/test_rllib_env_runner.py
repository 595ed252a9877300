"""`BatchedEnvRunner` beside RLlib's own runner: the same episodes, metrics, batches and callbacks, in order."""

import pytest

pytest.importorskip("ray", reason="masked_envs.rllib needs RLlib: pip install 'masked-envs[rllib]'")
pytest.importorskip("torch", reason="masked_envs.rllib needs torch: pip install 'masked-envs[rllib]'")

import gymnasium as gym  # noqa: E402
import numpy as np  # noqa: E402
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.callbacks.callbacks import RLlibCallback  # noqa: E402
from ray.rllib.connectors.env_to_module import FlattenObservations, MeanStdFilter  # noqa: E402
from ray.rllib.connectors.env_to_module.frame_stacking import FrameStackingEnvToModule  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402
from ray.rllib.env.env_runner import StepFailedRecreateEnvError  # noqa: E402
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner  # noqa: E402
from rllib_runners import (  # noqa: E402
    ENV,
    BlindDQNModule,
    MaskedDQNModule,
    assert_same,
    assert_same_episodes,
    config,
    invalid_actions,
    pair,
    same_draws,
)

from masked_envs.rllib.ray_internals.env_runner import BatchedEnvRunner  # noqa: E402

LSTM = {"use_lstm": True, "lstm_cell_size": 8, "max_seq_len": 4}
CASES = {
    "default": {},
    "lookback longer than the fragment": {"fragment": 3, "episode_lookback_horizon": 5},
    "no lookback": {"episode_lookback_horizon": 0},
    "truncation": {"env_config": {"time_limit": 9}},
    "one row": {"envs": 1, "fragment": 40},
    "lists": {"episodes_to_numpy": False},
    "sync": {"mode": "sync"},
    "lstm": {"model_config": LSTM},
    "lstm, lookback": {"model_config": LSTM, "fragment": 3, "episode_lookback_horizon": 5},
    "mask in info": {"module": None, "env_config": {"mask_in": "info", "on_invalid": "noop"}},
    "box actions": {"env": "Pendulum-v1", "module": None, "mode": "sync", "fragment": 150},
    "box actions, clipped": {
        "env": "Pendulum-v1",
        "module": None,
        "mode": "sync",
        "environment": {"normalize_actions": False, "clip_actions": True},
    },
}


GREEDY = ("default", "lstm", "box actions")


@pytest.mark.parametrize(("case", "explore"), [*((case, True) for case in CASES), *((case, False) for case in GREEDY)])
def test_the_episodes_equal_those_of_rllib(case, explore):
    runners = pair(**CASES[case])
    ids = {}
    for kwargs in ({}, {}, {"num_timesteps": 17}, {"num_timesteps": 1}, {"num_episodes": 7}, {}, {"force_reset": True}):
        theirs, ours = same_draws(runners, explore=explore, **kwargs)
        assert_same_episodes(theirs, ours, ids)
    assert len(ids) > 5


# --- steps, metrics, state ----------------------------------------------------------------------------------


def flat(metrics, prefix=()):
    """The values under whole keys, without those of the connector pipelines, which one side does not run."""
    found = {}
    for key, value in metrics.items():
        if key.startswith(("env_to_module", "module_to_env")):
            continue
        found |= flat(value, (*prefix, key)) if isinstance(value, dict) else {(*prefix, key): value.peek()}
    return found


COUNTED = (
    *(f"episode_{what}_{how}" for what in ("return", "len") for how in ("mean", "min", "max")),
    *("agent_episode_return_mean", "module_episode_return_mean", "weights_seq_no"),
    *(f"num_{what}{when}" for what in ("env_steps_sampled", "episodes") for when in ("", "_lifetime")),
    *(f"num_{what}_steps_sampled{when}" for what in ("agent", "module") for when in ("", "_lifetime")),
)


@pytest.mark.parametrize("smoothing", [100, 3])
def test_the_metrics_equal_those_of_rllib(smoothing):
    runners = pair(change=lambda config: config.reporting(metrics_num_episodes_for_smoothing=smoothing))
    for _ in range(3):
        for kwargs in ({"num_episodes": 6}, {}, {"num_timesteps": 60}, {"num_timesteps": 100}):
            same_draws(runners, **kwargs)
        theirs, ours = (flat(runner.get_metrics()) for runner in runners)
        assert theirs.keys() == ours.keys()
        measured = [key for key in theirs if key[0] in COUNTED]
        assert len(measured) == len(COUNTED)
        for key in measured:
            assert theirs[key] == ours[key], key
        kept = [sorted(map(len, runner._ongoing_episodes_for_metrics.values())) for runner in runners]
        assert kept[0] == kept[1]
        assert ours["episode_duration_sec_mean",] > 0


def test_ray_is_told_of_the_same_numbers_of_steps(monkeypatch):
    runners, told = pair(), ({}, {})
    for runner, sums in zip(runners, told, strict=True):
        for metric in (runner._metrics_num_try_env_step, runner._metrics_num_env_steps_sampled):
            monkeypatch.setattr(
                metric,
                "inc",
                lambda value, name=metric.info["name"], sums=sums: sums.update({name: sums.get(name, 0) + value}),
            )
    for kwargs in ({"num_episodes": 6}, {}, {"num_timesteps": 60}):
        same_draws(runners, **kwargs)
        assert told[0] == told[1] and len(told[0]) == 2


def test_every_row_of_a_fragment_counts_the_steps_that_autoreset_does_not_discard():
    runner = BatchedEnvRunner(config=config(env_config={"time_limit": 3}, envs=4), worker_index=0)
    # Rows end together after 3 steps, so that every fourth call of step() only resets.
    assert sorted(len(episode) for episode in runner.sample(num_timesteps=12)) == [3] * 4
    assert sorted(len(episode) for episode in runner.sample(num_timesteps=13)) == [1] * 4 + [3] * 4
    assert runner.get_metrics()["num_env_steps_sampled"].peek() == 28


def test_the_module_is_told_the_same_global_steps():
    """DQN's epsilon is a function of them."""
    runners = pair(change=lambda config: config.env_runners(num_env_runners=3, create_env_on_local_worker=True))
    told = [[], []]
    for runner, steps in zip(runners, told, strict=True):
        explore = runner.module.forward_exploration

        def noting(batch, t, explore=explore, steps=steps):
            steps.append(t)
            return explore(batch, t=t)

        runner.module.forward_exploration = noting
        runner.set_state({"num_env_steps_sampled_lifetime": 1000})
    assert_same_episodes(*same_draws(runners, num_timesteps=40), {})
    assert told[0] == told[1]
    assert len(set(told[1])) > 5


def test_state_goes_from_one_runner_to_another():
    first = BatchedEnvRunner(config=config(), worker_index=0)
    second = BatchedEnvRunner(config=config().debugging(seed=8), worker_index=0)
    observation = {"observation": np.ones((1, 4), np.float32), "action_mask": np.ones((1, 6), np.int8)}

    def logits(runner):
        batch = {Columns.OBS: runner._to_tensors(observation)}
        return runner.module.forward_inference(batch)[Columns.ACTION_DIST_INPUTS].detach().numpy()

    assert not np.array_equal(logits(first), logits(second))
    first.set_state({"weights_seq_no": 3, "num_env_steps_sampled_lifetime": 120})
    state = first.get_state()
    second.set_state({**state, "weights_seq_no": 5})
    np.testing.assert_array_equal(logits(first), logits(second))
    assert second.get_state()["num_env_steps_sampled_lifetime"] == 120
    episode = second.sample(num_timesteps=20)[0]
    np.testing.assert_array_equal(episode.get_extra_model_outputs("weights_seq_no"), 5)


def test_a_runner_saved_to_disk_and_restored_acts_alike(tmp_path):
    first, second = pair()[1], BatchedEnvRunner(config=config().debugging(seed=8), worker_index=0)
    first.sample()
    first.save_to_path(tmp_path)
    second.restore_from_path(tmp_path)
    assert_same(first.get_state()["rl_module"], second.get_state()["rl_module"])


# --- what learns from the episodes --------------------------------------------------------------------------


@pytest.mark.parametrize("model_config", [{}, LSTM], ids=["mlp", "lstm"])
def test_advantages_of_the_learner_are_the_same(model_config):
    runners = pair(model_config=model_config, envs=4, fragment=40)
    learner = runners[1].config.build_learner(env=gym.make(ENV))
    ids = {}
    for _ in range(2):
        sampled = same_draws(runners, explore=True)
        assert_same_episodes(*sampled, ids)
        theirs, ours = (
            learner._learner_connector(rl_module=learner.module, batch={}, episodes=episodes, shared_data={})
            for episodes in sampled
        )
        theirs, ours = theirs["default_policy"], ours["default_policy"]
        assert theirs.keys() == ours.keys() and {"advantages", "value_targets", "action_logp"} <= theirs.keys()
        for key in theirs.keys() - {"infos", "eps_id"}:
            assert_same(theirs[key], ours[key], key)
        assert np.asarray(ours["advantages"]).std() > 0


# --- invalid actions ----------------------------------------------------------------------------------------


def dqn(module):
    epsilon = {"epsilon": [(0, 1.0)]}
    made = config(base=DQNConfig, module=module, envs=8, fragment=50, env_config={"on_invalid": "noop"}, explore=True)
    return BatchedEnvRunner(config=made.training(**epsilon), worker_index=0)


def test_a_masked_dqn_that_only_explores_is_clean_and_a_blind_one_is_not():
    clean, blind = dqn(MaskedDQNModule), dqn(BlindDQNModule)
    clean.sample()
    blind.sample()
    assert invalid_actions(clean) == 0 < invalid_actions(blind)


@pytest.mark.parametrize("env", [ENV, "MaskedTaxi-v0", "MaskedConnectFour-v0"])
def test_random_actions_are_legal(env):
    # With on_invalid="raise", one illegal action would end the test.
    env_config = {"opponent": "random"} if env == "MaskedConnectFour-v0" else {}
    runner = BatchedEnvRunner(
        config=config(env, module=None, envs=8, env_config=env_config, base=AlgorithmConfig), worker_index=0
    )
    episodes = runner.sample(num_timesteps=800, random_actions=True)
    assert sum(map(len, episodes)) >= 800 and invalid_actions(runner) == 0
    taken = np.concatenate([episode.get_actions() for episode in episodes])
    assert len(np.unique(taken)) > 1


def test_random_actions_of_rllib_are_not_legal():
    theirs, ours = pair(env_config={"on_invalid": "noop"})
    for runner in (theirs, ours):
        runner.sample(num_timesteps=300, random_actions=True)
    assert invalid_actions(theirs) > 0 == invalid_actions(ours)


def test_random_actions_without_masks_are_refused():
    runner = BatchedEnvRunner(config=config(mode="sync"), worker_index=0)
    with pytest.raises(ValueError, match="random_actions=True .*gym_env_vectorize_mode"):
        runner.sample(num_timesteps=10, random_actions=True)


def test_fragments_of_random_actions_and_of_the_module_take_turns():
    runner = BatchedEnvRunner(config=config(model_config=LSTM, fragment=6), worker_index=0)
    for random_actions in (True, False, False, True, False):
        episodes = runner.sample(random_actions=random_actions)
        for episode in episodes:
            episode.validate()
            assert (Columns.ACTION_LOGP in episode.extra_model_outputs) is not random_actions


# --- callbacks ----------------------------------------------------------------------------------------------


class Diary(RLlibCallback):
    """Notes what it is called with, and leaves something in the episode for later."""

    def __init__(self):
        self.pages = []

    def note(self, what, episode, env_index):
        self.pages.append((what, env_index, len(episode), episode.t_started, bool(episode.is_done)))

    def on_episode_created(self, *, episode, env_index, **kwargs):
        episode.custom_data["created"] = len(self.pages)
        self.note("created", episode, env_index)

    def on_episode_start(self, *, episode, env_index, **kwargs):
        self.pages.append((episode.custom_data["created"], episode.get_observations(0)["observation"].tolist()))
        self.note("start", episode, env_index)

    def on_episode_end(self, *, episode, env_index, prev_episode_chunks, env, **kwargs):
        assert not episode.is_numpy
        episode.custom_data["return"] = sum(chunk.get_return() for chunk in [*prev_episode_chunks, episode])
        # The environment is where the episode ended, not where the fragment ends.
        np.testing.assert_array_equal(env.action_mask[env_index], episode.get_observations(-1)["action_mask"])
        self.pages.append((episode.custom_data["return"], [len(chunk) for chunk in prev_episode_chunks]))
        self.note("end", episode, env_index)

    def on_sample_end(self, *, samples, **kwargs):
        self.pages.append(("sampled", [len(episode) for episode in samples]))


CALLS = ({}, {"num_timesteps": 31}, {"num_episodes": 7}, {}, {"force_reset": True})


def test_callbacks_are_called_as_rllib_calls_them():
    runners = pair(change=lambda config: config.callbacks(Diary))
    ids = {}
    for kwargs in CALLS:
        assert_same_episodes(*same_draws(runners, **kwargs), ids)
    theirs, ours = (runner._callbacks[0].pages for runner in runners)
    assert len(ours) > 40
    assert_same(theirs, ours)


@pytest.mark.parametrize("name", ["on_episode_created", "on_episode_start", "on_episode_end"])
def test_a_callback_alone_as_a_function(name):
    """Each decides by itself what the runner makes early."""
    pages = []

    def change(config):
        page = []
        pages.append(page)
        return config.callbacks(**{name: lambda *, episode, env_index, **_: page.append((env_index, len(episode)))})

    runners = pair(change=change)
    ids = {}
    for kwargs in CALLS:
        assert_same_episodes(*same_draws(runners, **kwargs), ids)
    assert len(pages[1]) > 5
    assert_same(*pages)


# --- failures and refusals ----------------------------------------------------------------------------------


def fail_at(runner, calls):
    """Let the given call of step() of the runner's present environment fail."""
    step, left = runner.env.step, [calls]

    def failing(actions):
        left[0] -= 1
        if left[0] == 0:
            raise StepFailedRecreateEnvError("the simulator has crashed")
        return step(actions)

    runner.env.step = failing


def test_after_a_failed_step_all_rows_begin_anew():
    runners = pair(change=lambda config: config.fault_tolerance(restart_failed_sub_environments=True))
    ids = {}
    assert_same_episodes(*same_draws(runners), ids)
    before = [runner.env for runner in runners]
    for runner in runners:
        fail_at(runner, 30)
    assert_same_episodes(*same_draws(runners, num_timesteps=300), ids)
    assert all(runner.env is not env for runner, env in zip(runners, before, strict=True))
    theirs, ours = (flat(runner.get_metrics()) for runner in runners)
    assert theirs["num_env_step_failures",] == ours["num_env_step_failures",] == 1
    assert theirs["num_env_steps_sampled_lifetime",] == ours["num_env_steps_sampled_lifetime",]


def test_without_restarts_a_failed_step_is_an_error():
    runner = BatchedEnvRunner(config=config(), worker_index=0)
    fail_at(runner, 3)
    with pytest.raises(RuntimeError):
        runner.sample()


def refused(change, match):
    with pytest.raises(ValueError, match=match):
        BatchedEnvRunner(config=change(config()), worker_index=0)


class OwnConnector(MeanStdFilter):
    pass


def test_what_cannot_be_honoured_is_refused_by_name():
    instead = ".*leaving out env_runner_cls"
    refused(
        lambda config: config.env_runners(env_to_module_connector=lambda env, spaces, device: MeanStdFilter()),
        r"MeanStdFilter takes the mask for an observation: masked_envs\.wrappers\.Normalize",
    )
    refused(
        lambda config: config.env_runners(env_to_module_connector=lambda env, spaces, device: OwnConnector()),
        "env_to_module has the connectors OwnConnector" + instead,
    )
    for other, wrapper in ((FrameStackingEnvToModule(num_frames=4), "FrameStack"), (FlattenObservations(), "leave it")):
        refused(
            lambda config, other=other: config.env_runners(env_to_module_connector=lambda env, spaces, device: other),
            wrapper,
        )
    refused(
        lambda config: config.env_runners(module_to_env_connector=lambda env, spaces: MeanStdFilter()),
        "module_to_env has the connectors MeanStdFilter" + instead,
    )
    refused(
        lambda config: config.env_runners(add_default_connectors_to_module_to_env_pipeline=False),
        "add_default_connectors_to_module_to_env_pipeline=False: BatchedEnvRunner" + instead,
    )
    refused(lambda config: config.callbacks(on_episode_step=print), "on_episode_step .*wants every episode" + instead)

    class Steps(RLlibCallback):
        def on_episode_step(self, **kwargs):
            pass

    refused(lambda config: config.callbacks(Steps), r"on_episode_step \(Steps\)" + instead)
    refused(lambda config: config.environment(env_config={"autoreset_mode": "SameStep"}), "NEXT_STEP, not SAME_STEP")


def test_a_runner_without_environments_is_only_asked_for_its_module():
    """As the local one beside remote runners."""
    first = BatchedEnvRunner(config=config(), worker_index=0)
    spaces = first.get_spaces()
    local = BatchedEnvRunner(config=config().env_runners(num_env_runners=1), worker_index=0, spaces=spaces)
    local.set_state(first.get_state())
    assert local.get_spaces() == spaces
    with pytest.raises(ValueError, match="doesn't have an env"):
        local.sample()


# --- in an algorithm ----------------------------------------------------------------------------------------


def algorithm(cls, **env_runners):
    made = config(envs=8, fragment=32, env_runner_cls=cls).env_runners(**env_runners)
    made = made.evaluation(evaluation_interval=2, evaluation_duration=10, evaluation_num_env_runners=0)
    return made.training(train_batch_size=256, minibatch_size=64, num_epochs=3, lr=3e-3).build_algo()


def curve(cls, iterations):
    algo = algorithm(cls)
    results = [algo.train() for _ in range(iterations)]
    assert invalid_actions(algo.env_runner) == invalid_actions(algo.eval_env_runner) == 0
    algo.stop()
    returns = [result["env_runners"]["episode_return_mean"] for result in results]
    losses = [result["learners"]["default_policy"]["total_loss"] for result in results]
    return (
        returns,
        losses,
        [r["evaluation"]["env_runners"]["episode_return_mean"] for r in results if "evaluation" in r],
    )


def test_learning_goes_the_same_way(local_ray):
    theirs, ours = (curve(cls, 6) for cls in (SingleAgentEnvRunner, BatchedEnvRunner))
    assert theirs == ours
    assert len(set(ours[0])) == 6 and len(set(ours[2])) == 3


@pytest.mark.long
def test_remote_runners_sample_and_are_restored(local_ray, tmp_path):
    first = algorithm(BatchedEnvRunner, num_env_runners=1)
    result = first.train()["env_runners"]
    assert result["num_env_steps_sampled_lifetime"] >= 256 and result["episode_return_mean"] > 0
    assert first.env_runner_group.foreach_env_runner(invalid_actions, local_env_runner=False) == [0]
    first.save_to_path(tmp_path)
    second = algorithm(BatchedEnvRunner, num_env_runners=1)
    second.restore_from_path(tmp_path)
    assert_same(*(algo.learner_group.get_weights()["default_policy"] for algo in (first, second)))
    assert second.train()["env_runners"]["num_env_steps_sampled_lifetime"] >= 512
    first.stop()
    second.stop()
