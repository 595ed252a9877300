"""`configure`: what it refuses, before any worker starts, and what it leaves as the user set it."""

import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

pytest.importorskip("ray")
import gymnasium as gym
import numpy as np
import rllib_cases  # noqa: F401  registers the toys
from gymnasium import spaces
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.cql import CQLConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.impala import IMPALAConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner

from masked_envs import MaskSpec
from masked_envs.rllib import (
    BatchedEnvRunner,
    BootstrappedAPPOLearner,
    BootstrappedIMPALALearner,
    MaskedAPPOModule,
    MaskedDQNModule,
    MaskedPPOModule,
    MaskMetrics,
    configure,
    count_invalid_actions,
)
from masked_envs.rllib.metrics import Decisions

MODULES = {
    PPOConfig: MaskedPPOModule,
    IMPALAConfig: MaskedPPOModule,
    APPOConfig: MaskedAPPOModule,
    DQNConfig: MaskedDQNModule,
}


class Own(gym.Env):
    """A user's environment, with spaces to choose; only the action just before the last one is illegal."""

    def __init__(self, action_space=None, mask_shape=(3,), **extra):
        self.action_space = action_space or spaces.Discrete(3)
        mask = (
            {"action_mask": spaces.Box(0, 1, mask_shape, np.int8)} if mask_shape and "action_mask" not in extra else {}
        )
        self.observation_space = spaces.Dict({"observation": spaces.Box(-1, 1, (2,), np.float32), **mask, **extra})
        self.illegal = 0

    def observe(self):
        return {"observation": np.zeros(2, np.float32), "action_mask": np.array([1, 0, 1], np.int8)}

    def reset(self, *, seed=None, options=None):
        return self.observe(), {}

    def step(self, action):
        self.illegal += int(action == 1)
        return self.observe(), 0.0, False, False, {}


gym.register("RLlibOwn-v0", entry_point=Own, max_episode_steps=5)


@pytest.mark.parametrize("config_class", MODULES)
def test_the_same_object_comes_back_masked(config_class):
    config = config_class()
    assert configure(config, "MaskedCartPole-v0") is config
    assert config.rl_module_spec.module_class is MODULES[config_class]
    assert config.env == "masked_envs:MaskedCartPole-v0" and config.env_config == {"on_invalid": "noop"}
    assert config.gym_env_vectorize_mode == "vector_entry_point"
    config.validate()


def test_settings_of_the_user_stay():
    class Mine(RLlibCallback):
        pass

    config = PPOConfig().training(lr=0.125, gamma=0.5).env_runners(num_env_runners=3, num_envs_per_env_runner=7)
    config.callbacks(Mine).rl_module(model_config=DefaultModelConfig(fcnet_hiddens=[11], use_lstm=True))
    configure(config, "ParametricCartPole-v0", {"on_invalid": "terminate"}, {"action_key_size": 9})
    assert (config.lr, config.gamma, config.num_env_runners, config.num_envs_per_env_runner) == (0.125, 0.5, 3, 7)
    assert config.env_config == {"on_invalid": "terminate"}
    assert list(config.callbacks_class) == [Mine, MaskMetrics]
    assert configure(PPOConfig(), "ParametricCartPole-v0").callbacks_class is MaskMetrics
    module = config.get_rl_module_spec(gym.make("ParametricCartPole-v0")).build()
    assert module.is_stateful() and module.scores.width == 9
    assert 11 in {parameter.shape[0] for parameter in module.encoder.parameters()}


@pytest.mark.parametrize(
    "model", [DefaultModelConfig(fcnet_hiddens=[13]), {"fcnet_hiddens": [13]}], ids=["class", "dict"]
)
def test_model_config_reaches_the_module(model):
    config = configure(DQNConfig(), "MaskedCartPole-v0", model_config=model)
    module = config.get_rl_module_spec(gym.make("MaskedCartPole-v0")).build()
    assert 13 in {parameter.shape[0] for parameter in module.encoder.parameters()}


def test_the_name_of_the_module_may_come_along():
    config = configure(PPOConfig(), "masked_envs:MaskedCartPole-v0")
    assert config.env == "masked_envs:MaskedCartPole-v0" and config.env_config == {"on_invalid": "noop"}


