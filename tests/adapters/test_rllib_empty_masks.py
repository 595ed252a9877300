"""A mask that allows nothing where an agent must act is an error in RLlib too, in every runner and in the modules."""

from types import SimpleNamespace

import pytest

pytest.importorskip("ray")
pytest.importorskip("torch")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from ray.rllib.algorithms.dqn import DQNConfig  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.callbacks.callbacks import RLlibCallback  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402
from rllib_cases import build, random_batch, with_state  # noqa: E402
from rllib_own_envs import KINDS, LENGTH, Empties, Traders  # noqa: E402

from masked_envs import EmptyMaskError, InvalidActionError  # noqa: E402
from masked_envs.rllib import MaskedDQNModule, MaskedPPOModule, configure  # noqa: E402
from masked_envs.rllib.ray_internals import driver_errors  # noqa: E402

SMALL = {"fcnet_hiddens": [8]}
BEFORE_THE_END, AT_THE_END = {"empty": (2,)}, {"empty": (LENGTH,)}


def runner_of(env, env_config, *, base=PPOConfig, env_runner="batched", num_envs=2, model=SMALL, change=None):
    config = configure(base(), env, env_config, model, env_runner=env_runner)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=num_envs).debugging(seed=1)
    if change:
        change(config)
    return config.env_runner_cls(config=config, worker_index=0)


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_mask_is_an_error_where_the_episode_goes_on(kind, env_runner):
    for explore in (True, False):
        runner = runner_of(Empties, {"kind": kind, **BEFORE_THE_END}, env_runner=env_runner)
        with pytest.raises(EmptyMaskError, match="environment 0, 1: an agent must act"):
            runner.sample(num_timesteps=20, explore=explore)
        assert sum(env.unwrapped.seen for env in runner.env.unwrapped.envs) == 0


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
def test_the_first_mask_of_an_episode_counts_too(env_runner):
    with pytest.raises(EmptyMaskError):
        runner_of(Empties, {"empty": (0,)}, env_runner=env_runner).sample(num_timesteps=4)


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_after_the_last_action_may_allow_nothing(kind, env_runner):
    runner = runner_of(Empties, {"kind": kind, **AT_THE_END}, env_runner=env_runner)
    for _ in range(3):  # the second call begins in the middle of an episode, or at its end
        runner.sample(num_timesteps=4 * 2)
    metrics = runner.get_metrics()
    assert metrics["num_empty_masks"].peek() == 0 and metrics["num_env_steps_sampled"].peek() >= 24


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
@pytest.mark.parametrize("kind", KINDS)
def test_without_masking_they_are_counted_and_not_refused(kind, env_runner):
    runner = runner_of(
        Empties, {"kind": kind, **BEFORE_THE_END}, env_runner=env_runner, model=SMALL | {"mask_actions": False}
    )
    runner.sample(num_timesteps=2 * LENGTH * 5)
    metrics = runner.get_metrics()
    taken = sum(env.unwrapped.seen for env in runner.env.unwrapped.envs)
    # The environment has no counter: invalid actions are those that the mask before them forbids.
    assert metrics["num_empty_masks"].peek() == taken == metrics["num_invalid_actions"].peek() == 10


def test_dqn_refuses_them_too():
    with pytest.raises(EmptyMaskError):
        runner_of(Empties, BEFORE_THE_END, base=DQNConfig, num_envs=1).sample(num_timesteps=20)


def test_other_callbacks_after_configure_take_no_metric_away():
    class Mine(RLlibCallback):
        pass

    runner = runner_of(Empties, {}, change=lambda config: config.callbacks(Mine))
    runner.sample(num_timesteps=8)
    assert runner.get_metrics()["num_empty_masks"].peek() == 0


def test_several_agents():
    with pytest.raises(EmptyMaskError, match="environment 0, agent north"):
        runner_of(Traders, BEFORE_THE_END).sample(num_timesteps=20)
    runner = runner_of(Traders, AT_THE_END)
    runner.sample(num_timesteps=20)
    metrics = runner.get_metrics()
    assert metrics["num_empty_masks"].peek() == metrics["num_invalid_actions"].peek() == 0
    blind = runner_of(Traders, BEFORE_THE_END, model=SMALL | {"mask_actions": False})
    blind.sample(num_timesteps=20)
    metrics = blind.get_metrics()
    illegal, seen = (sum(getattr(env.unwrapped, name) for env in blind.env.envs) for name in ("illegal", "seen"))
    assert metrics["num_empty_masks"].peek() == seen > 0 and metrics["num_invalid_actions"].peek() == illegal > seen


@pytest.mark.parametrize("module_class", [MaskedPPOModule, MaskedDQNModule])
def test_a_forward_of_the_module_outside_of_training(module_class):
    module, batch = build(module_class), random_batch("flat", 5)
    batch[Columns.OBS]["action_mask"][[1, 3]] = 0
    for forward in (module.forward_inference, lambda batch: module.forward_exploration(batch, t=0)):
        with pytest.raises(EmptyMaskError, match="row 1, 3: an agent must act"):
            forward(batch)
    batch[Columns.NEXT_OBS] = batch[Columns.OBS]
    module.forward_train(batch)  # padded rows and the ends of episodes
    blind = build(module_class, mask_actions=False)
    blind.forward_inference(batch)


