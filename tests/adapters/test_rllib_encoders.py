"""Images, vectors, both, nested parts and networks of the user's own, under the masked modules."""

import numpy as np
import pytest

pytest.importorskip("ray")
import gymnasium as gym
import rllib_observations  # noqa: F401  registers the ids
import torch
from gymnasium import spaces
from ray.rllib.algorithms.dqn import DQNConfig
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModule, RLModuleSpec
from ray.rllib.utils.spaces.repeated import Repeated
from rllib_cases import CATALOGS, DQN_MODEL

import masked_envs  # noqa: F401  registers the ids
from masked_envs import trees
from masked_envs.rllib import BatchedEnvRunner, MaskedAPPOModule, MaskedDQNModule, MaskedPPOModule, configure
from masked_envs.rllib.encoders import Streams
from masked_envs.rllib.images import Image, channels_first, images_of

FILTERS = [[4, 4, 2], [8, 4, 2]]
MODULES = (MaskedPPOModule, MaskedAPPOModule, MaskedDQNModule)
ACTIONS = 4
MASK = spaces.Box(0, 1, (ACTIONS,), np.int8)
PIXELS = spaces.Box(0, 255, (12, 12, 3), np.uint8)
VECTOR = spaces.Box(-1, 1, (5,), np.float32)
IMAGE = {"observation": PIXELS}
BOTH = {"camera": PIXELS, "state": VECTOR}


def build(parts, module_class=MaskedPPOModule, **model_config):
    torch.manual_seed(0)
    dqn = DQN_MODEL if issubclass(module_class, MaskedDQNModule) else {}
    base = next(cls for cls in reversed(MODULES) if issubclass(module_class, cls))
    module = RLModuleSpec(
        module_class=module_class,
        catalog_class=CATALOGS[base],
        observation_space=spaces.Dict({**parts, "action_mask": MASK}),
        action_space=spaces.Discrete(ACTIONS),
        model_config={"vf_share_layers": True, "fcnet_hiddens": [16], "lstm_cell_size": 8, **dqn, **model_config},
    ).build()
    if hasattr(module, "make_target_networks"):
        module.make_target_networks()
    return module


def batch_of(parts, *batch, seed=1):
    space = spaces.Dict({**parts, "action_mask": MASK})
    space.seed(seed)
    rows = [space.sample() for _ in range(int(np.prod(batch)))]
    for row in rows:
        row["action_mask"][0] = 1
    tensors = trees.map(lambda *leaves: torch.as_tensor(np.stack(leaves)), *rows)
    return {Columns.OBS: trees.map(lambda leaf: leaf.reshape(*batch, *leaf.shape[1:]), tensors)}


def scores_of(module, batch):
    """Logits or Q-values, which only the learner's forward pass of DQN shows."""
    if isinstance(module, MaskedDQNModule):
        return module.compute_q_values(batch)["qf_preds"]
    return module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]


def layers(module, kind):
    return [tuple(layer.weight.shape) for layer in module.encoder.modules() if isinstance(layer, kind)]


# --- images -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [12, 42])
def test_one_image_goes_through_the_network_of_rllib_and_gives_its_logits(side):
    """RLlib's own module for the bare image, in float, with the same parameters."""
    options = {"conv_filters": FILTERS} if side == 12 else {}
    parts = {"observation": spaces.Box(0, 255, (side, side, 3), np.uint8)}
    masked = build(parts, **options)
    theirs = DefaultPPOTorchRLModule(
        observation_space=spaces.Box(0, 1, (side, side, 3), np.float32),
        action_space=spaces.Discrete(ACTIONS),
        model_config={"vf_share_layers": True, **options},
    )
    theirs.load_state_dict(masked.state_dict())  # raises if there is another parameter or shape
    batch = batch_of(parts, 6)
    bare = {Columns.OBS: batch[Columns.OBS]["observation"].float() / 255}
    expected = theirs.forward_train(bare)[Columns.ACTION_DIST_INPUTS]
    legal, logits = batch[Columns.OBS]["action_mask"].bool(), scores_of(masked, batch)
    assert torch.allclose(logits[legal], expected[legal], atol=1e-5) and legal.any() and not legal.all()
    assert (logits[~legal] < -1e19).all()
    unscaled = theirs.forward_train({Columns.OBS: bare[Columns.OBS] * 255})[Columns.ACTION_DIST_INPUTS]
    assert not torch.allclose(logits[legal], unscaled[legal], atol=1e-2)
    assert torch.allclose(masked.compute_values(batch), theirs.compute_values(bare), atol=1e-5)


