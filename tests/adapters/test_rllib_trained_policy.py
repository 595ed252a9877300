"""A policy out of a checkpoint acts legally, as RLlib's own sampling does, one observation at a time or many."""

import numpy as np
import pytest

pytest.importorskip("ray")
import rllib_cases
import torch
from gymnasium import spaces
from ray.rllib.algorithms.appo import APPOConfig
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.tune import Checkpoint
from rllib_policies import FILTERS, SMALL, make, observations_of, policy_of

from masked_envs import EmptyMaskError, trees
from masked_envs.api.vector_env import MaskedVectorEnv
from masked_envs.rllib import (
    BatchedEnvRunner,
    MaskedAPPOModule,
    MaskedDQNModule,
    MaskedPPOModule,
    MaskedRandomModule,
    TrainedPolicy,
    configure,
    load,
)

KINDS = [
    ("MaskedCartPole-v0", MaskedPPOModule, {}),
    ("MaskedCartPole-v0", MaskedAPPOModule, {}),
    ("MaskedCartPole-v0", MaskedDQNModule, {}),
    ("MaskedCartPole-v0", MaskedPPOModule, {"use_lstm": True}),
    ("MaskedCartPole-v0", MaskedPPOModule, {"use_lstm": True, "vf_share_layers": False}),
    ("MaskedCartPole-v0", MaskedDQNModule, {"use_lstm": True, "dueling": False}),
    ("ParametricCartPole-v0", MaskedPPOModule, {}),
    ("ParametricCartPole-v0", MaskedDQNModule, {"num_atoms": 3}),
    *[(env_id, MaskedPPOModule, {}) for env_id in rllib_cases.TOYS if env_id != "ToyHybridTuple-v0"],
    ("ShownTuples-v0", MaskedPPOModule, {}),
    ("ShownTuples-v0", MaskedRandomModule, {}),
    ("ShownNested-v0", MaskedPPOModule, {}),
    ("ShownBoth-v0", MaskedPPOModule, FILTERS),
    ("ShownPixels-v0", MaskedDQNModule, {**FILTERS, "fcnet_hiddens": [256, 256]}),
    ("MaskedCartPole-v0", MaskedRandomModule, {}),
    ("ToyHybrid-v0", MaskedRandomModule, {}),
    ("ToyInterval-v0", MaskedRandomModule, {}),
]
NAMES = [f"{env_id}-{cls.__name__}-{'-'.join(options)}" for env_id, cls, options in KINDS]
cases = pytest.mark.parametrize(("env_id", "module_class", "options"), KINDS, ids=NAMES)


def same(one, other):
    return all(np.allclose(a, b, atol=1e-6) for a, b in zip(trees.leaves(one), trees.leaves(other), strict=True))


@cases
def test_actions_are_legal_and_of_the_action_space(env_id, module_class, options):
    policy = policy_of(env_id, module_class, options)
    env = make(env_id)
    observation, _ = env.reset(seed=0)
    policy.reset()
    for step in range(60):
        action = policy.act(observation, explore=step % 2 == 0)
        assert env.action_space.contains(action), action
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            observation, _ = env.reset()
            policy.reset()
    assert env.unwrapped.invalid_actions == 0


@pytest.mark.parametrize("env_id", ["MaskedCartPole-v0", "ToyPerHead-v0", "ToyHybrid-v0", "ShownBoth-v0"])
def test_without_the_mask_there_are_invalid_actions(env_id):
    """Negative control."""
    options = {"mask_actions": False, **(FILTERS if env_id == "ShownBoth-v0" else {})}
    policy, env = policy_of(env_id, options=options), make(env_id)
    observation, _ = env.reset(seed=0)
    for _ in range(60):
        observation, _, terminated, truncated, _ = env.step(policy.act(observation, explore=True))
        if terminated or truncated:
            observation, _ = env.reset()
    assert env.unwrapped.invalid_actions > 0


@cases
def test_a_batch_is_its_rows(env_id, module_class, options):
    policy = policy_of(env_id, module_class, options)
    rows = observations_of(env_id, 4)
    batch = trees.stack([trees.map(np.asarray, row) for row in rows])
    whole = policy.act(batch)
    leaves = trees.leaves(trees.map(lambda leaf: len(leaf), whole))
    assert set(leaves) == {4}
    if module_class is MaskedRandomModule:
        return
    for k, row in enumerate(rows):
        policy.reset()
        assert same(policy.act(row), trees.row(whole, k))


