"""An environment named as RLlib's users name theirs: a class, a function, a registered name, an id of the script."""

import pytest

pytest.importorskip("ray")
pytest.importorskip("torch")

import gymnasium as gym  # noqa: E402
import ray  # noqa: E402
from multi_agent_toys import Knockout  # noqa: E402
from ray import tune  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from rllib_own_envs import Bandit, Empties, NoArguments, Traders  # noqa: E402

import masked_envs  # noqa: E402
from masked_envs.rllib import MaskedMultiAgentEnv, configure  # noqa: E402
from masked_envs.rllib.naming import takes_env_config  # noqa: E402

SMALL = {"fcnet_hiddens": [8]}


def sampled(env, env_config=None, steps=10, **given):
    """The config, and an env runner of it that has sampled."""
    config = configure(given.pop("base", PPOConfig)(), env, env_config, SMALL, **given)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=2)
    runner = config.env_runner_cls(config=config, worker_index=0)
    runner.sample(num_timesteps=steps)
    assert runner.get_metrics()["num_env_steps_sampled"].peek() >= steps
    return config, runner


def inner(runner):
    return runner.env.unwrapped.envs[0].unwrapped


def test_a_class_is_called_with_the_env_config():
    config, runner = sampled(Empties, {"kind": "joint"})
    assert config.env is Empties and inner(runner).full.shape == (3, 3)


def test_a_class_that_takes_no_argument():
    _, runner = sampled(NoArguments)
    assert isinstance(inner(runner), NoArguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda env_config: Empties(env_config),
        lambda config=None: Empties(config),
        lambda **entries: Empties(entries),
        lambda *, kind: Empties({"kind": kind}),
    ],
    ids=["one argument", "with a default", "any keywords", "one keyword"],
)
def test_a_function_takes_the_env_config_or_its_entries(make):
    _, runner = sampled(make, {"kind": "binary"})
    assert inner(runner).full.shape == (2, 2)


def test_a_function_of_the_package_with_a_wrapper():
    _, runner = sampled(lambda config: gym.make("MaskedCartPole-v0", num_actions=8, **config), {"on_invalid": "noop"})
    assert runner.env.single_action_space.n == 8


def test_the_env_config_is_that_of_rllib():
    seen = []

    def make(env_config):
        seen.append(env_config.worker_index)
        return Empties(env_config)

    sampled(make)
    assert len(seen) >= 2


def test_a_name_registered_with_tune():
    tune.register_env("empties", lambda env_config: Empties(env_config))
    config, runner = sampled("empties", {"kind": "joint"})
    assert config.env == "empties" and inner(runner).full.shape == (3, 3)


def test_a_multi_agent_environment_of_rllib():
    config, runner = sampled(Traders)
    assert config.env is Traders and set(config.policies) == {"shared"} and inner(runner).illegal == 0
    config, _ = sampled(lambda config: Traders(config), policies="separate")
    assert set(config.policies) == {"north", "south"}
    tune.register_env("traders", lambda env_config: Traders(env_config))
    sampled("traders", base=DQNConfig)


def test_a_game_of_pettingzoo_by_class_function_and_name():
    tune.register_env("knockout", lambda env_config: Knockout(**env_config))
    for game in (Knockout, lambda ends="truncated": Knockout(ends), "knockout"):
        config, runner = sampled(game, {"ends": "terminated"})
        assert config.env is MaskedMultiAgentEnv and inner(runner).game.ends == "terminated"


def test_an_id_that_only_this_process_has_registered():
    gym.register("RLlibHere-v0", entry_point=lambda **entries: Empties(entries), max_episode_steps=2)
    config, runner = sampled("RLlibHere-v0", {"kind": "per_head"})
    assert isinstance(config.env, type) and config.env.__name__ == "RLlibHere-v0"
    assert inner(runner).full.shape == (5,)
    assert {len(episode) for episode in runner.sample(num_episodes=2)} == {2}, "the spec's time limit"


def test_its_native_vector_environment_comes_along():
    spec = gym.spec("MaskedCartPole-v0")
    gym.register("RLlibNative-v0", entry_point=spec.entry_point, vector_entry_point=spec.vector_entry_point)
    config, runner = sampled("RLlibNative-v0", {"num_actions": 9, "on_invalid": "noop"})
    assert config.gym_env_vectorize_mode == "vector_entry_point" and runner.env.single_action_space.n == 9
    assert isinstance(runner.env.unwrapped, masked_envs.api.vector_env.MaskedVectorEnv)


def test_classes_of_a_script_reach_other_processes(local_ray):
    """By value, as those of a notebook, since no module has them: env runners of RLlib's, and what makes one there."""

    class Mine(Empties):
        pass

    class Market(Traders):
        pass

    @ray.remote(num_cpus=0)
    def sampled_there(config):
        runner = config.env_runner_cls(config=config, worker_index=1)
        runner.sample(num_timesteps=10)
        return runner.get_metrics()["num_empty_masks"].peek()

    gym.register("RLlibScript-v0", entry_point=Mine)
    configs = [
        configure(PPOConfig(), env, model_config=SMALL).env_runners(num_env_runners=1, rollout_fragment_length=10)
        for env in ("RLlibScript-v0", Mine, Market, lambda env_config: Mine(env_config))
    ]
    algorithm = configs[0].training(train_batch_size_per_learner=20, minibatch_size=10, num_epochs=1).build_algo()
    assert algorithm.train()["env_runners"]["num_empty_masks"] == 0
    algorithm.stop()
    assert ray.get([sampled_there.remote(config) for config in configs[1:]]) == [0, 0, 0]


@pytest.mark.parametrize("base", [PPOConfig, DQNConfig])
@pytest.mark.parametrize("kind", ["flat", "joint"])
def test_a_bandit_shows_nothing_but_the_mask(kind, base):
    if base is PPOConfig or kind == "flat":
        sampled(Bandit, {"kind": kind}, base=base)


@pytest.mark.parametrize(
    ("env", "env_config", "error", "message"),
    [
        (None, {}, TypeError, "which environment"),
        (3, {}, TypeError, "a Gymnasium id, a name of ray.tune.register_env, an environment class or a function"),
        (dict, {}, TypeError, "made a <class 'dict'>"),
        (NoArguments, {"size": 3}, TypeError, "NoArguments was called with .'size'.*lambda env_config"),
        (lambda env_config, other: None, {}, TypeError, "was called with one argument, the env_config"),
    ],
)
def test_what_makes_no_environment_is_refused_with_the_way_out(env, env_config, error, message):
    with pytest.raises(error, match=message):
        configure(PPOConfig(), env, env_config)


def test_whose_first_parameter_is_the_env_config():
    pettingzoo = pytest.importorskip("pettingzoo")
    assert takes_env_config(Empties) and takes_env_config(lambda cfg: 0) and takes_env_config(lambda env_config={}: 0)
    for creator in (Knockout, NoArguments, lambda: 0, lambda **any: 0, lambda render_mode=None: 0, lambda size=5: 0):
        assert not takes_env_config(creator)
    assert issubclass(Knockout, pettingzoo.AECEnv)