@pytest.mark.parametrize("module_class", MODULES)
def test_conv_filters_are_respected(module_class):
    assert layers(build(IMAGE, module_class, conv_filters=FILTERS), torch.nn.Conv2d) == [(4, 3, 4, 4), (8, 4, 4, 4)]
    other = layers(build(IMAGE, module_class, conv_filters=[[5, 3, 1]]), torch.nn.Conv2d)
    assert other == [(5, 3, 3, 3)]


def test_a_dataclass_with_conv_filters_is_respected():
    config = configure(PPOConfig(), "ShownPixels-v0", model_config=DefaultModelConfig(conv_filters=FILTERS))
    runner = BatchedEnvRunner(config=config.env_runners(num_env_runners=0), worker_index=0)
    assert layers(runner.module, torch.nn.Conv2d) == [(4, 3, 4, 4), (8, 4, 4, 4)]


def test_an_image_and_a_vector_are_each_encoded_and_joined():
    module = build(BOTH, conv_filters=FILTERS, fcnet_hiddens=[16], fusionnet_hiddens=[24, 20])
    assert layers(module, torch.nn.Conv2d) == [(4, 3, 4, 4), (8, 4, 4, 4)]
    flat = 3 * 3 * 8  # 12 pixels halved twice, 8 channels
    assert layers(module, torch.nn.Linear) == [(16, 5), (24, flat + 16), (20, 24 + flat + 16)]
    assert module.pi.net.mlp[0].weight.shape == (ACTIONS, 20)


@pytest.mark.parametrize("part", ["camera", "state"])
@pytest.mark.parametrize("module_class", MODULES)
def test_each_part_matters(module_class, part):
    module, batch = build(BOTH, module_class, conv_filters=FILTERS), batch_of(BOTH, 5)
    before = scores_of(module, batch)
    other = {**batch[Columns.OBS], part: batch_of(BOTH, 5, seed=2)[Columns.OBS][part]}
    after, legal = scores_of(module, {Columns.OBS: other}), batch[Columns.OBS]["action_mask"].bool()
    assert (before[legal] != after[legal]).any()
    assert (before[~legal] < -1e19).all() and (after[~legal] < -1e19).all()


@pytest.mark.parametrize("parts", [IMAGE, BOTH], ids=["image", "both"])
def test_a_row_does_not_depend_on_the_others(parts):
    module, batch = build(parts, conv_filters=FILTERS), batch_of(parts, 4)
    whole = scores_of(module, batch)
    for row in range(4):
        alone = scores_of(
            module, {Columns.OBS: trees.map(lambda leaf, row=row: leaf[row : row + 1], batch[Columns.OBS])}
        )
        assert torch.allclose(whole[row], alone[0], atol=1e-5)


@pytest.mark.parametrize("module_class", MODULES)
@pytest.mark.parametrize("parts", [IMAGE, BOTH], ids=["image", "both"])
def test_an_lstm_stands_behind_the_encoder(parts, module_class):
    dqn = {"dueling": False} if module_class is MaskedDQNModule else {}
    module = build(parts, module_class, conv_filters=FILTERS, use_lstm=True, **dqn)
    rows, steps = 2, 3
    batch, state = batch_of(parts, rows, steps), module.get_initial_state()
    state = trees.map(lambda part: torch.as_tensor(part).expand(rows, *part.shape), state)
    scores = scores_of(module, {**batch, Columns.STATE_IN: state})
    assert scores.shape == (rows, steps, ACTIONS)
    first = trees.map(lambda leaf: leaf[:, :1], batch[Columns.OBS])
    alone = scores_of(module, {Columns.OBS: first, Columns.STATE_IN: state})
    assert torch.allclose(scores[:, :1], alone, atol=1e-5)
    last = trees.map(lambda leaf: leaf[:, -1:], batch[Columns.OBS])
    forgetful = scores_of(module, {Columns.OBS: last, Columns.STATE_IN: state})
    assert not torch.allclose(scores[:, -1:], forgetful, atol=1e-7), "an encoder without memory would pass too"