def test_an_id_of_another_module_is_imported(tmp_path, monkeypatch):
    (tmp_path / "rllib_elsewhere.py").write_text(
        "import gymnasium\ngymnasium.register('RLlibElsewhere-v0', entry_point='test_rllib_configure:Own')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    config = configure(PPOConfig(), "rllib_elsewhere:RLlibElsewhere-v0")
    assert config.env == "rllib_elsewhere:RLlibElsewhere-v0" and config.env_config == {}


@pytest.mark.parametrize(
    ("env_id", "arguments", "error", "message"),
    [
        ("CartPole-v1", {}, ValueError, r"the mask must be in it.*masked_envs\.adapt\(MyEnv"),
        ("MaskedCartPole-v0", {"mask_in": "info"}, ValueError, "mask_in='observation'"),
        ("MaskedCartPole-v0", {"no_such_argument": 1}, TypeError, "no_such_argument"),
        ("MaskedCartPole-v0", {"on_invalid": "explode"}, ValueError, "explode"),
        ("NoSuchEnvironment-v0", {}, gym.error.NameNotFound, "NoSuchEnvironment"),
        ("RLlibOwn-v0", {"mask_shape": None}, ValueError, "expected a Dict with 'action_mask'"),
        ("RLlibOwn-v0", {"mask_shape": (4,)}, ValueError, r"must have shape \(3,\) .*, not \(4,\)"),
        ("RLlibOwn-v0", {"mask_shape": (3, 1)}, ValueError, r"as many entries, so give mask.reshape\(\(3,\)\)"),
        (
            "RLlibOwn-v0",
            {
                "action_space": spaces.MultiDiscrete([2, 3]),
                "action_mask": spaces.Tuple([spaces.MultiBinary(2), spaces.MultiBinary(3)]),
            },
            ValueError,
            r"join its parts, np.concatenate\(parts\)",
        ),
        (
            "RLlibOwn-v0",
            {"action_space": spaces.Tuple([spaces.Discrete(2), spaces.Discrete(3)]), "mask_shape": (5,)},
            ValueError,
            "give Tuple of masks",
        ),
        ("RLlibOwn-v0", {"action_space": spaces.Box(-1, 1, (3,))}, ValueError, r"must have shape \(2, 3\)"),
        ("RLlibOwn-v0", {"action_space": spaces.Text(3)}, ValueError, "no masked module serves"),
        ("RLlibOwn-v0", {"action_space": spaces.Dict(a=spaces.Discrete(3))}, ValueError, "a part for each"),
        (
            "RLlibOwn-v0",
            {"action_space": spaces.MultiDiscrete([2, 3, 4]), "mask_shape": (2, 3)},
            ValueError,
            "known to the environment alone",
        ),
        ("RLlibOwn-v0", {"action_space": spaces.Discrete(3, start=1)}, ValueError, "start=1"),
        ("RLlibOwn-v0", {"action_space": spaces.MultiDiscrete([2, 2])}, ValueError, r"must have shape \(4,\)"),
        ("RLlibOwn-v0", {"action_space": spaces.MultiBinary(3)}, ValueError, r"must have shape \(3, 2\)"),
        ("RLlibOwn-v0", {"words": spaces.Text(3)}, ValueError, "no way to make features of the observation 'words'"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_environments_are_refused_and_change_nothing(env_id, arguments, error, message):
    config = PPOConfig()
    before = config.to_dict()
    with pytest.raises(error, match=message):
        configure(config, env_id, arguments)
    assert config.env is None and config.to_dict().keys() == before.keys()


@pytest.mark.parametrize("env_id", ["ToyPerHead-v0", "ToyBinary-v0"])
def test_dqn_has_no_module_for_several_choices_at_once(env_id):
    with pytest.raises(ValueError, match="DQN .* needs Discrete"):
        configure(DQNConfig(), env_id)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"action_key_size": 0}, "action_key_size must be at least 1, not 0"),
        ({"learned_action_embeddings": True}, "learned_action_embeddings is for flat masks"),
    ],
)
def test_bad_model_configs_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        configure(PPOConfig(), "ParametricCartPole-v0", model_config=model)


def test_other_algorithms_and_the_old_stack_are_refused():
    known = "APPOConfig, BCConfig, DQNConfig, IMPALAConfig, MARWILConfig, PPOConfig, SACConfig"
    with pytest.raises(TypeError, match=f"{known}, not CQLConfig"):
        configure(CQLConfig(), "MaskedCartPole-v0")
    old = PPOConfig().api_stack(enable_rl_module_and_learner=False, enable_env_runner_and_connector_v2=False)
    with pytest.raises(ValueError, match="new API stack"):
        configure(old, "MaskedCartPole-v0")


