"""Opponents in games under RLlib: at random by the mask, frozen, and added while the run goes on."""

import numpy as np
import pytest

pytest.importorskip("ray")
import torch
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from rllib_policies import make, policy_of

from masked_envs.rllib import MaskedRandomModule, configure

GAME = "MaskedConnectFour-v0"


def game(modules=None, **options):
    config = configure(
        PPOConfig(), GAME, policies={"player_0": "main", "player_1": "other"}, model_config={"fcnet_hiddens": [16]}
    )
    specs = config.rl_module_spec
    specs.rl_module_specs.update(modules or {})
    config.rl_module(rl_module_spec=specs)
    config.multi_agent(policies_to_train=["main"], **options)
    config.training(train_batch_size_per_learner=200, minibatch_size=100, num_epochs=1)
    return config.env_runners(num_env_runners=0).debugging(seed=1).build_algo()


@pytest.mark.parametrize("env_id", ["MaskedCartPole-v0", "ToyJoint-v0", "ToyBinary-v0", "ToyPerHead-v0"])
def test_random_actions_are_uniform_over_the_legal_ones(env_id):
    policy, env = policy_of(env_id, MaskedRandomModule), make(env_id)
    observation, _ = env.reset(seed=0)
    legal = policy.mask_spec.list_legal(observation["action_mask"])
    many = {name: np.repeat(np.asarray(part)[None], 20_000, 0) for name, part in observation.items()}
    found, counts = np.unique(policy.act(many).reshape(20_000, -1), axis=0, return_counts=True)
    assert sorted(map(tuple, found.tolist())) == sorted(tuple(np.ravel(action).tolist()) for action in legal)
    assert 1 < len(legal) and np.abs(counts / 20_000 - 1 / len(legal)).max() < 0.02


def test_random_play_repeats_from_the_seed_of_torch():
    observation, _ = make("MaskedCartPole-v0").reset(seed=0)
    many = {name: np.repeat(part[None], 50, 0) for name, part in observation.items()}
    one, same = (policy_of("MaskedCartPole-v0", MaskedRandomModule).act(many) for _ in range(2))
    assert (one == same).all()
    torch.manual_seed(1)
    module = policy_of("MaskedCartPole-v0", MaskedRandomModule).module
    module.setup()
    torch.manual_seed(2)
    module.setup()
    assert len(set(one.tolist())) > 1


def test_training_a_random_module_is_refused():
    module = policy_of("MaskedCartPole-v0", MaskedRandomModule).module
    with pytest.raises(NotImplementedError, match="policies_to_train"):
        module.forward_train({})
    with pytest.raises(ValueError, match="the mask must be in it"):
        MaskedRandomModule(observation_space=module.observation_space["observation"], action_space=module.action_space)


def test_a_random_opponent_in_the_other_seat(local_ray):
    algorithm = game({"other": RLModuleSpec(module_class=MaskedRandomModule)})
    for _ in range(2):
        metrics = algorithm.train()["env_runners"]
    assert metrics["num_invalid_actions_lifetime"] == 0 and metrics["mean_legal_fraction"] < 1
    assert isinstance(algorithm.env_runner.module["other"].unwrapped(), MaskedRandomModule)
    algorithm.stop()


def test_weights_that_are_set_reach_the_env_runner(local_ray):
    """`set_weights` copies the learner into its opponent where games are played, and only then."""

    def equal(one, other):
        return all(torch.equal(torch.as_tensor(one[name]), torch.as_tensor(other[name])) for name in one)

    def playing(name):
        state = algorithm.env_runner.module[name].get_state(inference_only=True)
        return {key: np.array(value) for key, value in state.items()}

    algorithm = game()
    algorithm.train()
    assert not equal(playing("main"), playing("other"))
    algorithm.set_weights({"other": algorithm.get_weights(["main"])["main"]})
    assert equal(playing("main"), playing("other"))
    frozen = playing("other")
    algorithm.train()
    assert equal(frozen, playing("other")) and not equal(frozen, playing("main"))
    algorithm.add_module(
        module_id="late",
        module_spec=RLModuleSpec.from_module(algorithm.get_module("main")),
        new_agent_to_module_mapping_fn=lambda agent, episode, **_: "main" if agent == "player_0" else "late",
        new_should_module_be_updated=["main"],
    )
    algorithm.set_weights({"late": algorithm.get_weights(["main"])["main"]})
    assert equal(playing("main"), playing("late"))
    result = algorithm.train()
    assert "late" in result["env_runners"]["module_episode_returns_mean"]
    assert result["env_runners"]["num_invalid_actions_lifetime"] == 0
    algorithm.stop()