def test_a_sequence_for_an_lstm():
    module, batch = build(MaskedPPOModule, use_lstm=True), random_batch("flat", 2, 3)
    batch[Columns.OBS]["action_mask"][1, 0] = 0
    with pytest.raises(EmptyMaskError, match="row 3"):
        module.forward_inference(with_state(module, batch, 2))


def test_the_module_of_a_runner_refuses_them_between_samples():
    runner = runner_of(Empties, AT_THE_END)
    runner.sample(num_timesteps=8)
    observation = {"observation": torch.zeros(1, 2), "action_mask": torch.zeros(1, 3, dtype=torch.int8)}
    with pytest.raises(EmptyMaskError):
        runner.module.forward_inference({Columns.OBS: observation})


def test_an_error_in_a_remote_env_runner_reaches_the_driver(local_ray):
    """RLlib restarts the worker and goes on without it."""
    config = configure(PPOConfig(), Empties, BEFORE_THE_END, SMALL)
    config.env_runners(num_env_runners=1).fault_tolerance(delay_between_env_runner_restarts_s=0)
    algorithm = config.training(train_batch_size_per_learner=40, minibatch_size=20, num_epochs=1).build_algo()
    with pytest.raises(EmptyMaskError, match="env runner 1, environment 0: an agent must act"):
        algorithm.train()
    algorithm.stop()


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_invalid_action_in_a_remote_env_runner_reaches_the_driver(wrapped, local_ray):
    remote, here = (SimpleNamespace(worker_index=index, tune_trial_id="trial") for index in (1, 0))
    algorithm = SimpleNamespace(trial_id="trial")
    for env_runner in (remote, here):
        with pytest.raises(RuntimeError if wrapped else InvalidActionError), driver_errors.reported(env_runner):
            error = InvalidActionError(f"forbidden in {env_runner.worker_index}")
            if wrapped:
                raise RuntimeError from error
            raise error
    driver_errors.raise_reported(SimpleNamespace(trial_id="another"))
    with pytest.raises(InvalidActionError, match="forbidden in 1"):
        driver_errors.raise_reported(algorithm)
    driver_errors.raise_reported(algorithm)  # said once


def test_masks_of_any_dtype_are_judged():
    module, batch = build(MaskedPPOModule), random_batch("flat", 3)
    for dtype in (torch.float32, torch.bool, torch.int64):
        mask = np.zeros((3, 5)) if dtype is torch.bool else np.eye(3, 5)
        batch[Columns.OBS]["action_mask"] = torch.as_tensor(mask).to(dtype)
        if dtype is torch.bool:
            with pytest.raises(EmptyMaskError, match="row 0, 1, 2"):
                module.forward_inference(batch)
        else:
            module.forward_inference(batch)


class Odd(Empties):
    """Returns what `change` makes of an observation."""

    def __init__(self, config):
        self.change = config["change"]
        super().__init__(config)

    def look(self):
        return self.change(super().look())


def masks_of(*values, dtype=np.int8):
    return lambda seen: {**seen, "action_mask": np.array(values, dtype)}


@pytest.mark.parametrize("env_runner", ["batched", "rllib"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (masks_of(2, 0, 1), r"values 0 .forbidden. and 1 .allowed. only, got \[0 1 2\]"),
        (masks_of(0, -1, 0), r"values 0 .forbidden. and 1 .allowed. only, got \[-1  0\]"),  # to be added to logits
        (masks_of(1, 0, 1, 1), r"'action_mask' of Odd has shape \(4,\), and its observation_space says \(3,\)"),
        (lambda seen: {"action_mask": seen["action_mask"]}, "'observation' of Odd is missing"),
    ],
    ids=["two", "additive", "longer", "missing"],
)
def test_masks_that_are_none_are_refused_by_name(change, words, env_runner):
    with pytest.raises(ValueError, match=words):
        runner_of(Odd, {"change": change}, env_runner=env_runner).sample(num_timesteps=4)


def test_float_masks_hold_nothing_but_0_and_1_too():
    half = torch.tensor([[1.0, 0.5, 0.0]])
    module = build(MaskedPPOModule)
    batch = random_batch("flat", 1)
    batch[Columns.OBS]["action_mask"] = torch.cat([half, half[:, :2]], -1)
    with pytest.raises(ValueError, match="values 0 .forbidden. and 1 .allowed. only, got"):
        module.forward_inference(batch)


def test_an_old_reset_is_named():
    class Old(Empties):
        def reset(self, *, seed=None, options=None):
            return super().reset()[0]

    with pytest.raises(ValueError, match=r"Old.reset\(\) must return \(observation, info\), and returned a dict"):
        runner_of(Old, {}).sample(num_timesteps=4)
