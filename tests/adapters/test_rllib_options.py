"""Every option of RLlib's configs: it works, or `configure` refuses it by name; and what was set before is not lost."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("ray")
pytest.importorskip("torch")

from gymnasium.spaces import Discrete  # noqa: E402
from ray.rllib.algorithms.appo import APPOConfig  # noqa: E402
from ray.rllib.algorithms.bc import BCConfig  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.algorithms.impala import IMPALAConfig  # noqa: E402
from ray.rllib.algorithms.marwil import MARWILConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.algorithms.sac import SACConfig  # noqa: E402
from ray.rllib.callbacks.callbacks import RLlibCallback  # noqa: E402
from ray.rllib.core.rl_module.rl_module import RLModuleSpec  # noqa: E402
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner  # noqa: E402
from ray.rllib.examples.rl_modules.classes.action_masking_rlm import ActionMaskingTorchRLModule  # noqa: E402
from rllib_option_lists import DEPRECATED, PRIVATE, SERVED  # noqa: E402

from masked_envs.rllib import MaskedPPOModule, MaskMetrics, configure  # noqa: E402
from masked_envs.rllib.options import ALSO_READ_BY, FAILS, NOT_READ, defaults  # noqa: E402
from masked_envs.rllib.ray_internals.catalogs import MaskedPPOCatalog  # noqa: E402
from masked_envs.rllib.ray_internals.env_runner import BatchedEnvRunner  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import rllib_options  # noqa: E402
from rllib_option_values import NOT_TRIED  # noqa: E402

CONFIGS = (PPOConfig, APPOConfig, IMPALAConfig, DQNConfig, SACConfig, BCConfig, MARWILConfig)
CART, FOUR = "MaskedCartPole-v0", "MaskedConnectFour-v0"


def test_the_lists_hold_every_option_of_the_installed_ray():
    """After an upgrade of Ray: put a new option among those that work, once one has looked, or among the refused."""
    found = set().union(*(defaults(config_class) for config_class in CONFIGS))
    lists = [set(NOT_READ), set(FAILS), SERVED, DEPRECATED, PRIVATE]
    listed = set().union(*lists)
    assert found - listed == set(), "options that nobody has looked at"
    assert listed - found == set(), "options that this Ray does not have"
    assert sum(map(len, lists)) == len(listed), "options on two lists"


OTHER_VALUES = {str: "other", bool: None, int: 7, float: 0.25, dict: {"some": 1}, type(None): "other"}


def other_than(value):
    return not value if isinstance(value, bool) else OTHER_VALUES.get(type(value), "other")


@pytest.mark.parametrize("config_class", [PPOConfig, APPOConfig, IMPALAConfig, DQNConfig, SACConfig])
def test_an_option_that_nothing_reads_is_refused_by_name(config_class):
    algorithm = config_class.__name__.removesuffix("Config")
    for name, instead in NOT_READ.items():
        if name in defaults(config_class) and algorithm not in ALSO_READ_BY.get(name, ()):
            config = config_class()
            object.__setattr__(config, name, other_than(getattr(config, name)))
            with pytest.raises(ValueError, match=f"{name}=.*{re.escape(instead)}"):
                configure(config, CART)


# --- tried one by one -----------------------------------------------------------------------------------------

TRIED = json.loads(rllib_options.FILE.read_text())["outcomes"]


def test_every_option_that_is_taken_was_tried_and_trains_or_is_refused_by_name():
    """benchmarks/rllib_options.py tries them; what it has written is looked at here."""
    assert set(TRIED) == set(rllib_options.ALGORITHMS)
    for algorithm in TRIED:
        to_try = set(rllib_options.options_of(algorithm))
        assert to_try - set(TRIED[algorithm]) == set(), f"{algorithm}: python benchmarks/rllib_options.py"
    outcomes = {outcome["outcome"] for tried in TRIED.values() for outcome in tried.values()}
    assert outcomes == {"trained", "refused"}, rllib_options.failures({"outcomes": TRIED})
    assert SERVED - set(NOT_TRIED).union(*TRIED.values()) == set(), "options that nobody has tried"


@pytest.mark.parametrize("option", FAILS)
def test_an_option_with_which_training_fails_is_refused_by_name(option):
    config = MARWILConfig() if option in defaults(MARWILConfig) else BCConfig()
    config.offline_data(input_=["somewhere"])
    configure(config, CART)
    setattr(config, option, other_than(defaults(type(config))[option]))
    with pytest.raises(ValueError, match=f"Training fails.*{option}="):
        configure(config, CART)


def test_the_filter_of_observations_names_the_wrapper():
    with pytest.raises(ValueError, match=r"observation_filter='MeanStdFilter'.*masked_envs\.wrappers\.Normalize"):
        configure(PPOConfig().env_runners(observation_filter="MeanStdFilter"), CART)


def test_an_option_set_after_configure_is_refused_when_the_algorithm_is_built():
    callback, config = MaskMetrics(), configure(PPOConfig(), CART).env_runners(compress_observations=True)
    with pytest.raises(ValueError, match="compress_observations=True"):
        callback.on_algorithm_init(algorithm=SimpleNamespace(config=config, trial_id=None), metrics_logger=None)


# --- kept or refused ------------------------------------------------------------------------------------------


class Module(MaskedPPOModule):
    pass


class Catalog(MaskedPPOCatalog):
    pass


class Runner(SingleAgentEnvRunner):
    pass


class Callback(RLlibCallback):
    pass


def test_what_was_set_before_stays():
    config = PPOConfig().rl_module(
        rl_module_spec=RLModuleSpec(
            module_class=Module, catalog_class=Catalog, model_config={"fcnet_hiddens": [9], "action_key_size": 3}
        )
    )
    config.env_runners(env_runner_cls=Runner, gym_env_vectorize_mode="async").callbacks(Callback)
    config.environment(env_config={"num_actions": 12})
    for _ in range(2):  # a second call changes nothing
        configure(config, CART, model_config={"action_key_size": 5})
        spec = config.rl_module_spec
        assert (spec.module_class, spec.catalog_class) == (Module, Catalog)
        assert spec.model_config == {"fcnet_hiddens": [9], "action_key_size": 5}
        assert config.env_runner_cls is Runner and config.gym_env_vectorize_mode == "async"
        assert list(config.callbacks_class) == [Callback, MaskMetrics]
        assert config.env_config == {"num_actions": 12, "on_invalid": "noop"}


def test_the_environment_of_the_config():
    config = configure(PPOConfig().environment("masked_envs:MaskedCartPole-v0", env_config={"num_actions": 12}))
    assert config.env == "masked_envs:MaskedCartPole-v0" and config.env_config["num_actions"] == 12
    with pytest.raises(ValueError, match="has named 'CartPole-v1', and configure was given 'MaskedCartPole-v0'"):
        configure(PPOConfig().environment("CartPole-v1"), CART)


def test_another_environment_replaces_what_configure_has_set_and_nothing_else():
    config = configure(PPOConfig().training(lr=0.5), FOUR, {"time_limit": 9})
    assert config.is_multi_agent and config.disable_env_checking
    configure(config, "MaskedPendulum-v0")
    assert not config.is_multi_agent and not config.normalize_actions and "time_limit" not in config.env_config
    assert config.env_runner_cls is BatchedEnvRunner and not config.disable_env_checking
    configure(config, CART, {"num_actions": 12}, {"fcnet_hiddens": [7]})
    assert config.normalize_actions and config.gym_env_vectorize_mode == "vector_entry_point"
    configure(config, "MaskedTaxi-v0")
    assert config.env_config == {"on_invalid": "noop"} and not config.rl_module_spec.model_config
    assert config.callbacks_class is MaskMetrics and config.lr == 0.5
    dqn = configure(configure(DQNConfig(), FOUR), CART)
    assert dqn.replay_buffer_config["type"] == DQNConfig().replay_buffer_config["type"]


def test_policies_of_the_config_stay():
    def mapping(agent, episode, **kwargs):
        return "a"

    config = PPOConfig().multi_agent(policies={"a", "b"}, policy_mapping_fn=mapping, policies_to_train=["a"])
    configure(config, FOUR)
    assert set(config.policies) == {"a", "b"} and config.policy_mapping_fn is mapping
    assert config.policies_to_train == ["a"] and set(config.rl_module_spec.rl_module_specs) == {"a", "b"}


def pair():
    return PPOConfig().multi_agent(policies={"a", "b"}, policy_mapping_fn=lambda agent, episode, **kwargs: "a")


@pytest.mark.parametrize(
    ("config", "given", "message"),
    [
        (PPOConfig().multi_agent(policies_to_train=["a"]), FOUR, r"policies_to_train names \['a'\].*\['shared'\]"),
        (pair().multi_agent(policies_to_train=["c"]), FOUR, r"policies_to_train names \['c'\]"),
        (PPOConfig().multi_agent(policies={"a"}), FOUR, "both policies and policy_mapping_fn"),
        (PPOConfig().environment(action_space=Discrete(9)), CART, r"action_space=Discrete\(9\) .* leave it out"),
        (PPOConfig().env_runners(gym_env_vectorize_mode="async"), FOUR, "gym_env_vectorize_mode='async'"),
        (
            PPOConfig().rl_module(rl_module_spec=RLModuleSpec(module_class=ActionMaskingTorchRLModule)),
            CART,
            "ActionMaskingTorchRLModule .* does not mask: derive it from masked_envs.rllib.MaskedPPOModule",
        ),
    ],
)
def test_what_cannot_stay_is_refused(config, given, message):
    with pytest.raises(ValueError, match=message):
        configure(config, given)


def test_policies_twice_and_policies_for_one_agent_are_refused():
    with pytest.raises(ValueError, match="give policies once"):
        configure(pair(), FOUR, policies="separate")
    with pytest.raises(TypeError, match="one learning agent"):
        configure(pair(), CART)


def test_a_frozen_config_is_left_alone():
    config = PPOConfig()
    config.freeze()
    with pytest.raises(AttributeError):
        configure(config, CART)
    assert config.env is None


# --- configs as data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config_class", CONFIGS)
@pytest.mark.parametrize("env_id", [CART, FOUR])
def test_a_config_goes_through_a_dict_and_is_serialized(config_class, env_id):
    config = configure(config_class(), env_id)
    again = config_class.from_dict(config.to_dict())
    with pytest.raises(ValueError, match="made by from_dict .*: begin a new one"):
        configure(again, "MaskedTaxi-v0")
    assert again.env == config.env and again.env_config == config.env_config
    assert type(again.rl_module_spec) is type(config.rl_module_spec)
    serialized = config.serialize()
    assert serialized["callbacks"] == "masked_envs.rllib.metrics.MaskMetrics"
    assert serialized["env"] in ("masked_envs:MaskedCartPole-v0", "masked_envs.rllib.multi_agent.MaskedMultiAgentEnv")