@pytest.mark.parametrize(
    ("config_class", "env_id", "options"),
    [
        (PPOConfig, "MaskedCartPole-v0", {}),
        (PPOConfig, "MaskedCartPole-v0", {"use_lstm": True}),
        (DQNConfig, "ParametricCartPole-v0", {}),
        (APPOConfig, "ToyHybrid-v0", {}),
        (PPOConfig, "ToyInterval-v0", {}),
    ],
)
def test_greedy_actions_are_those_of_rllibs_sampling(config_class, env_id, options):
    """The oracle: episodes of an env runner without exploration, from the same module."""
    model = {"fcnet_hiddens": [16], "lstm_cell_size": 8, **options}
    config = configure(config_class(), env_id, model_config=model, env_runner="rllib")
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=2).debugging(seed=3)
    runner = config.env_runner_cls(config=config, worker_index=0)
    episodes = runner.sample(num_episodes=3, explore=False)
    policy = TrainedPolicy(runner.module)
    for episode in episodes:
        policy.reset()
        for t in range(min(len(episode), 30)):
            action = policy.act(episode.get_observations(t))
            expected = episode.get_actions(t)
            assert all(
                np.allclose(a, b, atol=1e-6) for a, b in zip(trees.leaves(action), trees.leaves(expected), strict=True)
            )
    runner.stop()


def test_exploring_draws_from_the_policy():
    policy = policy_of("MaskedCartPole-v0")
    (observation,) = observations_of("MaskedCartPole-v0", 1)
    many = {name: np.repeat(part[None], 20_000, 0) for name, part in observation.items()}
    torch.manual_seed(0)
    actions, outputs = policy.decide(many, explore=True)
    scores = outputs["action_dist_inputs"][0].astype(np.float64)
    expected = np.exp(scores - scores.max())
    expected /= expected.sum()
    frequency = np.bincount(actions, minlength=len(scores)) / len(actions)
    np.testing.assert_allclose(frequency, expected, atol=0.02)
    np.testing.assert_allclose(outputs["action_logp"], np.log(expected)[actions], atol=1e-4)
    assert len(set(policy.act(many).tolist())) == 1


def test_dqn_explores_with_the_epsilon_at_the_end_of_its_schedule():
    (observation,) = observations_of("MaskedCartPole-v0", 1)
    many = {name: np.repeat(part[None], 4000, 0) for name, part in observation.items()}
    for epsilon, other in (([[0, 1.0], [100, 0.0]], 0.0), ([[0, 0.0], [100, 0.5]], 0.25)):
        policy = policy_of("MaskedCartPole-v0", MaskedDQNModule, {"epsilon": epsilon})
        legal = observation["action_mask"].sum()
        different = np.mean(policy.act(many, explore=True) != policy.act(many))
        expected = 0.0 if other == 0 else 0.5 * (1 - 1 / legal)
        assert abs(different - expected) < 0.04


# --- memory -----------------------------------------------------------------------------------------------------------

LSTM = {"use_lstm": True}


def test_the_state_is_kept_until_reset():
    policy, seen = policy_of("MaskedCartPole-v0", options=LSTM), observations_of("MaskedCartPole-v0", 6)
    assert policy.is_stateful
    first = [policy.decide(row)[1]["action_dist_inputs"] for row in seen]
    policy.reset()
    again = [policy.decide(row)[1]["action_dist_inputs"] for row in seen]
    policy.reset()
    forgetful = policy.decide(seen[-1])[1]["action_dist_inputs"]
    np.testing.assert_allclose(first, again, atol=1e-6)
    assert not np.allclose(first[-1], forgetful, atol=1e-7)


def test_rows_forget_by_themselves_and_states_can_be_swapped():
    policy, seen = policy_of("MaskedCartPole-v0", options=LSTM), observations_of("MaskedCartPole-v0", 4)
    batch = [
        {name: np.stack([row[name], other[name]]) for name in row} for row, other in zip(seen, seen[::-1], strict=True)
    ]
    policy.decide(batch[0])
    policy.reset(np.array([True, False]))
    after = policy.decide(batch[1])[1]["action_dist_inputs"]
    alone = []
    for rows in ([seen[1]], [seen[3], seen[2]]):
        policy.reset()
        alone.append([policy.decide(row)[1]["action_dist_inputs"] for row in rows][-1])
    np.testing.assert_allclose(after, alone, atol=1e-5)
    policy.reset()
    policy.decide(seen[0])
    kept = policy.state
    policy.reset()
    policy.state = kept
    np.testing.assert_allclose(
        policy.decide(seen[1])[1]["action_dist_inputs"], policy_after(policy, seen[:2]), atol=1e-6
    )


def policy_after(policy, rows):
    policy.reset()
    return [policy.decide(row)[1]["action_dist_inputs"] for row in rows][-1]


def test_another_number_of_rows_is_refused():
    policy, (one,) = policy_of("MaskedCartPole-v0", options=LSTM), observations_of("MaskedCartPole-v0", 1)
    policy.act(one)
    with pytest.raises(ValueError, match=r"that of 1 rows, and the observation has 3: call reset"):
        policy.act({name: np.repeat(part[None], 3, 0) for name, part in one.items()})


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda o: o["observation"], ValueError, r"must have the parts \['action_mask', 'observation'\], not ndarray"),
        (lambda o: {"observation": o["observation"]}, ValueError, r"must have the parts .*not \['observation'\]"),
        (
            lambda o: {**o, "action_mask": np.ones(5, np.int8)},
            ValueError,
            r"'action_mask' must have shape \(6,\).*\(5,\)",
        ),
        (lambda o: {**o, "action_mask": np.ones((2, 6), np.int8)}, ValueError, "different leading dimensions"),
        (
            lambda o: {**o, "action_mask": o["action_mask"] / 1},
            ValueError,
            "'action_mask' must be of dtype int8, not float64",
        ),
        (lambda o: {name: part[None, None] for name, part in o.items()}, ValueError, "one observation or a batch"),
        (lambda o: {name: part[None][:0] for name, part in o.items()}, ValueError, "one observation or a batch"),
        (lambda o: {**o, "action_mask": np.zeros(6, np.int8)}, EmptyMaskError, "0.*mask allows nothing"),
    ],
)
def test_what_is_no_observation_is_named(change, error, words):
    policy, (one,) = policy_of("MaskedCartPole-v0"), observations_of("MaskedCartPole-v0", 1)
    with pytest.raises(error, match=words):
        policy.act(change(one))