@pytest.mark.parametrize("parts", [IMAGE, BOTH], ids=["image", "both"])
def test_critic_and_actor_may_have_encoders_of_their_own(parts):
    module, batch = build(parts, conv_filters=FILTERS, vf_share_layers=False), batch_of(parts, 3)
    assert len(layers(module, torch.nn.Conv2d)) == 4
    module.compute_values(batch).sum().backward()
    assert all(p.grad is None for p in module.encoder.actor_encoder.parameters())
    assert all(p.grad is not None for p in module.encoder.critic_encoder.parameters())


@pytest.mark.parametrize(
    ("shape", "first"),
    [((42, 42, 3), False), ((84, 84, 1), False), ((210, 160, 3), False), ((10, 10, 16), False), ((3, 3, 3), False)]
    + [((4, 84, 84), True), ((18, 6, 6), True), ((2, 6, 7), True), ((3, 210, 160), True), ((2, 20, 10), True)],
)
def test_channels_are_found_by_the_shape(shape, first):
    assert channels_first(shape) == first


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("frames", [0, 4])
def test_every_layout_of_an_image_becomes_height_width_channels(first, frames):
    """By einops' words: (f) c h w or (f) h w c -> h w (f c)."""
    height, width, channels = 5, 7, 2
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (max(frames, 1), height, width, channels), dtype=np.uint8)
    given = image.transpose(0, 3, 1, 2) if first else image
    given = given if frames else given[0]
    found = Image.of(spaces.Box(0, 255, given.shape, np.uint8), None)
    assert found.first == first and found.space.shape == (height, width, channels * max(frames, 1))
    made = found(torch.as_tensor(given)[None]).numpy()[0]
    for f in range(max(frames, 1)):
        for c in range(channels):
            np.testing.assert_allclose(made[..., f * channels + c], image[f, ..., c] / 255, rtol=1e-6)


def test_channels_first_may_be_said():
    board = {"planes": spaces.Box(0, 1, (6, 6, 4), np.int8)}
    said = build(board, conv_filters=[[5, 3, 1]], channels_first=True)
    assert layers(said, torch.nn.Conv2d) == [(5, 6, 3, 3)]
    assert layers(build(board, conv_filters=[[5, 3, 1]]), torch.nn.Conv2d) == [(5, 4, 3, 3)]


def test_what_counts_as_an_image():
    def found(model_config=None, **parts):
        return sorted(path[0] for path in images_of(spaces.Dict(parts), model_config or {}))

    pixels = lambda *shape: spaces.Box(0, 255, shape, np.uint8)  # noqa: E731
    board, table = spaces.Box(0, 1, (2, 6, 7), np.int8), spaces.Box(0, 9, (8, 8), np.int64)
    assert found(a=pixels(42, 42, 3), b=board, c=table, d=VECTOR) == ["a"]
    assert found({"conv_filters": FILTERS}, a=pixels(12, 12, 3), b=board, c=table) == ["a", "b"]
    assert found({"conv_filters": FILTERS}, c=table) == ["c"]
    assert found(a=pixels(84, 84), b=pixels(4, 84, 84), c=pixels(4, 84, 84, 3)) == ["a", "b", "c"]
    assert found(a=spaces.Box(0, 1, (84, 84, 3), np.float32)) == ["a"]
    assert found(a=pixels(4, 4), b=spaces.Box(0, 1, (12, 12, 3), np.uint8)) == []


