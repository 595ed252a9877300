"""The fused act of the env runner, against the module's forward pass and RLlib's `GetActions`: equal bit for bit."""

import numpy as np
import pytest

pytest.importorskip("ray", reason="masked_envs.rllib needs RLlib: pip install 'masked-envs[rllib]'")
pytest.importorskip("torch", reason="masked_envs.rllib needs torch: pip install 'masked-envs[rllib]'")

import torch  # noqa: E402
from ray.rllib.algorithms.ppo import PPOConfig  # noqa: E402
from ray.rllib.connectors.module_to_env import GetActions  # noqa: E402
from ray.rllib.core.columns import Columns  # noqa: E402
from rllib_policies import FILTERS, module_of, observations_of  # noqa: E402
from rllib_runners import assert_same_episodes, same_draws  # noqa: E402

from masked_envs import trees  # noqa: E402
from masked_envs.rllib import MaskedAPPOModule, MaskedDQNModule, MaskedPPOModule, configure  # noqa: E402
from masked_envs.rllib.ray_internals.acting import FusedAct  # noqa: E402
from masked_envs.rllib.ray_internals.env_runner import BatchedEnvRunner  # noqa: E402


class Own(torch.nn.Module):
    def __init__(self, observation_space, model_config):
        super().__init__()
        self.net = torch.nn.Linear(observation_space["observation"].shape[0], 6)

    def forward(self, observations):
        return self.net(observations["observation"])


class OwnEncoder(MaskedPPOModule):
    encoder_class = Own


CASES = {
    "flat": ("MaskedCartPole-v0", MaskedPPOModule, {}),
    "tanh, own critic": ("MaskedCartPole-v0", MaskedPPOModule, {"fcnet_activation": "tanh", "vf_share_layers": False}),
    "another activation": ("MaskedCartPole-v0", MaskedAPPOModule, {"fcnet_activation": "silu"}),
    "layers in the head": ("MaskedCartPole-v0", MaskedPPOModule, {"head_fcnet_hiddens": [8]}),
    "learned": ("MaskedCartPole-v0", MaskedPPOModule, {"learned_action_embeddings": True}),
    "candidates": ("ParametricCartPole-v0", MaskedAPPOModule, {}),
    "choices": ("MaskedTaxi-v0", MaskedPPOModule, {}),
    "image": ("ShownPixels-v0", MaskedPPOModule, FILTERS),
    "both": ("ShownBoth-v0", MaskedPPOModule, FILTERS),
    "nested": ("ShownNested-v0", MaskedPPOModule, {}),
    "own encoder": ("MaskedCartPole-v0", OwnEncoder, {}),
    "blind": ("MaskedCartPole-v0", MaskedPPOModule, {"mask_actions": False}),
}


def built(env_id, module_class, options):
    module = module_of(env_id, module_class, options)
    module.eval()
    return module


def by_module(module, observations, explore):
    batch = {Columns.OBS: trees.map(lambda array: torch.from_numpy(np.array(array)), observations)}
    with torch.no_grad():
        outputs = module.forward_exploration(batch, t=0) if explore else module.forward_inference(batch)
        GetActions()(rl_module=module, batch=outputs, episodes=[None], explore=explore)
    return outputs[Columns.ACTIONS], outputs[Columns.ACTION_LOGP], outputs[Columns.ACTION_DIST_INPUTS]