def test_lists_bools_and_wider_numbers_are_observations():
    policy, (one,) = policy_of("MaskedCartPole-v0"), observations_of("MaskedCartPole-v0", 1)
    expected = policy.act(one)
    for given in (
        {name: part.tolist() for name, part in one.items()},
        {"observation": one["observation"].astype(np.float64), "action_mask": one["action_mask"].astype(bool)},
        {name: torch.as_tensor(part) for name, part in one.items()},
        {**one, "something_else": 1},
    ):
        assert policy.act(given) == expected


def test_a_module_without_a_mask_is_refused():
    module = DefaultPPOTorchRLModule(
        observation_space=spaces.Box(-1, 1, (3,), np.float32), action_space=spaces.Discrete(2), model_config=SMALL
    )
    with pytest.raises(ValueError, match="DefaultPPOTorchRLModule is no masked module.*configure"):
        TrainedPolicy(module)


# --- checkpoints ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config_class", "env_id", "options"),
    [
        (PPOConfig, "MaskedCartPole-v0", LSTM),
        (APPOConfig, "ShownTuples-v0", {}),
        (DQNConfig, "ShownPixels-v0", FILTERS),
    ],
)
def test_checkpoints_of_algorithms_are_read(config_class, env_id, options, tmp_path, local_ray):
    model = {"lstm_cell_size": 8, **({} if "conv_filters" in options else {"fcnet_hiddens": [16]}), **options}
    config = configure(config_class(), env_id, model_config=model).env_runners(num_env_runners=0)
    config.learners(num_learners=0)
    algorithm = config.build_algo()
    algorithm.save_to_path(tmp_path / "run" / "checkpoint_000001")
    seen = observations_of(env_id, 5)
    expected = [TrainedPolicy(algorithm.get_module()).act(row) for row in seen[:1]]
    algorithm.stop()
    folder = tmp_path / "run" / "checkpoint_000001"
    module = folder / "learner_group" / "learner" / "rl_module" / "default_policy"
    for place in (folder, str(folder), Checkpoint(str(folder)), folder.as_uri(), folder / "learner_group", module):
        policy = load(place)
        assert same(policy.act(seen[0]), expected[0])
        assert isinstance(policy.module, type(load(folder).module))
    with pytest.raises(FileNotFoundError, match=r"holds no module.*below it: checkpoint_000001"):
        load(tmp_path / "run")
    with pytest.raises(ValueError, match=r"no policy 'main', but \['default_policy'\]"):
        load(folder, policy="main")


def test_a_game_has_several_policies(tmp_path, local_ray):
    config = configure(PPOConfig(), "MaskedConnectFour-v0", policies="separate", model_config={"fcnet_hiddens": [16]})
    algorithm = config.env_runners(num_env_runners=0).build_algo()
    algorithm.save_to_path(tmp_path / "game")
    weights = algorithm.get_weights()
    algorithm.stop()
    with pytest.raises(ValueError, match=r"the policies \['player_0', 'player_1'\]: load\(checkpoint, policy=NAME\)"):
        load(tmp_path / "game")
    for name in ("player_0", "player_1"):
        found = load(tmp_path / "game", policy=name).module.state_dict()
        assert all(np.array_equal(found[key].numpy(), value) for key, value in weights[name].items())


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no module of RLlib: expected a checkpoint"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*nothing"):
        load(tmp_path / "nothing")


def test_vector_environments_are_played(tmp_path):
    from toys import per_head

    policy = policy_of("ToyPerHead-v0")
    envs = MaskedVectorEnv(per_head.ENV, 8, on_invalid="noop")
    observations, _ = envs.reset(seed=0)
    for _ in range(30):
        observations, *_ = envs.step(policy.act(observations, explore=True))
    assert envs.invalid_actions.sum() == 0


def test_batched_runner_and_policy_share_a_module():
    """`TrainedPolicy` uses the module as it is; a runner goes on with it."""
    config = configure(PPOConfig(), "MaskedCartPole-v0", model_config={"fcnet_hiddens": [16]})
    runner = BatchedEnvRunner(config=config.env_runners(num_env_runners=0), worker_index=0)
    policy = TrainedPolicy(runner.module)
    policy.act(observations_of("MaskedCartPole-v0", 1)[0])
    assert sum(map(len, runner.sample(num_timesteps=20))) >= 20