@pytest.mark.parametrize(
    ("env_id", "shape"),
    [
        ("MaskedTetris-v0", (20, 10, 2)),
        ("MaskedMicroRTS-v0", (6, 6, 18)),
        ("MaskedPairs-v0", (5, 5, 2)),
        ("MaskedMinesweeper-v0", (8, 8, 1)),
    ],
)
def test_boards_of_this_package_are_images_on_request(env_id, shape):
    """Their planes come first. Without `conv_filters` they stay a vector."""
    space = gym.make(env_id).observation_space
    assert images_of(space, {}) == {}
    assert [image.space.shape for image in images_of(space, {"conv_filters": FILTERS}).values()] == [shape]


def test_pixels_that_stay_a_vector_are_scaled_too():
    parts = {
        "inside": spaces.Dict(pixels=spaces.Box(0, 255, (2, 2), np.uint8)),
        "levels": spaces.Box(0, 9, (2,), np.uint8),
    }
    observations = {
        "inside": {"pixels": torch.tensor([[[255, 0], [51, 102]]], dtype=torch.uint8)},
        "levels": torch.tensor([[9, 3]], dtype=torch.uint8),
    }
    made = Streams(spaces.Dict(parts), {})(observations)
    assert torch.allclose(made, torch.tensor([[1.0, 0.0, 0.2, 0.4, 9.0, 3.0]]))
    assert observations["inside"]["pixels"][0, 0, 0] == 255


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"a": spaces.Box(0, 255, (210, 160, 3), np.uint8)}, r"'a' is an image of 210 x 160 .*conv_filters.*Resize"),
        ({"g": spaces.Graph(VECTOR, None)}, r"'g', a Graph.*fixed size: Box \(most nodes.*\(most edges, 2\)"),
        ({"s": spaces.Dict(t=spaces.Sequence(VECTOR))}, r"'s/t', a Sequence.*fixed size: Box \(longest"),
        ({"r": Repeated(VECTOR, 4)}, r"'r', a .*Repeated.*fixed size: Box \(longest"),
        ({"w": spaces.Text(3)}, r"'w', a Text.*MultiDiscrete"),
        ({"o": spaces.OneOf([VECTOR, MASK])}, r"'o', a OneOf.*a part for each"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(next(iter(value.values()))).__name__,
)
def test_what_cannot_be_encoded_is_refused_with_the_way_out(parts, words):
    with pytest.raises(ValueError, match=words):
        build(parts)


@pytest.mark.parametrize(
    ("parts", "entry", "words"),
    [
        ({"state": VECTOR}, {"conv_filters": FILTERS}, "conv_filters.*has no effect.*none"),
        ({"state": VECTOR}, {"conv_activation": "tanh"}, "conv_activation.*has no effect"),
        ({"state": VECTOR}, {"channels_first": False}, "channels_first.*has no effect"),
        ({"state": VECTOR}, {"fusionnet_hiddens": [8]}, "fusionnet_hiddens.*several encoders"),
        ({"state": VECTOR}, {"lstm_use_prev_action": True}, "lstm_use_prev_action.*put the action into"),
        ({"state": VECTOR}, {"free_log_std": True}, "free_log_std.*no mask"),
    ],
)
def test_entries_that_would_do_nothing_are_refused(parts, entry, words):
    with pytest.raises(ValueError, match=words):
        build(parts, **entry)


def test_layers_that_an_image_alone_does_not_have_are_told_once():
    from masked_envs.rllib import encoders

    encoders._warn_once.cache_clear()
    with pytest.warns(UserWarning, match="fcnet_hiddens.*head_fcnet_hiddens") as caught:
        build(IMAGE, conv_filters=FILTERS, fcnet_hiddens=[7])
        build(IMAGE, conv_filters=FILTERS, fcnet_hiddens=[7])
    assert len([one for one in caught if "fcnet_hiddens" in str(one.message)]) == 1


# --- networks of the user's own ---------------------------------------------------------------------------------------


class Mine(torch.nn.Module):
    """Sees every part, the mask too."""

    def __init__(self, observation_space, model_config):
        super().__init__()
        self.net = torch.nn.Linear(observation_space["state"].shape[0] + ACTIONS, model_config.get("width", 6))

    def forward(self, observations):
        return self.net(torch.cat([observations["state"], observations["action_mask"].float()], -1))


class MinePPO(MaskedPPOModule):
    encoder_class = Mine