@pytest.mark.parametrize("explore", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_fused_act_is_that_of_the_module(case, explore):
    """Noise for five calls at once, and a sixth."""
    module = built(*CASES[case])
    act = FusedAct.of(module, "cpu")
    rows = [trees.map(np.asarray, row) for row in observations_of(CASES[case][0], 24)]
    batches = [trees.stack(rows[4 * k : 4 * k + 4]) for k in range(6)]
    torch.manual_seed(5)
    expected = [by_module(module, batch, explore) for batch in batches]
    after = torch.rand(())
    torch.manual_seed(5)
    found = [act(batch, explore, max(1, 5 - k)) for k, batch in enumerate(batches)]
    assert torch.equal(torch.rand(()), after), "as many draws of torch's random stream"
    for one, other in zip(expected, found, strict=True):
        for theirs, ours in zip(one, other, strict=True):
            assert theirs.dtype == ours.dtype and torch.equal(theirs, ours)
    if explore:
        assert len({int(action) for actions, _, _ in found for action in actions}) > 1


def test_much_noise_is_drawn_in_pieces(monkeypatch):
    monkeypatch.setattr("masked_envs.rllib.ray_internals.acting.MOST_NOISE", 50)
    test_the_fused_act_is_that_of_the_module("flat", True)


class Changed(MaskedPPOModule):
    def _forward(self, batch, **kwargs):
        return super()._forward(batch, **kwargs)


def patched(module):
    module.forward_exploration = module.forward_exploration
    return module


def hooked(module):
    module.register_forward_hook(lambda *_: None)
    return module


@pytest.mark.parametrize(
    "module",
    [
        lambda: built("MaskedCartPole-v0", Changed, {}),
        lambda: built("MaskedCartPole-v0", MaskedDQNModule, {}),
        lambda: built("MaskedCartPole-v0", MaskedPPOModule, {"use_lstm": True}),
        lambda: built("ToyPerHead-v0", MaskedPPOModule, {}),
        lambda: built("ToyJoint-v0", MaskedPPOModule, {}),
        lambda: built("MaskedCartPole-v0", MaskedPPOModule, {}).train(),
        lambda: patched(built("MaskedCartPole-v0", MaskedPPOModule, {})),
        lambda: hooked(built("MaskedCartPole-v0", MaskedPPOModule, {})),
        lambda: None,
    ],
    ids=["subclass", "dqn", "lstm", "heads", "joint", "training", "patched", "hooked", "none"],
)
def test_modules_that_act_in_another_way_act_themselves(module):
    assert FusedAct.of(module(), "cpu") is None


def test_hooks_within_the_network_are_called():
    module, calls = built("MaskedCartPole-v0", MaskedPPOModule, {}), []
    first = next(layer for layer in module.encoder.modules() if isinstance(layer, torch.nn.Linear))
    for network in (first, module.pi):
        network.register_forward_hook(lambda *_: calls.append(1))
    (row,) = observations_of("MaskedCartPole-v0", 1)
    FusedAct.of(module, "cpu")(trees.stack([row]), True)
    assert len(calls) == 2


def test_a_policy_that_has_diverged_is_an_error():
    module = built("MaskedCartPole-v0", MaskedPPOModule, {})
    module.pi.net.mlp[0].weight.data.fill_(float("nan"))
    (row,) = observations_of("MaskedCartPole-v0", 1)
    with pytest.raises(ValueError, match="the policy has diverged"):
        FusedAct.of(module, "cpu")(trees.stack([row]), True)


def runner(env_runner, env_id, options):
    config = configure(PPOConfig(), env_id, model_config={"fcnet_hiddens": [16], **options}, env_runner=env_runner)
    config.env_runners(num_env_runners=0, num_envs_per_env_runner=5, rollout_fragment_length=12).debugging(seed=7)
    return config.env_runner_cls(config=config, worker_index=0)


@pytest.mark.parametrize(
    ("env_id", "options"), [("MaskedCartPole-v0", {}), ("ParametricCartPole-v0", {"action_key_size": 5})]
)
def test_the_episodes_are_those_of_rllibs_runner(env_id, options):
    runners = [runner(which, env_id, options) for which in ("rllib", "batched")]
    runners[1].set_state(runners[0].get_state())
    ids = {}
    for kwargs in ({}, {"num_timesteps": 17}, {"num_episodes": 7}, {}, {"explore": False, "force_reset": True}):
        assert_same_episodes(*same_draws(runners, **kwargs), ids)
    assert isinstance(runners[1], BatchedEnvRunner) and runners[1]._fused is not None
    assert runners[1].env.unwrapped.invalid_actions.sum() == 0


def test_new_weights_are_used_at_once():
    sampler = runner("batched", "MaskedCartPole-v0", {})
    sampler.sample()
    before = sampler.sample(num_timesteps=5)[-1].get_extra_model_outputs(Columns.ACTION_DIST_INPUTS)
    state = {name: value + 1 for name, value in sampler.get_state()["rl_module"].items()}
    sampler.set_state({"rl_module": state, "weights_seq_no": 3})
    episode = sampler.sample(num_timesteps=5)[-1]
    after = episode.get_extra_model_outputs(Columns.ACTION_DIST_INPUTS)
    seen = {name: part[:-1] for name, part in episode.get_observations().items()}
    expected = by_module(sampler.module, seen, True)[2].numpy()
    assert np.allclose(after, expected, atol=1e-4) and not np.allclose(before, after, atol=1e-1)
