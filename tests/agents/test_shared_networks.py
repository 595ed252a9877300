"""Networks that share weights: their symmetries, what they refuse, and a run with each."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="agents/ppo_torch needs torch: pip install 'masked-envs[torch]'")
pytest.importorskip("tqdm", reason="agents/ppo_torch needs tqdm: pip install 'masked-envs[torch]'")

from gymnasium import spaces  # noqa: E402
from ppo_cases import TINY, Config, Learner, after, bytes_of  # noqa: E402

from agents.ppo_torch import checkpoint, networks  # noqa: E402
from agents.ppo_torch.shared_networks import Planes  # noqa: E402
from masked_envs import MaskSpec  # noqa: E402


def policy_for(space, actions, network):
    torch.manual_seed(0)
    encoder = networks.Encoder(space)
    policy = networks.Policy(encoder.shapes, MaskSpec.flat(actions), 16, network, encoder.single)
    for module in policy.actor.modules():  # away from the equal scores of the start
        if hasattr(module, "weight"):
            torch.nn.init.normal_(module.weight, std=0.5)
    return encoder, policy


@pytest.mark.parametrize("shape", [(3, 6), (6, 3)], ids=["items last", "items first"])
def test_permuted_items_have_permuted_scores_and_the_same_value(shape):
    encoder, policy = policy_for(spaces.Box(-1, 1, shape, np.float32), 6, "set")
    batch, order = np.random.default_rng(0).random((5, *shape), np.float32), np.random.default_rng(1).permutation(6)
    permuted = batch[..., order] if shape == (3, 6) else batch[:, order]
    mask = torch.ones(5, 6, dtype=torch.bool)
    probs = policy.distribution(encoder(batch), mask).probs
    assert probs.std() > 0.01
    torch.testing.assert_close(policy.distribution(encoder(permuted), mask).probs, probs[:, order])
    torch.testing.assert_close(policy.value(encoder(permuted)), policy.value(encoder(batch)))


def test_a_board_turned_has_scores_turned_where_the_weights_are():
    """A convolution with its kernels mirrored sees a mirrored board as the other sees the board."""
    encoder, policy = policy_for(spaces.Box(0, 1, (2, 4, 5), np.float32), 20, "board")
    board, mask = np.random.default_rng(0).random((3, 2, 4, 5), np.float32), torch.ones(3, 20, dtype=torch.bool)
    scores = policy.distribution(encoder(board), mask).logits.reshape(3, 4, 5)
    for module in policy.actor.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = module.weight.data.flip(-1)
    mirrored = policy.distribution(encoder(np.ascontiguousarray(board[..., ::-1])), mask).logits.reshape(3, 4, 5)
    torch.testing.assert_close(mirrored.flip(-1), scores)
    assert not torch.allclose(mirrored, scores)


def test_small_integers_are_planes_and_large_numbers_are_scaled():
    planes = Planes(spaces.Box(-1, 2, (2, 3), np.int8), "board", 6)
    board = np.array([[-1, 0, 1], [2, 2, -1]])
    shown = planes(torch.as_tensor(board).float().reshape(1, 6))
    assert shown.shape == (1, 4, 2, 3)
    np.testing.assert_array_equal(shown.argmax(1)[0] - 1, board)
    scaled = Planes(spaces.Box(0, 50, (3, 4), np.float32), "set", 4)(torch.full((1, 12), 50.0))
    assert scaled.shape == (1, 3, 1, 4) and (scaled == 1).all()


@pytest.mark.parametrize(
    ("space", "network", "words"),
    [
        (spaces.Box(0, 1, (4,)), "board", "planes"),
        (spaces.Discrete(3), "board", "planes"),
        (spaces.Box(0, 1, (3, 5)), "set", "one entry for each of 6 actions"),
        (spaces.Dict({"a": spaces.Box(0, 1, (3, 6)), "b": spaces.Discrete(2)}), "set", "one entry"),
    ],
)
def test_an_observation_of_another_form_is_refused(space, network, words):
    with pytest.raises(ValueError, match=words):
        policy_for(space, 6, network)
    with pytest.raises(ValueError, match="network must be"):
        Config(network="transformer")


@pytest.mark.parametrize(
    ("env_id", "network"),
    [("MaskedKnapsack-v0", "set"), ("MaskedMinesweeper-v0", "board"), ("MaskedSnake-v0", "board")],
)
def test_a_run_is_legal_and_resumes_to_the_same_bytes(env_id, network, tmp_path):
    config = Config(**TINY, env=env_id, network=network)
    learner = Learner(config)
    metrics = learner.iterate()
    assert metrics["first_ratio_error"] < 1e-4 and learner.count.invalid == 0 < learner.count.decisions
    checkpoint.save_checkpoint(tmp_path, after(config, 2).state())
    resumed = Learner(config)
    resumed.restore(checkpoint.load_checkpoint(tmp_path))
    resumed.iterate()
    assert bytes_of(resumed) == bytes_of(after(config, 3)) != bytes_of(after(config, 2))