class MineAPPO(MaskedAPPOModule):
    encoder_class = Mine


class MineDQN(MaskedDQNModule):
    encoder_class = Mine


@pytest.mark.parametrize("memory", [False, True])
@pytest.mark.parametrize("module_class", [MinePPO, MineAPPO, MineDQN])
def test_a_network_of_ones_own_replaces_the_encoder_and_keeps_the_mask(module_class, memory, tmp_path):
    dqn = {"dueling": False} if memory else {}
    module = build({"state": VECTOR}, module_class, width=9, use_lstm=memory, **dqn)
    lead = (3, 2) if memory else (3,)
    batch = batch_of({"state": VECTOR}, *lead)
    if memory:
        state = trees.map(lambda part: torch.as_tensor(part).expand(3, *part.shape), module.get_initial_state())
        batch[Columns.STATE_IN] = state
    legal, scores = batch[Columns.OBS]["action_mask"].bool(), scores_of(module, batch)
    assert scores.shape == (*lead, ACTIONS)
    assert (scores[~legal] < -1e19).all() and (scores[legal].abs() < 100).all() and (~legal).any()
    assert [m.net.weight.shape for m in module.encoder.modules() if isinstance(m, Mine)] == [(9, 5 + ACTIONS)]
    module.save_to_path(tmp_path / "module")
    again = RLModule.from_checkpoint(tmp_path / "module")
    if hasattr(again, "make_target_networks"):
        again.make_target_networks()
    assert torch.equal(scores_of(again, batch), scores_of(module, batch))


def test_a_network_with_the_wrong_output_is_named():
    class Sequence(torch.nn.Module):
        def __init__(self, *_):
            super().__init__()

        def forward(self, observations):
            return observations["state"][:, None]

    class Wrong(MaskedPPOModule):
        encoder_class = Sequence

    with pytest.raises(ValueError, match=r"Sequence.*must make \(rows, width\) of a batch, not \(2, 1, 5\)"):
        build({"state": VECTOR}, Wrong)


# --- training ---------------------------------------------------------------------------------------------------------


def trained(env_id, config=None, iterations=1, **model_config):
    config = configure(config or PPOConfig(), env_id, model_config=model_config).debugging(seed=1)
    config.training(train_batch_size_per_learner=512, lr=3e-3)
    if isinstance(config, PPOConfig):
        config.training(minibatch_size=128, num_epochs=6, vf_clip_param=100.0)
    else:
        config.training(num_steps_sampled_before_learning_starts=32, train_batch_size_per_learner=16)
    algorithm = config.env_runners(num_env_runners=0, num_envs_per_env_runner=8).build_algo()
    try:
        return [algorithm.train()["env_runners"] for _ in range(iterations)]
    finally:
        algorithm.stop()


@pytest.mark.parametrize("env_id", ["ShownPixels-v0", "ShownBoth-v0"])
def test_ppo_learns_what_only_one_part_shows(env_id, local_ray):
    """The good action of 8 steps. A policy that does not look takes one legal action in 2.5: 3.8 on average."""
    filters = [[8, 3, 2], [16, 3, 2]]
    results = trained(env_id, iterations=8, conv_filters=filters)
    assert sum(result["num_invalid_actions"] for result in results) == 0
    assert results[0]["episode_return_mean"] < 5 and results[-1]["episode_return_mean"] > 6
    blind = trained(env_id, conv_filters=filters, mask_actions=False)
    assert blind[0]["num_invalid_actions"] > 0


@pytest.mark.parametrize("config_class", [PPOConfig, DQNConfig])
def test_nested_parts_are_served(config_class, local_ray):
    (result,) = trained("ShownNested-v0", config_class(), fcnet_hiddens=[16])
    assert result["num_invalid_actions"] == 0 and result["mean_legal_fraction"] < 0.9


def test_the_environments_show_the_good_action():
    for name in ("Pixels", "Both", "Nested"):
        env = gym.make(f"Shown{name}-v0")
        observation, _ = env.reset(seed=0)
        assert observation in env.observation_space and observation["action_mask"][env.unwrapped.good] == 1