@pytest.mark.parametrize("missing", ["ray", "torch"])
def test_a_missing_library_is_named_with_the_remedy(missing):
    program = f"""
        import sys
        sys.modules[{missing!r}] = None
        import masked_envs
        try:
            import masked_envs.rllib
        except ImportError as error:
            print(error)
    """
    printed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert "pip install 'masked-envs[rllib]'" in printed.stdout and missing in printed.stdout


def test_an_environment_of_the_users_own_without_a_counter():
    config = configure(PPOConfig(), "RLlibOwn-v0").env_runners(num_env_runners=0, num_envs_per_env_runner=2)
    assert config.gym_env_vectorize_mode == "sync"
    runner = SingleAgentEnvRunner(config=config)
    runner.sample(num_timesteps=40)
    metrics = runner.get_metrics()
    assert metrics["num_invalid_actions"].peek() == metrics["num_empty_masks"].peek() == 0
    assert metrics["mean_legal_fraction"].peek() == pytest.approx(2 / 3)
    assert sum(env.unwrapped.illegal for env in runner.env.unwrapped.envs) == 0
    with pytest.raises(AttributeError, match="needs an attribute `invalid_actions`"):
        count_invalid_actions(runner)


@pytest.mark.parametrize(
    ("config", "arguments", "error", "message"),
    [
        (PPOConfig, {}, TypeError, "an instance of .* not the class PPOConfig"),
        (PPOConfig(), {"env_id": None}, TypeError, "which environment"),
        (PPOConfig(), {"model_config": {"lerned_action_embeddings": True}}, TypeError, "lerned_action_embeddings"),
        (PPOConfig(), {"env_runner": "fast"}, ValueError, "'batched', 'rllib', not 'fast'"),
        (PPOConfig().framework("tf2"), {}, ValueError, "of PyTorch"),
        (DQNConfig().training(num_atoms=5), {"model_config": {"use_lstm": True}}, ValueError, "no LSTM"),
    ],
)
def test_arguments_that_nothing_would_read_are_refused(config, arguments, error, message):
    with pytest.raises(error, match=message):
        configure(config, **{"env_id": "MaskedCartPole-v0", **arguments})


def test_sampling_is_batched_unless_the_user_wants_the_runner_of_rllib():
    assert configure(PPOConfig(), "MaskedCartPole-v0").env_runner_cls is BatchedEnvRunner
    theirs = configure(PPOConfig(), "MaskedCartPole-v0", env_runner="rllib").env_runner_cls
    assert issubclass(theirs, SingleAgentEnvRunner) and not issubclass(theirs, BatchedEnvRunner)


def test_v_trace_learners_keep_the_bootstrap_unless_the_user_has_a_learner():
    class Own(BootstrappedIMPALALearner):
        pass

    assert configure(IMPALAConfig(), "MaskedCartPole-v0").learner_class is BootstrappedIMPALALearner
    assert configure(APPOConfig(), "MaskedCartPole-v0").learner_class is BootstrappedAPPOLearner
    own = configure(IMPALAConfig().learners(learner_class=Own), "MaskedCartPole-v0")
    assert own.learner_class is Own
    assert configure(PPOConfig(), "MaskedCartPole-v0").learner_class is PPOConfig().learner_class


class FakeEpisode:
    """What the metric reads of an episode of RLlib."""

    def __init__(self, spec, masks, steps):
        self.observation_space = spaces.Dict(action_mask=spec.space)
        self.action_space, self.steps = spec.action_space, steps
        self.observations = SimpleNamespace(finalized=True, lookback=0, data={"action_mask": masks})

    def __len__(self):
        return self.steps


@pytest.mark.parametrize("dtype", [np.int8, np.float32, np.bool_])
def test_the_legal_fraction_is_that_of_the_specification(dtype):
    """Masks of any dtype that modules take: 4 of 6 actions times half of the volume, and everything."""
    aim = np.array([[[0.0], [0.5]], [[0.0], [1.0]], [[0.0], [0.0]]], np.float32)
    gear = np.array([[1, 1, 1, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], dtype)
    spec = MaskSpec.dict({"aim": MaskSpec.interval([0.0], [1.0]), "gear": MaskSpec.per_head([2, 3])})
    episode = FakeEpisode(spec, {"aim": aim, "gear": gear}, steps=2)  # the mask after the last action does not count
    assert Decisions.of([episode, episode], spec).legal_fractions().tolist() == pytest.approx([1 / 3, 1.0] * 2)
